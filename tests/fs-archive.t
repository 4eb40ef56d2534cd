#!/usr/bin/env bash
# sa-fs upload and download: archives there and back, hostile ones, what is left of an abort.
. "$(dirname "$0")/tap.sh"
need jq tar gzip python3

# --- there and back ------------------------------------------------------------------
mkdir -p src/sub/deep src/empty && printf hello >src/a.txt && printf '#!/bin/sh\n' >src/sub/run && chmod 755 src/sub/run
head -c 300000 /dev/urandom >src/sub/deep/random && ln -s ../a.txt src/sub/link && ln -s nowhere src/dangling
touch "src/sp ace" $'src/new\nline' src/$'\xff\xfe' "src/$(printf 'n%.0s' {1..200})" src/日本 && chmod 640 src/a.txt
touch -d '2001-02-03 04:05:06' src/a.txt src/sub/deep src/sub
mkfifo src/pipe
listing() { (cd "$1" && find . ! -name pipe -printf '%p %y %m %s %l %TY-%Tm-%Td\n' | sed -E 's/^(\S+ d [0-7]+) [0-9]+/\1/' | sort); }
sa-fs download src >src.tar
sa-fs upload copy <src.tar >result
is "$(listing copy)" "$(listing src)" "a folder goes through a tar and is the same: names, modes, links, times"
ok "with its bytes" cmp src/sub/deep/random copy/sub/deep/random
is "$(jq -c '[.truncated, (.paths | length), .refused]' result)" "[false,13,null]" "all paths are told"
is "$(jq -r ".paths[0]" result)" "$PWD/copy/a.txt" "whole and in order"
mkdir theirs && tar -xf src.tar -C theirs
is "$(listing theirs)" "$(listing src)" "tar reads what download writes"
is "$(sa-fs download src | cksum)" "$(cksum <src.tar)" "the same folder is the same archive"
for how in gzip zstd; do
	sa-fs download --compress $how src >packed
	ok "$how makes it smaller" test "$(stat -c %s packed)" -lt "$(stat -c %s src.tar)"
	rm -rf copy && sa-fs upload copy <packed >/dev/null
	is "$(listing copy)" "$(listing src)" "$how comes back"
done
rm -rf copy && tar -czf - --exclude=pipe -C src . | sa-fs upload copy >/dev/null
is "$(listing copy)" "$(listing src)" "tar's own archive, gzip, through a pipe"
printf old >copy/a.txt && printf mine >copy/mine && sa-fs upload copy <src.tar >/dev/null
is "$(cat copy/a.txt copy/mine)" hellomine "files are replaced, others stay"
ln -sf /etc/passwd copy/a.txt && sa-fs upload copy <src.tar >/dev/null
is "$(cat copy/a.txt)" hello "a link in a file's place is replaced, not followed"
mkdir in && ln -s "$T" in/sub
status 1 "a folder that is a link already is not entered" sa-fs upload in <src.tar
like "$(jq -r '.refused[] | "\(.name): \(.reason)"' out)" 'sub/run: a link is on the way' "and that is told"
status 5 "unpacking stays beneath a root" sa-fs upload --root copy ../elsewhere <src.tar
status 3 "a folder that is not there cannot be packed" sa-fs download nowhere
not_ok "an archive that cannot be written is told" bash -c 'sa-fs download src >/dev/full'
# Its header is out, and the reader of the pipe waits: the rest of the file goes meanwhile.
mkdir shrinks && head -c 3000000 /dev/zero | tr '\0' x >shrinks/file && mkfifo packed.pipe
sa-fs download shrinks >packed.pipe 2>packer.err &
packer=$!
exec 5<packed.pipe
head -c 1 <&5 >head
truncate -s 1000000 shrinks/file
cat <&5 >rest
exec 5<&-
not_ok "a file that becomes shorter while it is packed is told" wait "$packer"
like "$(cat packer.err)" "file became shorter" "by its name"
is "$(cat head rest | tar -tf - | tr '\n' ' ')" "./ file " "and the archive is one"
rm -r shrinks
mkdir -p root/d && ln -s / root/out && sa-fs download --root root . >r.tar
is "$(tar -tf r.tar | tr '\n' ' ')" "./ out d/ " "links are packed as links"
status 5 "and not followed" sa-fs download --root root out
mkdir many && (cd many && seq 1100 | xargs touch) && sa-fs download many | sa-fs upload many2 >result
is "$(jq -c '[.truncated, (.paths | length)]' result) $(ls many2 | wc -l)" "[true,1024] 1100" "1024 paths are told, all are unpacked"

