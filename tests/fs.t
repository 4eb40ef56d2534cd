#!/usr/bin/env bash
# sa-fs: looking, reading, writing, moving, deleting; roots that nothing leaves.
. "$(dirname "$0")/tap.sh"
need jq

field() { jq -r "$1"; }
mkdir work && cd work

# --- writing and reading ---------------------------------------------------------
is "$(printf hello | sa-fs write a/b/c.txt | field '"\(.path) \(.bytesWritten)"')" "$PWD/a/b/c.txt 5" \
	"write makes folders and tells path and bytes"
is "$(sa-fs read a/b/c.txt)" hello "read prints the bytes"
printf two | sa-fs write a/b/c.txt >/dev/null
is "$(sa-fs read a/b/c.txt)" two "writing again replaces"
: | sa-fs write empty >/dev/null
is "$(stat -c %s empty)" 0 "no input is an empty file"
is "$(sa-fs read empty | wc -c)" 0 "and reads as nothing"
status 3 "a missing file is not found" sa-fs read none
status 4 "a folder is not to be read" sa-fs read a
mkfifo pipe
status 4 "nor a pipe, and nobody waits for it" sa-fs read pipe
status 4 "a pipe is not replaced" sa-fs write pipe </dev/null
status 4 "nor a folder" sa-fs write a </dev/null
head -c 3000000 /dev/urandom >random
sa-fs write copy <random >/dev/null
ok "bytes from a file arrive" cmp random copy
# shellcheck disable=SC2002 # a pipe is the point
cat random | sa-fs write copy2 >/dev/null
ok "bytes from a pipe arrive" cmp random copy2
sa-fs read copy >copy3
ok "bytes leave into a file" cmp random copy3
status 8 "a lost write is no success" bash -c 'sa-fs read copy >/dev/full'

printf 0123456789 >digits
is "$(sa-fs read --range 2-4 digits)" 234 "a range has both ends"
is "$(sa-fs read --range 7- digits)" 789 "or is open"
is "$(sa-fs read --range -3 digits)" 789 "or counts from the end"
is "$(sa-fs read --range 8-99 digits)" 89 "or is cut"
status 1 "or there is nothing" sa-fs read --range 10- digits
status 2 "or is none" sa-fs read --range x digits

# --- what a write keeps ------------------------------------------------------------
printf '#!/bin/sh\n' >tool && chmod 750 tool
printf 'echo new\n' | sa-fs write tool >/dev/null
is "$(stat -c %a tool)" 750 "the mode is kept"
(umask 077 && : | sa-fs write private >/dev/null)
is "$(stat -c %a private)" 600 "a new file follows the umask"
if [ "$(id -u)" = 0 ]; then
	printf x >owned && chown 12345:23456 owned && chmod 4755 owned
	printf y | sa-fs write owned >/dev/null
	is "$(stat -c %u:%g:%a owned)" 12345:23456:4755 "owner and group are kept"
else
	skip "owner and group are kept" "only root can give files away"
fi
ln -s a/b/c.txt link && printf through | sa-fs write link >/dev/null
is "$(cat a/b/c.txt) $(readlink link)" "through a/b/c.txt" "a link is followed and stays"
ln -s later/file dangling && printf made | sa-fs write dangling >/dev/null
is "$(cat later/file)" made "what a dangling link leads to is made"
ln -s loop loop
status 2 "a loop of links ends" sa-fs write loop </dev/null
printf 1 >first && ln first second && printf 2 | sa-fs write first >/dev/null
is "$(cat first second)" 21 "a hard link keeps the old content"

# --- conditions ----------------------------------------------------------------------
tag=$(sa-fs stat --json digits | field .etag)
ok "the right tag writes" eval "printf abc | sa-fs write --if-match '$tag' digits"
status 4 "the old one does not" eval "printf def | sa-fs write --if-match '$tag' digits"
is "$(cat digits)" abc "and nothing has changed"
status 4 "a tag never fits what is not there" eval "printf x | sa-fs write --if-match '*' fresh"
ok "--new makes" eval 'printf x | sa-fs write --new fresh'
status 4 "and makes once" eval 'printf y | sa-fs write --new fresh'
ok "--sync works" eval 'printf z | sa-fs write --sync fresh'

