#!/usr/bin/env bash
# A release that is made here, on systems that have nothing but a C library: as new as here or newer it runs, older it is
# refused in words. SA_TEST_SUITES (bookworm trixie bullseye) are Debian's.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/chroot-lib.sh"
[ -n "${SA_TEST_CHROOTS:-}" ] || skip_all "SA_TEST_CHROOTS names no folder for chroots"

# SA_TEST_OLDER_ROOM names a folder for scripts/dist/older: its release is tried then.
make=("$TOP/scripts/dist/make")
[ -z "${SA_TEST_OLDER_ROOM:-}" ] || make=("$TOP/scripts/dist/older" "$SA_TEST_OLDER_ROOM")
status 0 "a release is made" env -C "$TOP" -u B -u BIN -u SAN -u MAKEFLAGS -u MAKELEVEL "${make[@]}" "$T/release"
tarball=$(cd release && echo *.tar.gz)
glibc=$(tar xzOf "release/$tarball" "${tarball%.tar.gz}/share/sandbox-agent/glibc")
echo "# it asks for glibc $glibc"
is_older() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -1)" = "$1" ]; }
for suite in ${SA_TEST_SUITES:-bookworm trixie bullseye}; do
	chroot_base "$suite"
	chroot_new "$suite"
	inside root useradd -m user
	there=$(inside root ldd --version | sed -n '1s/.* //p')
	mkdir "$T/chroots/$suite/upper/release"
	cp release/* "$T/chroots/$suite/upper/release/"
	install=(inside user sh /release/install.sh --file "/release/$tarball" --no-signature)
	if is_older "$there" "$glibc"; then
		status 1 "$suite, glibc $there: it is refused" "${install[@]}"
		like "$(cat err)" "needs glibc $glibc, and here is $there" "$suite: ... in words"
		is "$(inside user find . -name 'sa-*')" "" "$suite: ... and leaves nothing"
		continue
	fi
	status 0 "$suite, glibc $there: install.sh, not as root" "${install[@]}"
	is "$(inside user .local/bin/sa-session run --agent mock "say moved")" moved "$suite: it runs"
	ok "$suite: so does each command" inside user sh -c 'for c in .local/bin/sa*; do "$c" --version || exit; done'
	ok "$suite: with the libraries that are loaded late" inside user sh -c \
		'.local/bin/sa-events show @last --jq .eventIndex && tar c .local | .local/bin/sa-fs upload copy && test -x copy/.local/bin/sa-fs'
done
done_testing