# --- as the server asks ----------------------------------------------------------------
mkdir -p "$HOME"
sa-fs upload --json --path=up/load <src.tar >result
is "$(jq -r '.paths[0]' result)" "$HOME/up/load/a.txt" "--path starts at the home folder"
is "$(jq -c keys result)" '["paths","truncated"]' "and answers what clients know"
status 2 "and must not climb" sa-fs upload --path=../x <src.tar

# --- hostile archives --------------------------------------------------------------------
python3 "$TOP/tests/hostile-archives.py" "$T/hostile" || skip_all "python3 cannot write the archives"
rm -f /tmp/sa-hostile-out
unpack() { # ARCHIVE: result in $T/problem, destination in $T/hd/in
	rm -rf "$T/hd" && mkdir -p "$T/hd/in" && echo victim >"$T/hd/victim" && echo existing >"$T/hd/in/existing"
	rc=0
	sa-fs upload --json "$T/hd/in" <"$T/hostile/$1" >"$T/result" 2>"$T/problem" || rc=$?
}
while IFS='|' read -r name count reason extra; do
	unpack "$name"
	got=$(jq -r '"\(.refusedCount // 0)|\(.refused[0].reason // "")"' "$T/problem" 2>/dev/null || true)
	[ -s "$T/problem" ] || got="0|"
	is "$rc|$got" "$((count > 0))|$count|$reason" "$name: refused as it should be"
	is "$(cat "$T/hd/in/before" "$T/hd/in/zz/after" 2>&1)" BA "$name: the rest is there"
	is "$(cd "$T/hd" && find . -mindepth 1 -maxdepth 1 | sort | tr '\n' ' ')$(cat "$T/hd/victim" "$T/hd/in/existing" | tr '\n' ' ')$(ls /tmp/sa-hostile-out 2>/dev/null)" \
		"./in ./victim victim existing " "$name: nothing is outside, nothing was changed"
	is "$(cd "$T/hd/in" && find . -name '.sa-tmp-*')" "" "$name: nothing temporary is left"
	[ -z "$extra" ] || is "$(cd "$T/hd/in" && eval "$extra" 2>&1)" yes "$name: $extra"
