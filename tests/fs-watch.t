#!/usr/bin/env bash
# sa-fs watch and search.
. "$(dirname "$0")/tap.sh"
need jq

# --- watch: what happens is told, in order ---------------------------------------------
seen() { jq -r '"\(.event) \(.from // "")\(if .from then ">" else "" end)\(.path // "")"' "$1" | sed "s,$T/,,g"; }
has() { seen "$1" | grep -qxF "$2"; }
begin() { # NAME ARGUMENT...: watch into the file NAME, ready
	local name=$1
	shift
	start sa-fs watch "$@" >"$T/$name"
	wait_until 5 has "$T/$name" "ready " || tap_diag "the watch is not ready"
}
ended() { ! kill -0 "$started" 2>/dev/null; }

mkdir -p tree/old
begin events --recursive tree
echo 1 >tree/f
wait_until 5 has events "modified tree/f" || true
echo 2 | sa-fs write tree/f >/dev/null
echo 3 | sa-fs write tree/g >/dev/null
mkdir -p tree/n/m/o && echo 4 >tree/n/m/o/deep
ok "a file in a folder that is new is told" wait_until 5 has events "created tree/n/m/o/deep"
mv tree/n tree/old/n2
ok "a move is told with both names" wait_until 5 has events "moved tree/n>tree/old/n2"
echo 5 >>tree/old/n2/m/o/deep
ok "what happens in it later has its new name" wait_until 5 has events "modified tree/old/n2/m/o/deep"
mv tree/old/n2 away
ok "what leaves the tree is deleted" wait_until 5 has events "deleted tree/old/n2"
echo 6 >away/m/unseen
mv away tree/back
ok "what comes is created" wait_until 5 has events "created tree/back/m/o/deep"
rm tree/f && chmod 700 tree/old
ok "so are attributes told" wait_until 5 has events "attributes tree/old"
rm -r tree
ok "and the end of the folder" wait_until 5 has events "deleted tree"
ok "which ends the watch" wait_until 5 ended
is "$(seen events | grep 'tree/[fg]$' | uniq | tr '\n' ,)" "created tree/f,modified tree/f,created tree/g,deleted tree/f,deleted tree/g," \
	"a file's story has no temporary names"
is "$(seen events | grep 'sa-tmp\|#\|unseen$' | head -n 1)" "created tree/back/m/unseen" "nor does what happened outside belong to it"
mkdir flat && mkdir flat/sub
begin flat-events flat
echo 1 >flat/sub/hidden && echo 2 >flat/shown
ok "without --recursive" wait_until 5 has flat-events "created flat/shown"
is "$(seen flat-events | grep -c hidden || true)" 0 "folders in it are not looked into"
begin counted --count 2 flat
touch flat/1 flat/2 flat/3
ok "--count ends it" wait_until 5 ended
is "$(grep -vc ready counted)" 2 "after so many"
mkdir -p wide/{1..9}
status 1 "more folders than allowed are refused" sa-fs watch --recursive --max-folders 9 wide
like "$(cat err)" 'more than 9 folders' "and that is told"
begin narrow --recursive --max-folders 10 wide
mkdir wide/10
ok "also when they come later" wait_until 5 ended
status 3 "a missing folder is not found" sa-fs watch nowhere
status 4 "a file is no folder" sa-fs watch events
mkfifo reader
exec 7<>reader
start sa-fs watch flat >reader 7>&-
read -r line <&7
exec 7<&-
touch flat/4
ok "nobody reads: it ends" wait_until 5 ended
ln -s /etc root-link
mkdir jail && ln -s / jail/out
status 5 "a root confines" sa-fs watch --root jail out

# --- search ---------------------------------------------------------------------------
mkdir -p s/sub/deep s/.hidden && cd s
printf 'one\ntwo needle here\nthree\nneedle' >a.txt
printf 'Needle of another kind\n' >sub/b.c
printf 'needle' >.hidden/c && printf 'needle\0binary' >binary && ln -s ../a.txt sub/link && mkfifo pipe
head -c 2000000 /dev/zero | tr '\0' x >long && printf 'needle\nafter needle\n' >>long
printf 'caf\xc3\xa9 needle \xff\xfe\n' >sub/deep/utf8
cd ..
found() { sa-fs search "$@" --json s 2>"$T/said" | jq -r '"\(.path | sub(".*/s/"; "")):\(.line):\(.column)"' | tr '\n' ' '; }
is "$(found --content needle)" "a.txt:2:5 a.txt:4:1 long:2:7 sub/deep/utf8:1:7 " \
	"lines are found: in order, the last one too, not in binaries, pipes, links, hidden or endless lines"
is "$(found --content needle --all | wc -w)" 5 "--all looks at hidden ones"
is "$(found --content needle --ignore-case --name '*.[ch]')" "sub/b.c:1:1 " "names narrow it down"
is "$(found --regex '^(one|three)$')" "a.txt:1:1 a.txt:3:1 " "an expression matches single lines"
is "$(found --content '^one' --ignore-case)" "" "a text is no expression"
is "$(found --content 'NEEDLE HERE' -i)" "a.txt:2:5 " "case can be ignored"
is "$(found --name '*deep*' | cut -d: -f1)" "sub/deep" "names alone"
is "$(found --name 'sub/*' | tr ' ' '\n' | cut -d: -f1 | tr '\n' ' ')" "sub/b.c sub/deep sub/link sub/deep/utf8 " "or paths"
is "$(found --content needle --limit 2)" "a.txt:2:5 a.txt:4:1 " "--limit"
like "$(cat said)" 'only the first 2' "is told"
is "$(sa-fs search --content '2000' --json s | wc -l)" 0 "nothing found is nothing printed"
is "$(sa-fs search --content xxxx --json s/../s | jq -r '.text | length')" "" "a line over a megabyte is passed over"
printf '%600s needle\n' x >s/wide
is "$(sa-fs search --content needle --name wide s | jq -c '[(.text | length), .truncated, .column]')" "[512,true,602]" "long lines are cut for show"
is "$(sa-fs search --text --name a.txt s)" "$PWD/s/a.txt" "words for people"
status 2 "a wrong expression is told" sa-fs search --regex '(' s
status 2 "an empty text too" sa-fs search --content '' s
status 3 "a missing folder" sa-fs search nowhere
is "$(sa-fs search --root jail --name '*' | wc -l)" 1 "links are not followed out of a root"
done_testing