# --- a killed writer -------------------------------------------------------------------
mkdir killed && printf old >killed/file
mkfifo feed
sa-fs write killed/file <feed &
writer=$!
exec 7>feed
head -c 100000 /dev/zero >&7
wait_until 5 eval "ls -l /proc/$writer/fd | grep -q killed/" || true
kill -9 "$writer"
wait "$writer" 2>/dev/null || true
exec 7>&-
is "$(cat killed/file) $(find killed -mindepth 1 | wc -l)" "old 1" "a killed writer leaves the old file and nothing else"

# --- append ----------------------------------------------------------------------------
printf a | sa-fs append log && printf b | sa-fs append log
is "$(cat log)" ab "append adds"
half() { (trap '' XFSZ; ulimit -f 4; head -c 300000 /dev/zero | sa-fs append log); }
status 1 "what has no room" half
is "$(cat log)" ab "leaves no half of it"
status 4 "but not to a folder" sa-fs append a </dev/null

# --- list and stat ---------------------------------------------------------------------
mkdir listing && cd listing
touch b B a '.hidden' $'new\nline' $'\xff\xfe' 'sp ace' 10 9 && mkdir dir && ln -s nowhere l && mkfifo f
sa-fs list --json >../list
is "$(field .name <../list | head -n 9 | tr '\n' ' ')" ".hidden 10 9 B a b dir f l " "entries are sorted by bytes"
is "$(jq -c 'select(.name == "l") | [.entryType, .kind, .linkTarget, .size]' ../list)" '["file","symlink","nowhere",7]' \
	"a link is a file to old clients, and told as a link"
is "$(jq -c 'select(.name == "f") | [.entryType, .kind]' ../list)" '["file","fifo"]' "so is a pipe"
is "$(jq -c 'select(.name == "dir") | [.entryType, .kind]' ../list)" '["directory",null]' "a directory is one"
is "$(jq -s length ../list)" 12 "each entry is one line, whatever its name"
like "$(jq -r 'select(.name == "a") | .modified' ../list)" '^[0-9T:-]+\.[0-9]{9}\+00:00$' "times have nanoseconds"
unlike "$(sa-fs list --text)" $'new\nline' "no control characters reach a terminal"
cd ..
status 3 "a missing folder is not found" sa-fs list none
status 4 "a file is no folder" sa-fs list digits
status 3 "stat follows links" sa-fs stat listing/l
ok "and looks at them when asked" sa-fs stat --no-follow listing/l

# --- moving ----------------------------------------------------------------------------
mkdir -p m1/in m2/other && echo 1 >m1/in/f && echo 2 >m2/other/g
status 4 "what exists is not replaced" sa-fs mv m1 m2
ok "but with --overwrite" sa-fs mv --overwrite m1 m2
is "$(find m1 m2 -type f 2>/dev/null)" m2/in/f "with all it held"
status 3 "a missing source takes nothing away" sa-fs mv --overwrite none m2
is "$(cat m2/in/f)" 1 "the destination is still there"
ok "onto itself is nothing" sa-fs mv --overwrite m2 m2
is "$(cat m2/in/f)" 1 "and nothing happens"
status 2 "a folder does not go into itself" sa-fs mv m2 m2/in/deep
status 2 "nor in the place of one that holds it" sa-fs mv --overwrite m2/in m2
is "$(cat m2/in/f)" 1 "and all is still there"
ok "a file in the place of a folder" sa-fs mv --overwrite digits m2
is "$(cat m2)" abc "is moved"
status 4 "a file does not go where only a folder can be" sa-fs mv m2 no/folder/
status 4 "nor is one written there" eval "printf x | sa-fs write no/folder/"
status 4 "nor added to" eval "printf x | sa-fs append folder/"
ok "(nothing was made)" test ! -e no -a ! -e folder -a -f m2
ok "folders are made on the way" sa-fs mv m2 n/e/w
ok "a dangling link is moved" sa-fs mv listing/l listing/l2
echo 1 >h1 && ln h1 h2 && sa-fs mv --overwrite h1 h2
is "$(ls h1 h2 2>/dev/null)" h2 "of two names of one file the new one is left"
shm=/dev/shm
if [ -w $shm ] && [ "$(stat -c %d $shm)" != "$(stat -c %d .)" ]; then
	away=$(mktemp -d $shm/sa-test.XXXXXX)
	mkdir -p tree/sub && echo x >tree/sub/f && chmod 741 tree/sub/f && ln -s ../f tree/sub/l && mkfifo tree/p
	touch -d 2001-02-03 tree/sub
	ok "a tree goes to another file system" sa-fs mv tree "$away/tree"
	is "$(cd "$away" && find . | sort | tr '\n' ' ')$(stat -c %a "$away/tree/sub/f") $(readlink "$away/tree/sub/l")" \
		". ./tree ./tree/p ./tree/sub ./tree/sub/f ./tree/sub/l 741 ../f" "whole"
	is "$(stat -c %y "$away/tree/sub" | cut -c1-10)" 2001-02-03 "with its times"
	not_ok "and is gone here" test -e tree
	ok "and comes back over something" eval "mkdir -p tree/old && sa-fs mv --overwrite '$away/tree' tree"
	is "$(find tree | wc -l) $(find "$away" | wc -l)" "5 1" "replacing it"
	rm -rf "$away"
