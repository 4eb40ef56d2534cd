#!/bin/sh
# Installs the sandbox-agent commands from a release, without root into ~/.local, as root into /usr/local.
#   curl -fsSL URL/install.sh | sh -s -- --from URL      out of a folder of releases on the web
#   sh install.sh --file sandbox-agent-....tar.gz        from a file, SHA256SUMS and its signature beside it
#   sh install.sh --uninstall                            takes away exactly what it installed
# It checks the SHA-256 of what it got, and the ed25519 signature of the list that names it.
set -eu
umask 022

public_key=''
releases=${SANDBOX_AGENT_RELEASES:-}

# One compound command: the shell reads it to its end before anything runs, so half a script does nothing.
{
usage() {
	cat <<'END'
usage: install.sh [--from URL | --file TARBALL] [--version V] [--prefix DIR]
                  [--key BASE64] [--no-signature] [--uninstall] [--help]

  --from URL        the folder with the releases (SANDBOX_AGENT_RELEASES)
  --file TARBALL    this file; SHA256SUMS and SHA256SUMS.sig are beside it
  --version V       not the newest one
  --prefix DIR      ~/.local; as root /usr/local
  --key BASE64      the public key that has to have signed it
  --no-signature    check the SHA-256 alone
  --uninstall       remove what was installed below the prefix

examples:
  sh install.sh --file sandbox-agent-0.1.0-linux-x86_64.tar.gz
  sh install.sh --uninstall
END
}

say() { printf '%s\n' "install.sh: $*" >&2; }
fail() { say "$*"; exit 1; }
usage_error() { say "$*"; usage >&2; exit 2; }

tarball='' version='' prefix='' signed=1 action=install
while [ $# -gt 0 ]; do
	case $1 in
	--from | --file | --version | --prefix | --key) [ $# -gt 1 ] || usage_error "$1 wants a value" ;;
	esac
	case $1 in
	--from) releases=$2 && shift ;;
	--file) tarball=$2 && shift ;;
	--version) version=$2 && shift ;;
	--prefix) prefix=$2 && shift ;;
	--key) public_key=$2 && shift ;;
	--no-signature) signed='' ;;
	--uninstall) action=uninstall ;;
	-h | --help) usage && exit 0 ;;
	*) usage_error "what is $1?" ;;
	esac
	shift
done
if [ -z "$prefix" ]; then
	if [ "$(id -u)" -eq 0 ]; then prefix=/usr/local; else prefix=${HOME:?}/.local; fi
fi
case $prefix in
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
manifest=$prefix/share/sandbox-agent/manifest

work=''
clean() { [ -z "$work" ] || rm -rf "$work"; }
trap clean EXIT
trap 'exit 130' INT TERM HUP