done <<'END'
dotdot.tar|1|its name has '..'|
dotdot-inside.tar|1|its name has '..'|
dotdot-end.tar|1|its name has '..'|
dotdot-folder.tar|1|its name has '..'|
pax-dotdot.tar|1|its name has '..'|
absolute.tar|1|its name is absolute|
double-slash.tar|1|its name is absolute|
link-absolute.tar|1|it is a link with an absolute target|[ ! -L l ] && echo yes
link-out.tar|1|it is a link that leads out|[ ! -L l ] && echo yes
link-out-deep.tar|1|it is a link that leads out|
link-through.tar|1|it is a link that leads out|[ "$(cat l/out)" = x ] && echo yes
link-through-inside.tar|1|a link is on the way to it|[ ! -e d/f ] && echo yes
link-two-step.tar|1|it is a link that leads out|[ -d b ] && echo yes
link-over-folder.tar|1|it is a link with an absolute target|[ ! -L d ] && echo yes
link-then-file.tar|1|the archive has had this name before|[ -L l ] && [ ! -e target ] && echo yes
link-loop.tar|1|a link is on the way to it|
link-good.tar|0||[ "$(cat l d/e/l)" = xx ] && echo yes
hard-outside.tar|1|it is a hard link to what the archive has not brought|[ ! -e h ] && echo yes
hard-dotdot.tar|1|it is a hard link to what the archive has not brought|[ ! -e h ] && echo yes
hard-existing.tar|1|it is a hard link to what the archive has not brought|[ ! -e h ] && echo yes
hard-to-link.tar|1|it is a hard link to what the archive has not brought|
hard-missing.tar|1|it is a hard link to what the archive has not brought|
hard-good.tar|0||[ f -ef d/h ] && echo yes
devices.tar|3|it is a device, a pipe or a socket|[ ! -e null ] && [ ! -e pipe ] && echo yes
setuid.tar|0||[ "$(stat -c %a su st | tr '\n' ' ')" = '755 777 ' ] && echo yes
locked-folder.tar|0||[ -e no/f ] && [ "$(stat -c %a no)" = 700 ] && echo yes
long-part.tar|1|a part of its name is too long|
long-path.tar|1|it lies too deep|
deep.tar|1|it lies too deep|
deepest.tar|0||[ "$(find . -name f | tr -cd / | wc -c)" = 256 ] && echo yes
odd-names.tar|0||[ -e a/b/c ] && [ -e ... ] && [ -e ./-rf ] && echo yes
utf8.tar|0||[ -e 日本 ] && echo yes
empty-name.tar|1|it has no name|
dots.tar|0||[ "$(cat x)" = x ] && echo yes
twice.tar|2|the archive has had this name before|[ "$(cat f)" = first ] && echo yes
twice-link.tar|1|the archive has had this name before|[ -L f ] && echo yes
file-is-folder.tar|1|a file is where a folder should be|
folder-is-file.tar|1|a folder is where it should be|
folder-twice.tar|0||
ratio.tar.gz|1|it unpacks to far more than it is packed|[ ! -e bomb ] && echo yes
ratio.zip|1|it unpacks to far more than it is packed|[ ! -e bomb ] && echo yes
sparse.tar|1|the archive unpacks to more than is allowed|[ ! -e sparse ] && echo yes
sparse-small.tar|0||[ "$(stat -c %s sparse)" = 1048576 ] && [ "$(stat -c %b sparse)" -lt 100 ] && echo yes
dotdot.zip|1|its name has '..'|
absolute.zip|1|its name is absolute|
link.zip|1|it is a link with an absolute target|[ -d l ] && echo yes
good.zip|0||[ -x bin/tool ] && [ l -ef bin/tool ] && echo yes
END
for name in cut.tar cut.tar.gz text; do
	unpack $name
	is "$rc $(jq -r .type "$T/problem")" "1 urn:sandbox-agent:error:invalid_request" "$name is told to be no whole archive"
	is "$(cd "$T/hd/in" && find . -mindepth 1 ! -name before ! -name f ! -name existing)" "" "$name leaves whole files only"
done
for name in nothing zeros; do
	unpack $name
	is "$rc $(cat "$T/result")" '0 {"paths":[],"truncated":false}' "$name is an empty archive"
done
mkdir z && sa-fs upload z < <(cat "$T/hostile/good.zip") >/dev/null
is "$(stat -c %a z/bin/tool) $(readlink z/l) $(ls -A z | wc -l)" "755 bin/tool 4" "a zip through a pipe keeps modes and links, and no spool stays"
status 1 "--max-entries" sa-fs upload --max-entries 4 e1 <src.tar
like "$(cat err)" 'more than 4 entries' "is told"
status 1 "--max-bytes refuses what is above" sa-fs upload --max-bytes 200K e2 <src.tar
is "$(cat e2/a.txt) $(ls e2/sub/deep)" "hello " "and lets the rest through"
status 1 "--max-ratio can be raised" sa-fs upload --max-ratio 1 e3 <"$T/hostile/ratio.tar.gz"
ok "and then takes it" sa-fs upload --max-ratio 5000 e4 <"$T/hostile/ratio.tar.gz"
status 2 "but is 1 at least" sa-fs upload --max-ratio 0 e5 <src.tar

