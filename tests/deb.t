#!/usr/bin/env bash
# make deb: lintian finds nothing; it installs on a bare Debian, runs, and is purged without leftovers.
# README.md's command, but for sudo and apt's folder.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/chroot-lib.sh"
need dpkg-deb dpkg-shlibdeps make

deb() { env -C "$TOP" -u B -u BIN -u SAN -u MAKEFLAGS -u MAKELEVEL "$@"; }
ok "a package is made" deb scripts/deb/make "$T/one"
ok "once more, at another time of another place" deb env TZ=Asia/Tokyo sh -c 'umask 077; "$0"/scripts/deb/make "$1"' "$TOP" "$T/two"
package=$(basename one/*.deb)
ok "the same bytes" cmp "one/$package" "two/$package"
ok "it depends on what it is linked with" sh -c "dpkg-deb -f one/$package Depends | grep libsqlite3-0 | grep libjq1 | grep libcurl | grep libarchive | grep -q libsodium23"
dpkg-deb -c "one/$package" >list
for main in "$TOP"/cmd/*/main.c; do
	command=$(basename "$(dirname "$main")")
	ok "$command is in it" grep -q " ./usr/bin/$command\$" list
	ok "... with its page" grep -q " ./usr/share/man/man1/$command.1.gz\$" list
done
if command -v lintian >/dev/null; then
	status 0 "lintian finds nothing" lintian --allow-root --fail-on error,warning "one/$package"
	is "$(grep -v '^N:' out)" "" "... at all"
else
	skip "lintian finds nothing" "lintian is not there"
fi

if [ -z "${SA_TEST_CHROOTS:-}" ]; then
	skip "it installs, runs and is purged" "SA_TEST_CHROOTS names no folder for chroots"
	done_testing
	exit 0
fi
chroot_base bookworm
chroot_new deb
inside root apt-get update -qq
cp "one/$package" "$T/chroots/deb/upper/package.deb"
listing() { inside root sh -c 'find / -xdev \( -path /proc -o -path /dev -o -path /run -o -path /var/cache -o -path /var/log -o -path /var/lib -o -path /tmp \) -prune -o -print | sort'; }
# Its libraries stay, as with any package; so they are there before.
inside root sh -c "apt-get install -y -qq --no-install-recommends $(dpkg-deb -f "one/$package" Depends | tr ',' '\n' | sed 's/ *(.*//; s/|.*//' | tr '\n' ' ')" >/dev/null
listing >before
ok "apt installs it" inside root apt-get install -y -qq --no-install-recommends /package.deb
inside root useradd -m -s /bin/bash user
is "$(inside user sandbox-agent session run --agent mock "say packaged")" packaged "a user runs it"
ok "each command starts" inside user sh -c 'for c in /usr/bin/sa-* /usr/bin/sandbox-agent; do "$c" --version || exit; done'
inside root userdel -r user 2>/dev/null
ok "apt purges it" inside root apt-get purge -y -qq sandbox-agent
listing >after
is "$(diff before after | grep '^>' | grep -vE '/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$' || true)" "" "nothing is left"
done_testing
