#!/usr/bin/env bash
# --endpoint: sa-session, sa-events, sa-fs, sa-process and sa-config on a server, the same as on its machine.
. "$(dirname "$0")/tap.sh"
need perl

free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'; }
port=$(free_port)
trap 'sa-daemon stop --port "$port" 2>/dev/null; tap_cleanup' EXIT
ok "a server with a token" sa-daemon start --port "$port" --token s3cret
url=http://127.0.0.1:$port
far() { "$1" "$2" --endpoint "$url" --token s3cret "${@:3}"; }
# Same command line here and there: the server is this machine, so all must be equal.
same() { # NAME COMMAND VERB ARG...
	local name=$1 here=0 there=0
	shift
	"$@" >here.out 2>here.err </dev/null || here=$?
	far "$@" >there.out 2>there.err </dev/null || there=$?
	is "$there" "$here" "$name: exit status"
	ok "$name: standard output" cmp here.out there.out
	ok "$name: standard error" cmp here.err there.err
}

id=$(far sa-session new --agent mock | sed 's/^{"id":"\([^"]*\)".*/\1/')
like "$id" '^[a-z0-9]+$' "new prints a record"
is "$(far sa-session prompt "$id" "say hello" --text)" hello "prompt prints the answer"
is "$(far sa-session run --agent mock "say one; say two")" onetwo "run"
same "list" sa-session list
same "list --text" sa-session list --text
same "list --json --state idle" sa-session list --json --state idle
same "show" sa-session show "$id"
same "show of none" sa-session show nonsense
same "show of none, as JSON" sa-session show nonsense --json
same "a usage error" sa-session show
same "an unknown option" sa-session list --nonsense
same "servers" sa-session servers
same "pending" sa-session pending
same "wait" sa-session wait "$id"
same "events list" sa-events list
same "events show" sa-events show "$id"
same "events show --text" sa-events show "$id" --text
same "events show --jq" sa-events show "$id" --jq '.payload.method // empty'
same "events export" sa-events export "$id"
same "events follow --until turn-end" sa-events follow "$id" --from-start --until turn-end
same "an operand that looks like an option" sa-session show -- --token
is "$(far sa-session prompt "$id" --text -- "say --endpoint x")" "--endpoint x" "what stands behind -- stays"

odd=$'odd\xff'
: >"$odd"
status 2 "bytes that are no text do not become another name" far sa-fs rm "$odd"
status 2 "nor does a program's argument" sa-api processes run --endpoint "$url" --token s3cret -- printf %s "$odd"
rm "$odd"

same "--help" sa-session list --help
is "$(sa-session new --endpoint "$url" --token s3cret --agent mock |
	sa-session prompt --endpoint "$url" --token s3cret - "say piped" |
	sa-events follow --endpoint "$url" --token s3cret --until turn-end --text)" "> say piped
piped
-- turn ended: end_turn" "a pipeline of three"
is "$(SANDBOX_AGENT_ENDPOINT=$url SANDBOX_AGENT_TOKEN=s3cret sa-session show "$id")" "$(sa-session show "$id")" "by the environment"
printf 's3cret\n' >token
is "$(sa-session show --endpoint="$url" --token-file=token "$id")" "$(sa-session show "$id")" "--token-file"
is "$(sandbox-agent session show "$id" --endpoint "$url" --token s3cret)" "$(sa-session show "$id")" "through the umbrella"
is "$(SANDBOX_AGENT_ENDPOINT=http://127.0.0.1:1 sa-session list --endpoint local)" "$(sa-session list)" "local means here"
is "$(echo '{"op":"sessions.list"}' | SANDBOX_AGENT_ENDPOINT=http://127.0.0.1:1 sa-session filter | head -c 17)" '{"status":200,"re' "filter is always here"
status 8 "nobody there" sa-session list --endpoint http://127.0.0.1:1
status 5 "a wrong token" sa-session list --endpoint "$url" --token other
status 5 "no token" sa-session list --endpoint "$url"
status 2 "an endpoint that is none" sa-session list --endpoint nonsense
cp "$BIN_DIR/sa-session" .
status 1 "sa-api is needed" env PATH=/nowhere ./sa-session list --endpoint "$url"

