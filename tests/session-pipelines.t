#!/usr/bin/env bash
# The examples of sa-session(1), as they stand there, and streams of JSON lines: reply, rpc.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3

texts() { sa-events show "$1" --jq '.payload.params.update.content.text // empty' | jq -r . | tr -d '\n'; }

# --- the manual's examples -------------------------------------------------------------

mkdir tools
printf '#!/bin/sh\n[ "$1" = --flag ] || exit 9\nexec sa-mock-agent\n' >tools/my-acp-agent
printf '#!/bin/sh\nexec jq --unbuffered -c %s\n' "'.+{optionId:\"allow-once\"}'" >tools/my-approver
chmod +x tools/*
PATH=$PWD/tools:$PATH

# Each literal display is one example; the page has no escapes in them.
awk '/^\.Sh/ { inside = $2 == "EXAMPLES" } /^\.Bd/ { n++; shown = 1; next } /^\.Ed/ { shown = 0 }
	inside && shown { print > ("example." n) }' "$TOP/man/sa-session.1"
is "$(ls example.* | wc -l)" "$(grep -c '^\.Bd -literal' "$TOP/man/sa-session.1")" "the manual's examples are found"
example() { # PATTERN: the file of the one that has it
	grep -l -e "$1" example.*
}
run_example() { bash -euo pipefail "$(example "$1")"; }

status 0 "the one-shot example runs" run_example 'sa-session run'
is "$(tail -1 out)" 0 "and prints its status"
status 0 "the example of one turn runs" run_example 'say hello'
like "$(cat out)" $'hello\n.*end_turn' "and prints it in words"
status 0 "the queue's example runs" run_example 'say done'
like "$(cat out)" $'done\n.*end_turn' "and follows to the end of the last prompt"
start bash -c "bash -euo pipefail '$PWD/$(example my-acp-agent)' >agent.out"
wait_until 5 eval '[ -n "$(sa-session list --agent my-acp-agent)" ]'
sa-session close "$(sa-session list --agent my-acp-agent | field .id)"
ok "the example with any agent ends with its session" wait_until 5 eval "! kill -0 $started 2>/dev/null"
is "$(jq -r '.answers // empty' agent.out | head -1)" session/new "and has its events"

sa-session new --agent mock --id asks >/dev/null
sa-session new --agent mock --id asks2 >/dev/null
start bash -euo pipefail "$(example my-approver)"
# The one who asks for the status is a client too.
wait_until 5 eval '[ "$(status_of asks | field .clients)" = 2 ] && [ "$(status_of asks2 | field .clients)" = 2 ]'
is "$(sa-session prompt asks "permission to go" --text)" "permission: allow-once" "the approver's example answers a permission"
is "$(sa-session prompt asks2 "permission to go; permission again" --text)" "permission: allow-oncepermission: allow-once" \
	"of every session, each time"
kill -TERM -- "-$started"
kill -9 "$(sa-session show asks2 | field .supervisorPid)"
wait_until 5 eval '[ "$(state asks2)" = interrupted ]'
status 0 "the example that resumes runs" run_example 'interrupted'
is "$(state asks2)" idle "and the session is back"
status 0 "the example that closes runs" run_example 'xargs -n1'
is "$(sa-session list | field .state | sort -u)" closed "and everything is closed"

# --- reply ------------------------------------------------------------------------------

sa-session new --agent mock --id r >/dev/null
asked() { sa-session prompt r "$1" --no-wait >/dev/null; sa-session wait r --until waiting >/dev/null; }
answer() { sa-events show r --jq 'select(.answers=="'"$1"'" and .sender=="client").payload' | tail -1 | jq -c '.result // .error'; }
asked "permission one"
id=$(sa-session pending r | field .id)
status 2 "an option that there is not is told" sa-session reply "$id" maybe
like "$(cat err)" 'allow-once, allow-always, reject-once, reject-always' "with those there are"
is "$(sa-session reply "$id" allow | field '.id + " " + .state')" "$id answered" "allow picks the option that allows once"
is "$(answer session/request_permission)" '{"outcome":{"outcome":"selected","optionId":"allow-once"}}' "as ACP wants it"
sa-session wait r >/dev/null
status 4 "a request is answered once" sa-session reply "$id" allow
like "$(cat err)" 'answered already' "and that is told"
for pair in reject:reject-once allow-always:allow-always reject-always:reject-always reject-once:reject-once; do
	asked "permission x"
	sa-session reply r "${pair%:*}" >/dev/null
	like "$(answer session/request_permission)" "${pair#*:}" "${pair%:*} picks ${pair#*:}"
	sa-session wait r >/dev/null
done
asked "permission x"
sa-session reply r cancel >/dev/null
is "$(answer session/request_permission)" '{"outcome":{"outcome":"cancelled"}}' "cancel is no option but an outcome"
sa-session wait r >/dev/null
asked "question name"
status 2 "a permission's word is no answer to a question" sa-session reply r allow
sa-session reply r --content '{"name":"x"}' >/dev/null
is "$(answer elicitation/create)" '{"action":"accept","content":{"name":"x"}}' "--content accepts a question"
sa-session wait r >/dev/null
asked "question name"
sa-session reply r decline >/dev/null
is "$(answer elicitation/create)" '{"action":"decline"}' "decline is an action"
sa-session wait r >/dev/null
asked 'ask _test/thing {"path":"/x"}'
status 2 "what is no permission and no question wants a result" sa-session reply r allow
sa-session reply r --result '{"content":"1.10"}' >/dev/null
is "$(sa-events show r | grep -o '{"content":"1.10"}' | head -1)" '{"content":"1.10"}' "--result travels as it is"
sa-session wait r >/dev/null
asked 'ask _test/thing {"path":"/x"}'
sa-session reply r --error "no files here" >/dev/null
is "$(answer _test/thing)" '{"code":-32603,"message":"no files here"}' "--error is an error"
sa-session wait r >/dev/null
status 4 "a session that asks nothing is told" sa-session reply r allow
status 3 "a request that there is not, too" sa-session reply nothing allow
status 2 "a result that is not JSON" sa-session reply r --result 'x'
status 2 "reply wants a request" sa-session reply

asked "permission x"
id=$(sa-session pending r | field .id)
{
	echo 'nonsense'
	echo '{"optionId":"allow-once"}'
	echo '{"id":"nothing-1","optionId":"allow-once"}'
	echo "{\"id\":\"$id\"}"
	echo "{\"id\":\"$id\",\"outcome\":{\"outcome\":\"selected\",\"optionId\":\"reject-once\"},\"other\":1}"
	echo "{\"id\":\"$id\",\"outcome\":\"allow\"}"
} >decisions
status 2 "a stream of decisions ends with the first failure's status" sa-session reply - <decisions
is "$(wc -l <out) $(wc -l <err)" "1 5" "each line that cannot be obeyed is told, the others are"
like "$(head -1 err)" 'standard input, line 1' "by number"
sa-session wait r >/dev/null
like "$(answer session/request_permission)" reject-once "ACP's own form is understood"
asked "permission lost"
id=$(sa-session pending r | field .id)
kill -9 "$(sa-session show r | field .supervisorPid)"
wait_until 5 eval '[ "$(state r)" = interrupted ]'
status 4 "a request of an agent that is gone cannot be answered" sa-session reply "$id" allow
like "$(cat err)" 'lost already' "it is lost"

# --- rpc --------------------------------------------------------------------------------

sa-session new --agent mock --id p1 >p1
sa-session new --agent mock --id p2 >p2
echo '{"jsonrpc":"2.0","id":"a","method":"session/list","params":{}}' >list
is "$(sa-session rpc p1 <list | field '.id + " " + (.result.sessions | type)')" "a array" "rpc passes a request and its answer"
is "$(sa-session rpc "$(field .serverId <p1)" <list | field .id)" a "a server is named too"
printf '{"jsonrpc":"2.0","method":"foo/note"}\n{"jsonrpc":"2.0","id":1.0,"method":"foo/bar","params":{"big":12345678901234567890}}' >messages
like "$(sa-session rpc p1 <messages)" '^\{"jsonrpc":"2.0","id":1.0,"result":.*"params":\{"big":12345678901234567890\}' \
	"bytes travel as they are, a notification has no answer, the last newline may be missing"
is "$(sa-session rpc p1 <<<'{"jsonrpc":"2.0","id":3,"method":"session/load","params":{}}' | field .error.code)" -32602 "an error is an answer"
status 0 "and no failure" sa-session rpc p1 <list
status 2 "what is not JSON is told" sa-session rpc p1 < <(echo nonsense; cat list)
like "$(cat err)" 'line 1: not JSON at byte 1' "where it is"
is "$(field .id <out)" a "and the rest goes on"
status 3 "a session that there is not is told" sa-session rpc nothing <list
{
	jq -c --slurpfile p p1 '{serverId: $p[0].serverId, payload: .}' list
	jq -c '{sessionId: "p2", payload: .}' list
	jq -c '{sessionId: "p3", payload: .}' list
} >many
status 3 "rpc without an operand reads where lines go" sa-session rpc <many
is "$(jq -c '[.serverId // .sessionId, .payload.id, (.payload | has("result"))]' <out | sort | paste -sd' ')" \
	"$(jq -c '[.serverId, "a", true]' p1 | cat - <(echo '["p2","a",true]') <(echo '["p3","a",false]') | sort | paste -sd' ')" \
	"answers say where they come from; one that cannot be sent is answered with an error"
agent=$(field .agentSessionId <p1)
printf '{"jsonrpc":"2.0","id":9,"method":"session/prompt","params":{"sessionId":"%s","prompt":[{"type":"text","text":"die 3"}]}}\n' "$agent" >deadly
is "$(sa-session rpc p1 <deadly | field .error.data.kind)" agent_process_exited "an agent's death is an answer"
wait_until 5 eval '[ "$(state p1)" = interrupted ]'
status 4 "there is nobody to talk to then" sa-session rpc p1 <list

# Two clients with the same ids at the same time: each gets its own answers, and all of them.
ask() { # NAME: 500 requests under the ids 1 to 500
	jq -cn --arg name "$1" 'range(1; 501) | {jsonrpc: "2.0", id: ., method: "foo/echo", params: {name: $name, n: .}}'
}
for name in one two three; do ask $name >"$name.in"; done
pids=()
for name in one two three; do sa-session rpc p2 <"$name.in" >"$name.out" & pids+=($!); done
for pid in "${pids[@]}"; do wait "$pid"; done
for name in one two three; do
	is "$(jq -c '[.id, .result.echoed.params.n, .result.echoed.params.name]' "$name.out" | sort -u | wc -l)" 500 \
		"client $name has 500 answers"
	is "$(jq -r 'select(.id != .result.echoed.params.n or .result.echoed.params.name != "'$name'") | .id' "$name.out")" "" \
		"each is its own, under the id that it was asked with"
done
# Large both ways: neither side waits for the other for ever.
jq -cn '("x" * 300000) as $x | range(1; 41) | {jsonrpc: "2.0", id: ., method: "foo/echo", params: {x: $x}}' >large.in
is "$(timeout 60 "$BIN_DIR/sa-session" rpc p2 <large.in | jq -r '.result.echoed.params.x | length' | sort -u)" 300000 \
	"large messages both ways at once do not block"
status 6 "--timeout ends it" sa-session rpc p2 --timeout 50ms < <(printf '{"jsonrpc":"2.0","id":1,"method":"session/prompt","params":{"sessionId":"%s","prompt":[{"type":"text","text":"wait 60s"}]}}\n' "$(field .agentSessionId <p2)")
done_testing