else
	skip "across file systems" "no second file system to write to"
fi

# --- deleting --------------------------------------------------------------------------
mkdir -p full/in && touch full/in/f outside-f && ln -s ../outside-f full/link && ln -s .. full/up
status 4 "a folder that is not empty stays" sa-fs rm full
ok "but for --recursive" sa-fs rm --recursive full
ok "links in it are not followed" test -e outside-f
ln -s nowhere dangling2
ok "a dangling link can be deleted" sa-fs rm dangling2
mkdir target && touch target/f && ln -s target tolink
ok "a link to a folder goes" sa-fs rm --recursive tolink/
ok "and not the folder" test -e target/f
status 2 "the empty path is refused" sa-fs rm --recursive ''
status 2 "so is the home folder" sa-fs rm --recursive "$HOME"
status 2 "and the top" sa-fs rm --recursive //
status 2 "and dots" sa-fs rm --recursive target/..
ok "the home folder is still there" test -d "$HOME"
deep=$(printf 'd/%.0s' {1..1500})
mkdir deep
(cd deep && for _ in 1 2 3 4; do mkdir -p "$deep" && cd "$deep"; done)
ok "a tree deeper than a path is long goes" sa-fs rm --recursive deep
not_ok "whole" test -e deep

# --- roots -----------------------------------------------------------------------------
mkdir -p root/in && echo inside >root/in/f && echo secret >secret
ln -s ../secret root/up && ln -s "$PWD/secret" root/abs && ln -s in root/dir && ln -s in/f root/f && ln -s / root/slash
fs() { local verb=$1; shift; sa-fs "$verb" --root root "$@"; }
is "$(fs read in/f)$(fs read "$PWD/root/in/f")$(fs read f)$(fs read dir/f)$(fs read in/../in/f)" \
	insideinsideinsideinsideinside "inside everything works, relative, absolute, through links"
for path in ../secret in/../../secret up abs slash/etc/passwd "$PWD/secret" "$PWD/root/../secret" /etc/passwd \
	"$PWD/root/in/../../secret" "$PWD/rootless" dir/../../secret; do
	for verb in read stat list write append mkdir rm; do
		rc=0
		printf evil | fs $verb "$path" >out 2>err || rc=$?
		case $verb$path in
		rm[au][bp]*) continue ;; # the links themselves lie inside
		esac
		[ $rc -eq 5 ] || [ $rc -eq 4 ] || [ $rc -eq 2 ] || { is "$rc" 5 "$verb $path stays inside"; continue; }
		! grep -q secret out || is "$(cat out)" "" "$verb $path shows nothing"
	done
done
is "$(cat secret)" secret "nothing outside was changed"
status 5 "moving in from outside is refused" fs mv ../secret in/s
status 5 "moving out is refused" fs mv in/f ../stolen
is "$(SANDBOX_AGENT_FS_ROOT=root sa-fs read in/f)" inside "the environment can name the root"
status 5 "and confines as well" env SANDBOX_AGENT_FS_ROOT=root sa-fs read /etc/passwd
status 2 "the root itself is not deleted" fs rm --recursive .
status 3 "a root that is not there is told" sa-fs list --root nowhere-at-all

# --- a parent that is swapped for a link while we work ---------------------------------------
cat >swap.pl <<'END'
use strict;
my ($n) = @ARGV;
for (1 .. $n) { rename "race/dir", "race/kept"; symlink "../victim", "race/dir"; unlink "race/dir"; rename "race/kept", "race/dir"; }
END
mkdir -p race/dir victim
start perl swap.pl 200000
for _ in {1..150}; do printf evil | sa-fs write --root race dir/planted >/dev/null 2>&1 || true; done
kill "$started" 2>/dev/null || true
is "$(ls -A victim)" "" "a swapped folder never leads a write out of the root"
done_testing
