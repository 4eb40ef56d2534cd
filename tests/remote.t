#!/usr/bin/env bash
# --endpoint: sa-session and sa-events on a server, the same as on its machine.
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
like "$(relay '{"command":"fs","args":["list"]}')" '"message":"command is .*"exitStatus":2' "other commands are not either"
like "$(relay '{"command":"install-agent","args":["--json","mock"]}' | sed -n 's/^data: {"data":"\(.*\)"}$/\1/p' | base64 -d)" '"already_installed":' "an installation can be watched"
like "$(relay '{"command":"../x"}')" '"exitStatus":2' "... nor paths"
like "$(relay '{"command":"session","args":[1]}')" 'array of at most 4096 strings.*"exitStatus":2' "words are strings"
like "$(relay "{\"command\":\"session\",\"args\":[$(printf '"x",%.0s' $(seq 4096))\"x\"]}")" '"exitStatus":2' "too many words"
like "$(relay '{"command":"session","args":["list"],"input":"?"}')" 'input is no base64' "input is base64"
like "$(relay 'x')" 'is not JSON' "a request that is no JSON"
is "$(relay '{"command":"session","args":["show","-"],"input":"'"$(printf '{"id":"%s"}\n' "$id" | base64 -w0)"'"}' |
	sed -n 's/^data: {"data":"\(.*\)"}/\1/p' | base64 -d)" "$(sa-session show "$id")" "input is the command's standard input"
done_testing