# Files, processes, configuration.
mkdir -p there/deep && printf 'some text' >there/file
D=$PWD/there
same "fs list" sa-fs list "$D"
same "fs list --text" sa-fs list "$D" --text
same "fs stat" sa-fs stat "$D/file" "$D/deep"
same "fs stat of none" sa-fs stat "$D/nothing"
same "fs stat of none, as JSON" sa-fs stat "$D/nothing" --json
same "fs read" sa-fs read "$D/file"
same "fs read of a part" sa-fs read --range 2-5 "$D/file"
same "fs read of a part that is not there" sa-fs read --range 20- "$D/file"
same "fs search" sa-fs search --content text "$D"
same "fs download" sa-fs download "$D"
same "fs mkdir" sa-fs mkdir "$D/a/b"
same "fs mv" sa-fs mv "$D/nothing" "$D/else"
same "fs rm" sa-fs rm "$D/deep/nothing"
seq 400000 >large
is "$(far sa-fs write "$D/large" <large | jq .bytesWritten)" "$(stat -c %s large)" "fs write takes standard input"
ok "all of it" cmp large "$D/large"
ok "and it can be read" cmp large <(far sa-fs read "$D/large")
same "a tag that does not match" sa-fs write --if-match '"x"' "$D/large"
printf more | far sa-fs append "$D/file"
is "$(cat "$D/file")" "some textmore" "fs append"
is "$(tar -C "$TOP/man" -c sa-fs.1 | far sa-fs upload "$D/up" | jq -c '.paths | length')" 1 "fs upload takes an archive"
ok "and unpacks it" cmp "$TOP/man/sa-fs.1" "$D/up/sa-fs.1"
status 1 "what is no archive is refused" far sa-fs upload "$D/up" <large
SANDBOX_AGENT_FS_ROOT=$D status 5 "a root of the environment is not left by an option" sa-fs list --root /
SANDBOX_AGENT_FS_ROOT=$D ok "but narrowed" sa-fs list --root "$D/a"
is "$(far sa-process run -- sh -c 'echo "$# $1 $2"' x --token y | jq -r .stdout)" "2 --token y" "process run leaves the command's own options alone"
is "$(far sa-process run --text -- echo hi)" hi "process run --text"
status 3 "a run of nothing" far sa-process run -- no-such-program
process=$(far sa-process start -- sh -c 'cat; echo to-err >&2; exit 3' | jq -r .id)
printf 'one\ntwo\n' | far sa-process input "$process"
far sa-process input "$process" three --close
is "$(far sa-process logs "$process" --follow --text --stream stdout)" $'one\ntwo\nthree' "process start, input, logs --follow"
wait_until 5 eval '[ "$(sa-process show $process | jq -r .status)" = exited ]'
same "process show" sa-process show "$process"
same "process list" sa-process list
same "process logs" sa-process logs "$process"
same "process config" sa-process config
same "process rm of none" sa-process rm proc_99
long=$(far sa-process start -- sleep 600 | jq -r .id)
is "$(far sa-process stop "$long" | jq -r .status)" exited "process stop"
cat=$(far sa-process start -- sh -c 'cat; exit 5' | jq -r .id)
rc=0; printf 'one\ntwo\n' | far sa-process attach "$cat" >piped || rc=$?
is "$(cat piped) $rc" $'one\ntwo 5' "process attach passes input on and takes the status"
tty=$(far sa-process start --tty --env PS1= -- sh -c 'read -r x; echo "got $x"; read -r y || kill -9 $$' | jq -r .id)
rc=0; echo hello | far sa-process attach "$tty" | tr -d '\r' >piped || rc=$?
is "$(tail -1 piped) $rc" "got hello 137" "a terminal's too, in order, with the end of the input"
same "process attach to an ended one" sa-process attach "$tty"
status 3 "process attach to none" far sa-process attach proc_99
if command -v tmux >/dev/null; then
	t() { tmux -f /dev/null -S "$T/tmux" "$@"; }
	shows() { t capture-pane -p -t x >"$T/screen" && grep -q "$1" "$T/screen"; }
	sh=$(far sa-process start --tty --env PS1='> ' -- sh | jq -r .id)
	start tmux -f /dev/null -S "$T/tmux" -D
	wait_until 10 test -S "$T/tmux"
	SANDBOX_AGENT_ENDPOINT=$url SANDBOX_AGENT_TOKEN=s3cret t new-session -d -s x -x 90 -y 20 "sa-process attach $sh; echo status \$?; sleep 600"
	ok "a terminal there in a terminal here" wait_until 10 shows '^>'
	t send-keys -t x 'stty size' Enter
	ok "is as large as ours" wait_until 10 shows '^20 90'
	t resize-window -t x -x 70 -y 25
	ok "and follows it" wait_until 10 eval 't send-keys -t x "stty size" Enter; shows "^25 70"'
	t send-keys -t x 'sleep 600' Enter
	wait_until 10 pgrep -P "$(far sa-process show "$sh" | jq .pid)" -x sleep
	t send-keys -t x C-c
	t send-keys -t x 'echo in"side"' Enter
	ok "an interrupt goes there" wait_until 10 shows '^inside'
	t send-keys -t x 'C-]'
	ok "the key detaches" wait_until 10 shows '^status 0'
	is "$(sa-process show "$sh" | jq -r .status)" running "and what runs there goes on"
	t kill-server
