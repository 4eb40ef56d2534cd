#!/usr/bin/env bash
# Prompts that wait: list, edit, drop, by command and over REST, whether their agent lives or not.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 curl
at() { jq -r "$1" <"$T/body"; } # in the last HTTP answer

busy() { # SESSION: in a turn that waits for a person
	sa-session prompt "$1" --no-wait "permission $1" >/dev/null
	sa-session wait "$1" --until waiting --timeout 10s >/dev/null
}
add() { sa-session prompt q --no-wait "$1" | field .promptId; }
queue() { sa-session queue list "${1:-q}" --json | jq -r '.prompt[0].text' | paste -sd,; }
said() { # SESSION: what its agent was told
	sa-events show "$1" --json | jq -r 'select(.payload.method=="session/prompt").payload.params.prompt[0].text' | paste -sd,
}
notes() { # SESSION METHOD
	sa-events show "$1" --json | jq -r --arg m "_adapter/$2" 'select(.payload.method==$m).payload.params|"\(.promptId) \(.by)"' | paste -sd,
}

sa-session new --agent mock --id q >/dev/null
is "$(sa-session queue list q)" "" "an empty queue"
busy q
one=$(add "say one") two=$(add "say two") three=$(add "say three")
is "$(queue)" "say one,say two,say three" "prompts wait in their order"
is "$(sa-session queue list q --json | jq -r '"\(.id) \(.position) \(.isWaited) \(.sessionId)"' | paste -sd,)" \
	"$one 1 false q,$two 2 false q,$three 3 false q" "under the ids that prompt has told"
like "$(sa-session queue list q --text)" "^$one  say one" "in words"
ok "one is edited" sa-session queue edit q "$two" "say" "other" --as alice
ok "one is dropped" sa-session queue drop q "$one"
is "$(queue)" "say other,say three" "what is left"
is "$(notes q prompt_edited);$(notes q prompt_dropped)" "$two alice;$one cli" "the record has both, and who"
status 3 "a dropped one is gone" sa-session queue drop q "$one"
status 3 "there is no such id" sa-session queue drop q never
status 2 "a prompt is blocks" sa-session queue edit q "$two" --blocks '{"type":1}'
status 2 "queue wants to know what" sa-session queue look q

timeout 30 sa-session prompt q "say waited" >waited 2>waited.err &
waiter=$!
ok "one that somebody waits for is in the list" wait_until 10 eval '[ "$(queue)" = "say other,say three,say waited" ]'
id=$(sa-session queue list q --json | jq -r 'select(.isWaited).id')
ok "and can be dropped" sa-session queue drop q "$id"
wait "$waiter" && rc=0 || rc=$?
is "$rc" 4 "who waits is told: status 4"
like "$(cat waited.err)" "taken out of the queue" "and why"

# --- without an agent ----------------------------------------------------------------------------
kill_supervisor q
is "$(queue)" "say other,say three" "the supervisor is killed: the queue is there"
ok "one is edited in the store" sa-session queue edit q "$three" "say last"
ok "one is dropped from it" sa-session queue drop q "$two"
status 3 "for good" sa-session queue drop q "$two"
is "$(queue)" "say last" "what is left then"
sa-session resume q >/dev/null
sa-session wait q --timeout 10s >/dev/null
wait_until 10 eval '[[ "$(said q)" == *"say last" ]]'
is "$(said q)" "permission q,say last" "it goes on with that, once it is resumed"
is "$(queue)$(db "select count(*) from prompts")" 0 "and nothing is left over"
busy q
four=$(add "say four")
ok "ids are not used again" test "$four" -gt "$three"
sa-session cancel --all q
is "$(queue)" "" "cancel --all drops all"

# --- over REST -------------------------------------------------------------------------------------
serve
PATCH() { ask PATCH "$@"; }
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","id":"r"}'
busy r
POST "/v1/sessions/r/prompt?wait=false" "${json[@]}" -d '{"text":"say one"}'
is "$code $(at .isQueued)" "202 true" "a prompt over REST waits"
one=$(at .promptId)
POST "/v1/sessions/r/prompt?wait=false" "${json[@]}" -d '{"text":"say two"}'
two=$(at .promptId)
GET /v1/sessions/r/queue
is "$code $(at '.queue|map("\(.id) \(.prompt[0].text)")|join(",")')" "200 $one say one,$two say two" "GET lists them"
PATCH "/v1/sessions/r/queue/$one" "${json[@]}" -d '{"text":"say other","by":"bob"}'
is "$code $(notes r prompt_edited)" "204 $one bob" "PATCH edits"
DELETE "/v1/sessions/r/queue/$two"
is "$code $(notes r prompt_dropped)" "204 $two rest" "DELETE drops"
is "$(queue r)" "say other" "and that is so"
DELETE "/v1/sessions/r/queue/$two"
is "$code" 404 "once"
PATCH "/v1/sessions/r/queue/$one" "${json[@]}" -d '{}'
is "$code" 400 "an edit without a content"
POST "/v1/sessions/r/prompt" "${json[@]}" -d '{"text":"say no","busy":"reject"}'
is "$code $(at .type)" "409 urn:sandbox-agent:error:session_busy" "a prompt may be rejected instead"
POST "/v1/sessions/r/prompt" "${json[@]}" -d '{"text":"say first","busy":"interrupt"}'
is "$code $(at .text)" "200 first" "or cancel the turn that runs"
sa-session wait r --timeout 10s >/dev/null
wait_until 10 eval '[[ "$(said r)" == *"say other" ]]'
is "$(said r)" "permission r,say first,say other" "and go before those that wait"
POST "/v1/sessions/r/prompt" "${json[@]}" -d '{"text":"say no","busy":"perhaps"}'
is "$code" 400 "another word is refused"
done_testing
