# shellcheck shell=bash
# For tests on a machine that has nothing yet, behind tests/tap.sh. SA_TEST_CHROOTS names a folder in which
# bases are kept (debootstrap makes one the first time: two minutes); without it these tests are skipped.
#   chroot_base SUITE             skip_all unless there is such a base or can be; its folder in $base
#   chroot_new NAME               a writable copy of $base, in $root (an overlay; gone with the test)
#   inside USER COMMAND...        runs in $root as that user, with its own processes and mounts
#   source_to FOLDER              the committed and changed files of this repository, without build/
chroot_base() {
	[ -n "${SA_TEST_CHROOTS:-}" ] || skip_all "SA_TEST_CHROOTS names no folder for chroots"
	[ "$(id -u)" -eq 0 ] || skip_all "not root"
	need debootstrap unshare chroot
	unshare -m true 2>/dev/null || skip_all "no mount namespaces"
	base=$SA_TEST_CHROOTS/$1
	[ ! -x "$base/usr/bin/apt-get" ] || [ -d "$base/debootstrap" ] || return 0
	mkdir -p "$SA_TEST_CHROOTS"
	local mirror
	mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v '^#' | grep -oE 'https?://[^ ]*/debian/?( |$)' | head -1) || true # one of the files may be missing
	rm -rf "$base"
	debootstrap --variant=minbase "$1" "$base" ${mirror:+"${mirror% }"} >"$T/debootstrap.log" 2>&1 ||
		skip_all "debootstrap $1 does not work here: $(tail -1 "$T/debootstrap.log")"
	# With its updates, where the suite is this machine's.
	grep -qs "^Suites: $1 " /etc/apt/sources.list.d/debian.sources || return 0
	cp /etc/apt/sources.list.d/debian.sources "$base/etc/apt/sources.list.d/" && rm -f "$base/etc/apt/sources.list"
}

chroot_new() {
	root=$T/chroots/$1/root
	mkdir -p "$T/chroots/$1"/{root,upper,work}
}

inside() {
	local user=$1 quoted
	shift
	printf -v quoted '%q ' "$@"
	unshare -mpf --kill-child --propagation private bash -c '
		set -e
		base=$1 top=$2 user=$3 command=$4
		mount -t overlay overlay -o "lowerdir=$base,upperdir=$top/upper,workdir=$top/work" "$top/root"
		mount -t proc proc "$top/root/proc"
		mount --rbind /dev "$top/root/dev"
		mount -t tmpfs tmpfs "$top/root/run"
		[ ! -e /etc/resolv.conf ] || cp -L /etc/resolv.conf "$top/root/etc/resolv.conf"
		home=/root
		[ "$user" = root ] || home=/home/$user
		cd /
		exec env -i HOME="$home" USER="$user" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
			DEBIAN_FRONTEND=noninteractive chroot --userspec="$user" "$top/root" bash -c "cd; $command"
	' inside "$base" "${root%/root}" "$user" "$quoted" </dev/null
}

source_to() {
	mkdir -p "$1"
	git -C "$TOP" ls-files -z | (cd "$TOP" && xargs -0 tar c --ignore-failed-read 2>/dev/null) | tar x -C "$1"
}
