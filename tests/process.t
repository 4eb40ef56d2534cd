#!/usr/bin/env bash
# Managed processes by hand: start, records, logs, input, how they end.
. "$(dirname "$0")/tap.sh"
need jq base64

field() { jq -r "$1"; }
id_of() { sa-process start "$@" | field .id; }
state() { sa-process show "$1" --json | field '[.status, (.exitCode // .signal // "")] | join(" ") | rtrimstr(" ")'; }
has_ended() { [ "$(sa-process show "$1" --json | field .status)" = exited ]; }
text() { sa-process logs "$@" --text; }

is "$(sa-process start -- sh -c 'echo out; echo err >&2; exit 3' | field '[.id, .command, (.args | length), .tty, .owner, .status] | join(" ")')" \
	"proc_1 sh 2 false user running" "start prints the record"
ok "a process ends" wait_until 5 has_ended proc_1
is "$(state proc_1)" "exited 3" "with its exit code"
is "$(text proc_1 2>/dev/null)" out "standard output is logged"
is "$(text proc_1 2>&1 >/dev/null)" err "standard error too, apart"
is "$(sa-process logs proc_1 --stream stderr | field .data | base64 -d)" err "one stream can be asked for"
is "$(sa-process logs proc_1 | field .sequence | tr '\n' ' ')" "1 2 " "entries are numbered from 1"
is "$(sa-process logs proc_1 | jq -c 'keys')" \
	'["data","encoding","sequence","stream","timestampMs"]
["data","encoding","sequence","stream","timestampMs"]' "an entry has the contract's members"
is "$(sa-process logs proc_1 --tail 1 | field .sequence) $(sa-process logs proc_1 --since 1 | field .sequence)" "2 2" \
	"tail and since choose"
is "$(sa-process logs proc_1 --tail 0)" "" "a tail of none is empty"
status 3 "a keeper by itself tells why there is no process" sa-keep -- no-such-program
like "$(cat err)" "no-such-program" "in words"

cat=$(id_of --cwd / --env MARK=here -- sh -c 'pwd; echo "$MARK"; cat; echo done')
ok "input takes text" sa-process input "$cat" $'a line\n'
ok "and standard input, and ends it" sa-process input "$cat" --close < <(printf 'another')
wait_until 5 has_ended "$cat"
is "$(text "$cat")" $'/\nhere\na line\nanotherdone' "cwd, env and input reach the process"
status 4 "an exited process takes no input" sa-process input "$cat" x
is "$(sa-process show "$cat" | field .cwd)" / "the record tells the cwd that was asked for"

moved=$(id_of --env HOME="$T/else" --env XDG_STATE_HOME="$T/else" -- sh -c 'echo "$HOME $XDG_STATE_HOME"; env | grep -c OWN_; exit 7')
wait_until 5 has_ended "$moved"
is "$(text "$moved")" "$T/else $T/else"$'\n0' "a process may have another home"
is "$(sa-process show "$moved" | field .exitCode) $(ls "$T/else" 2>&1 | grep -c sandbox)" "7 0" "its record is where all are"

many=$(id_of --env 'N=200000' -- sh -c 'head -c "$N" /dev/zero | tr "\0" x; sleep 60')
wait_until 5 eval '[ "$(text $many | wc -c)" = 200000 ]'
is "$(sa-process logs "$many" | field .sequence | awk 'NR != $1 { bad = 1 } END { print (NR > 0 && !bad) }')" 1 \
	"numbers have no gap"
sa-process logs "$many" --follow --text >followed &
follower=$!
wait_until 5 eval '[ "$(wc -c <followed)" = 200000 ]'
is "$(sa-process stop "$many" | field .signal)" SIGTERM "stop ends a process, and the signal is told"
ok "following ends with the process" wait "$follower"
is "$(state "$many")" "exited SIGTERM" "there is no exit code then"