# --- aborts ---------------------------------------------------------------------------------
mkdir big && for i in 1 2 3 4 5 6; do head -c 3000000 /dev/urandom >big/$i; done
tar -cf big.tar -C big .
broken=0
for part in 10 500000 3999999 4000000 9000000 12345678 17000000; do
	rm -rf abort && mkdir abort && rm -f feed && mkfifo feed
	sa-fs upload abort <feed >/dev/null 2>&1 &
	victim=$!
	exec 7>feed
	head -c $part big.tar >&7
	[ $((part % 2)) = 0 ] || wait_until 5 eval "[ -n \"\$(ls abort)\" ]" || true
	kill -9 $victim
	{ wait $victim; } 2>/dev/null || true
	exec 7>&-
	for file in $(cd abort && find . -type f -size +0); do cmp -s "abort/$file" "big/$file" || broken=1; done
	[ -z "$(find abort -name '.sa-tmp-*')" ] || broken=2
done
is $broken 0 "a killed upload leaves whole files and nothing else"
ok "and can be done again" sa-fs upload abort <big.tar

# Without O_TMPFILE, as on some network file systems: names, and a lock that says whose they are.
if command -v "${CC:-gcc}" >/dev/null && [[ ${BUILD_DIR:-} != *san* ]]; then
	cat >shim.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
int openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	int mode = va_arg(ap, int);
	va_end(ap);
	if ((flags & O_TMPFILE) == O_TMPFILE) { errno = EOPNOTSUPP; return -1; }
	return ((int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, "openat"))(dir, path, flags, mode);
}
int openat64(int dir, const char *path, int flags, ...) __attribute__((alias("openat")));
END
	"${CC:-gcc}" -shared -fPIC -o shim.so shim.c -ldl
	rm -rf named feed && mkdir named && mkfifo feed
	LD_PRELOAD=$T/shim.so sa-fs upload named <feed >/dev/null 2>&1 &
	victim=$!
	exec 7>feed
	head -c 2000000 big.tar >&7
	ok "there the file has a temporary name" wait_until 5 eval 'ls named/.sa-tmp-* >/dev/null'
	LD_PRELOAD=$T/shim.so sa-fs upload named <src.tar >/dev/null
	is "$(ls -A named | grep -c sa-tmp)" 1 "which another upload leaves alone"
	kill -9 $victim
	{ wait $victim; } 2>/dev/null || true
	exec 7>&-
	sa-fs upload named <src.tar >/dev/null
	is "$(ls -A named | grep -c sa-tmp || true)" 0 "until its owner is dead"
	printf x | LD_PRELOAD=$T/shim.so sa-fs write --new named/fresh >/dev/null
	printf y | LD_PRELOAD=$T/shim.so sa-fs write named/fresh >/dev/null
	is "$(cat named/fresh) $(ls -A named | grep -c sa-tmp || true)" "y 0" "single files are written there too"
else
	skip "without O_TMPFILE" "no compiler, or a build that does not go with preloading"
fi

# --- much data, little memory -----------------------------------------------------------------
if [[ ${BUILD_DIR:-} != *san* ]]; then
	truncate -s 2G huge
	flat() { (ulimit -v 60000 && "$@"); }
	is "$(flat sa-fs read --range 2147483638- huge | wc -c)" 10 "the end of 2 GiB"
	is "$(flat sa-fs read huge | wc -c)" 2147483648 "2 GiB are read in 60 MB of address space"
	mkdir hugedir && mv huge hugedir/
	ok "and packed, and unpacked" flat eval 'sa-fs download hugedir | head -c 300M | sa-fs upload hugecopy --max-ratio 1000000 2>/dev/null; [ -z "$(find hugecopy -type f)" ]'
else
	skip "much data" "the sanitizers need memory of their own"
fi
done_testing