else
	skip "process attach in a terminal" "tmux is not there"
fi
status 2 "start --attach is not for an endpoint" far sa-process start --attach -- true
is "$(echo '{"op":"list"}' | SANDBOX_AGENT_ENDPOINT=http://127.0.0.1:1 sa-process filter | jq .status)" 200 "filters are always here"
far sa-config mcp set --directory "$D" --name given <<<'{"type":"local","command":"node"}'
far sa-config mcp set --directory "$D" --name words -- node x.mjs
same "config mcp list" sa-config mcp list --directory "$D"
same "config mcp get" sa-config mcp get --directory "$D" --name given
same "config mcp get of none" sa-config mcp get --directory "$D" --name nobody
same "config skills list" sa-config skills list --directory "$D"
same "config mcp rm" sa-config mcp rm --directory "$D" --name nobody

# Live: an event is here before the command has ended; and when we leave, nothing is left there.
sa-events follow "$id" --endpoint "$url" --token s3cret >live.out &
follower=$!
ok "follow prints what there is" wait_until 5 test -s live.out
far sa-session prompt "$id" "say later" >/dev/null
ok "... and what comes" wait_until 5 grep -q '"text":"later"' live.out
ours() { for pid in $(pgrep -x sa-relay); do [ "$(tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^HOME=//p')" = "$HOME" ] && return 0; done; return 1; }
ok "a relay runs there" ours
kill "$follower"
ok "... until we leave" wait_until 5 eval '! ours'

# A megabyte and more, slowly read, arrives whole.
far sa-session prompt "$id" "emit 3000" >/dev/null || true
same "a long history" sa-events show "$id"
is "$(far sa-events show "$id" | (read -r line; sa-session list >/dev/null; cat) | wc -l)" "$(sa-events show "$id" | tail -n +2 | wc -l)" "a slow reader gets all of it"

relay() { printf '%s' "$1" | sa-relay; }
like "$(relay '{"command":"session","args":["filter"]}')" '"exitStatus":2' "filter is not for remote use"
like "$(relay '{"command":"serve","args":[]}')" '"message":"command is .*"exitStatus":2' "other commands are not either"
like "$(relay '{"command":"config","args":["enter","/","true"]}')" '"exitStatus":2' "nor is enter"
is "$(printf text | sa-relay --command fs --args "[\"append\",\"$D/file\"]")" '{"stdout":"","stderr":"","exitStatus":0}' "input may be the relay's own"
like "$(sa-relay --command session --args '"list"' </dev/null)" '"message":"args is an array of strings","exitStatus":2' "words that are no array are not none"
like "$(sa-relay --command fs --args '["append"' </dev/null)" '"message":"args is no JSON","exitStatus":2' "with words that are JSON"
like "$(relay '{"command":"install-agent","args":["--json","mock"]}' | sed -n 's/^data: {"data":"\(.*\)"}$/\1/p' | base64 -d)" '"already_installed":' "an installation can be watched"
like "$(relay '{"command":"../x"}')" '"exitStatus":2' "... nor paths"
like "$(relay '{"command":"session","args":[1]}')" 'array of at most 4096 strings.*"exitStatus":2' "words are strings"
like "$(relay "{\"command\":\"session\",\"args\":[$(printf '"x",%.0s' $(seq 4096))\"x\"]}")" '"exitStatus":2' "too many words"
like "$(relay '{"command":"session","args":["list"],"input":"?"}')" 'input is no base64' "input is base64"
like "$(relay 'x')" 'is not JSON' "a request that is no JSON"
is "$(relay '{"command":"session","args":["show","-"],"input":"'"$(printf '{"id":"%s"}\n' "$id" | base64 -w0)"'"}' |
	sed -n 's/^data: {"data":"\(.*\)"}/\1/p' | base64 -d)" "$(sa-session show "$id")" "input is the command's standard input"
done_testing