deaf=$(id_of -- sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done')
wait_until 5 eval '[ -n "$(text $deaf)" ]'
is "$(sa-process stop --wait 100ms "$deaf" | field .status)" running "one that ignores it runs on"
is "$(sa-process kill "$deaf" | field .signal)" SIGKILL "kill does not ask"
is "$(sa-process kill "$deaf" | field .status)" exited "and is no error when repeated"

# Whom nobody can tell to end is not told to have been asked.
unheard=$(id_of -- sleep 600)
mv "$XDG_STATE_HOME/sandbox-agent/processes/$unheard/sock" sock
status 8 "a stop that reaches nobody fails" sa-process stop "$unheard"
is "$(printf '{"op":"kill","params":{"id":"%s"}}\n' "$unheard" | sa-process filter | jq -c '.problem.status')" 502 "a request for it too"
mv sock "$XDG_STATE_HOME/sandbox-agent/processes/$unheard/sock"
is "$(sa-process kill "$unheard" | field .signal)" SIGKILL "(it can be told again)"
status 1 "output that is lost is no success" eval 'sa-process run --text -- echo words >/dev/full'

status 2 "start wants a command" sa-process start
status 2 "a blank is none" sa-process start -- '  '
status 3 "a program that is not there is told" sa-process start -- no-such-program
status 3 "a working directory too" sa-process start --cwd /no/such -- true
status 3 "show of an unknown process" sa-process show proc_999
for bad in .. ../proc_1 proc_01 proc_1/ 'proc_1x' ''; do
	status 3 "'$bad' is no process" sa-process show "$bad"
	status 3 "nor can '$bad' be removed" sa-process rm "$bad"
done
before=$(sa-process list --json | wc -l)
is "$(sa-process start --json -- no-such-program 2>&1 | field .type)" urn:sandbox-agent:error:not_found "problems are told as JSON"
is "$(sa-process list --json | wc -l)" "$before" "a failed start leaves no record"

long=$(id_of --owner agent -- sleep 300)
status 4 "a running one cannot be removed" sa-process rm "$long"
is "$(sa-process list --owner agent --json | field .id) $(sa-process list --owner desktop --json | wc -l)" "$long 0" "list by owner"
status 2 "an unknown owner is refused" sa-process list --owner nobody
for i in 1 2 3 4 5 6; do sa-process start -- true >/dev/null; done
is "$(sa-process list --json | field '.id[5:] | tonumber' | sort -nc && echo sorted)" sorted "the list is in order of their numbers"
last=$(sa-process list --json | tail -1 | field .id)
wait_until 5 has_ended "$last"
ok "an exited one can be removed" sa-process rm "$last"
status 3 "and is gone" sa-process logs "$last"
unlike "$(id_of -- true)" "^$last\$" "its number is not given again"

# As server-sent events, into the client's connection itself.
talk=$(id_of -- sh -c 'echo one; read x; echo "two $x"; read x')
wait_until 5 eval '[ -n "$(text $talk)" ]'
sse() { perl -MSocket -e 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0); my $pid = fork();
	if (!$pid) { close $a; open STDIN, "<", "/dev/null"; open STDOUT, ">&", $b; exec @ARGV } close $b; alarm 30;
	'"$1" -- sa-process logs --follow --sse "${@:2}"; }
is "$(sse 'local $/ = "\n\n"; print scalar <$a>; close $a; waitpid $pid, 0; print $?' "$talk" | sed 's/"timestampMs":[0-9]*/T/')" \
	$'event: log\nid: 1\ndata: {"sequence":1,"stream":"stdout",T,"data":"b25lCg==","encoding":"base64"}\n\n0' \
	"events are frames with numbers, and end when the client hangs up"
start sh -c 'while ! [ -e go ]; do sleep 0.02; done; sa-process input "$1" "x
" && sa-process input --close "$1" </dev/null' sh "$talk"
like "$(sse '$/ = "\n\n"; print scalar <$a>; open my $f, ">", "go"; while (<$a>) { print } print "end"' --last-event-id 0 "$talk" | grep -E '^id|end' | tr '\n' ' ')" \
	'^id: 1 id: 2 end $' "they go on live, to the process's end"
is "$(sse 'while (<$a>) { print }' --last-event-id 1 "$talk" | grep ^id)" "id: 2" "a client that comes back gets what it has not seen"
is "$(sse 'while (<$a>) { print }' --since 2 "$talk")" "" "or nothing"

# Limits of the kernel: where they can be had they hold, elsewhere they are refused.
if sa-process start --pids 5 -- sleep 60 >limited 2>refused; then
	pid=$(field .pid <limited)
	is "$(cat /sys/fs/cgroup{,/unified}"$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/pids.max" 2>/dev/null)" 5 "a limit on processes holds"
	is "$(field .limits.pids <limited)" 5 "and is told"
else
	like "$(cat refused)" 'no pids limit here' "a limit that cannot be had is refused"
	is "$(sa-process list --json | jq -s 'map(select(.args[0] == "60")) | length')" 0 "and nothing is started"
fi

# Limits.
ok "limits can be set" sa-process config maxConcurrentProcesses=1
status 4 "more than the limit do not start" sa-process start -- true
like "$(cat err)" 'as many as the limits allow' "and why is told"
sa-process kill --all >/dev/null
ok "exited ones do not count" sa-process start -- true
is "$(sa-process config | field .maxConcurrentProcesses)" 1 "limits are kept"
is "$(sa-process config defaultRunTimeoutMs=600000 maxRunTimeoutMs=900000 | field .defaultRunTimeoutMs)" 600000 "words are taken together: what one allows another may ask for"
for i in 1 2 3 4 5 6 7 8; do
	sa-process config maxOutputBytes=5 maxInputBytesPerRequest=5 >/dev/null
	sa-process config maxOutputBytes=1048576 >/dev/null &
	setter=$!
	sa-process config maxInputBytesPerRequest=65536 >/dev/null
	wait "$setter"
	sa-process config | field '[.maxOutputBytes, .maxInputBytesPerRequest] | join(" ")'
done >both
is "$(sort -u both)" "1048576 65536" "who sets another one at the same time takes nothing back"
status 2 "nothing may be zero" sa-process config maxOutputBytes=0
status 2 "nor a word" sa-process config maxOutputBytes=many
status 2 "nor unknown" sa-process config maxColour=3
sa-process config maxConcurrentProcesses=64 maxLogBytesPerProcess=100 >/dev/null
small=$(id_of -- sh -c 'i=0; while [ $i -lt 50 ]; do echo "line $i"; i=$((i + 1)); sleep 0.002; done')
wait_until 10 has_ended "$small"
is "$(text "$small" | tail -1)" "line 49" "the newest output is kept"
ok "within the limit" test "$(text "$small" | wc -c)" -le 100
large=$(id_of -- sh -c 'head -c 5000 /dev/zero | tr "\0" y; printf end')
wait_until 5 has_ended "$large"
is "$(text "$large" | tail -c 3)" end "of output above the limit the end is kept"
ok "and most of the limit is used" test "$(text "$large" | wc -c)" -ge 80
sa-process config maxLogBytesPerProcess=1000000 maxExitedProcesses=3 >/dev/null
sa-process kill --all >/dev/null
sa-process start -- true >/dev/null
ok "of exited ones only the newest stay" test "$(sa-process list --json | wc -l)" -le 4
done_testing