# The manifest names files, and the folders that were made for them ("share/man/").
remove_listed() {
	grep -v '/$' "$1" | while IFS= read -r file; do rm -f "$prefix/$file"; done
	grep '/$' "$1" | sort -r | while IFS= read -r folder; do rmdir "$prefix/$folder" 2>/dev/null || true; done
}
make_folder() { # FOLDER: made with those above it, and noted
	[ -d "$prefix/$1" ] && return
	case $1 in */*) make_folder "${1%/*}" ;; esac
	mkdir "$prefix/$1"
	echo "$1/" >>"$work/made"
}

if [ "$action" = uninstall ]; then
	[ -f "$manifest" ] || fail "nothing is installed below $prefix"
	work=$(mktemp -d)
	cp "$manifest" "$work/list"
	remove_listed "$work/list"
	say "removed $(grep -vc "/\$" "$work/list") files below $prefix; sessions and settings stay in ~/.local/state and ~/.config"
	exit 0
fi

get() { # URL FILE
	if command -v curl >/dev/null; then
		curl -fsSL --retry 2 -o "$2" "$1"
	elif command -v wget >/dev/null; then
		wget -q -O "$2" "$1"
	else
		fail "neither curl nor wget is here; fetch the files by hand and use --file"
	fi || fail "$1 cannot be had"
}

# The signature is over the list of digests; openssl knows the key as DER.
check_signature() { # LIST SIGNATURE
	[ -n "$public_key" ] || fail "this script has no key in it: --key BASE64, or --no-signature"
	[ -s "$2" ] || fail "there is no signature; --no-signature does without"
	command -v openssl >/dev/null || fail "openssl is needed to check the signature (or say --no-signature)"
	{ printf '0*0\005\006\003+ep\003!\000' && printf '%s\n' "$public_key" | openssl base64 -d; } >"$work/key.der"
	openssl base64 -d -in "$2" -out "$work/raw.sig" 2>/dev/null || fail "the signature is damaged"
	[ "$(wc -c <"$work/key.der")" -eq 44 ] || fail "the key is no ed25519 key in base64"
	openssl pkeyutl -verify -pubin -inkey "$work/key.der" -keyform DER -rawin -in "$1" -sigfile "$work/raw.sig" >/dev/null 2>&1 ||
		fail "the signature is WRONG: this is not what the makers released; nothing was installed"
}

older() { # A B: is version A older than B
	[ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -1)" = "$1" ]
}

[ "$(uname -s)" = Linux ] || fail "there are releases for Linux only"
machine=$(uname -m)
mkdir -p "$prefix" 2>/dev/null && [ -w "$prefix" ] || fail "$prefix cannot be written to; --prefix names another folder"
# Below the prefix: what is unpacked moves into place by renaming.
work=$(mktemp -d "$prefix/.sandbox-agent.XXXXXX") || fail "$prefix has no room"
if [ -n "$tarball" ]; then
	[ -f "$tarball" ] || fail "$tarball is not there"
	folder=$(dirname "$tarball")
	name=$(basename "$tarball")
	[ -f "$folder/SHA256SUMS" ] || fail "SHA256SUMS is not beside $tarball"
	cp "$tarball" "$folder/SHA256SUMS" "$work/" || fail "there is no room below $prefix"
	[ ! -f "$folder/SHA256SUMS.sig" ] || cp "$folder/SHA256SUMS.sig" "$work/"
else
	[ -n "$releases" ] || usage_error "--from URL or --file TARBALL is needed"
	releases=${releases%/}
	get "$releases/SHA256SUMS" "$work/SHA256SUMS"
	[ -z "$signed" ] || get "$releases/SHA256SUMS.sig" "$work/SHA256SUMS.sig"
	name=$(sed -n "s/^[0-9a-f]*  \(sandbox-agent-${version:-.*}-linux-$machine\.tar\.gz\)\$/\1/p" "$work/SHA256SUMS" | sort -V | tail -1)
	[ -n "$name" ] || fail "there is no release ${version:+$version }for Linux on $machine; README.md tells how to build it"
	get "$releases/$name" "$work/$name"
fi
if [ -n "$signed" ]; then
	check_signature "$work/SHA256SUMS" "$work/SHA256SUMS.sig"
else
	say "the signature is not checked"
fi
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  $name\$/\1/p" "$work/SHA256SUMS")
[ -n "$wanted" ] || fail "SHA256SUMS does not name $name"
[ "$(sha256sum "$work/$name" | cut -d' ' -f1)" = "$wanted" ] ||
	fail "the SHA-256 of $name is WRONG: it is damaged, or was changed; nothing was installed"

mkdir "$work/new"
tar -xzf "$work/$name" -C "$work/new" --strip-components=1 --no-same-owner 2>"$work/tar.err" ||
	fail "it cannot be unpacked below $prefix: $(tail -1 "$work/tar.err")"
glibc=$(cat "$work/new/share/sandbox-agent/glibc")
here=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/.* //' || true)
[ -n "$here" ] || fail "this machine's C library is not glibc; README.md tells how to build it"
! older "$here" "$glibc" || fail "it needs glibc $glibc, and here is $here; README.md tells how to build it"
for unit in "$work"/new/lib/systemd/user/*; do
	sed "s,/@PREFIX@,$prefix," "$unit" >"$work/unit" && cat "$work/unit" >"$unit"
done
"$work/new/bin/sandbox-agent" --version >/dev/null || fail "it does not run on this machine"

# A running program keeps its old file; sessions go on.
old=''
[ ! -f "$manifest" ] || { cp "$manifest" "$work/old" && old=$work/old; }
cp "$work/new/share/sandbox-agent/manifest" "$work/list"
[ -z "$old" ] || grep '/$' "$old" >"$work/made" || true
while IFS= read -r file; do
	make_folder "$(dirname "$file")"
	mv -f "$work/new/$file" "$prefix/$file"
done <"$work/list"
if [ -n "$old" ]; then
	grep -v '/$' "$old" | while IFS= read -r file; do grep -qxF "$file" "$manifest" || rm -f "$prefix/$file"; done
fi
files=$(wc -l <"$manifest")
[ ! -f "$work/made" ] || sort -u "$work/made" >>"$manifest"
say "installed $(cat "$prefix/share/sandbox-agent/version") below $prefix ($files files${signed:+, signature checked})"
case :$PATH: in
*":$prefix/bin:"*) ;;
*) say "add it to your PATH: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
say "try: sandbox-agent session run --agent mock \"say hello\"; remove it: install.sh --uninstall${prefix:+ --prefix $prefix}"
exit 0
}
