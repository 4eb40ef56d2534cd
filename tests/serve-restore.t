#!/usr/bin/env bash
# Sessions are brought back and forked over HTTP.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need jq curl sqlite3
serve
post() { POST "$1" "${json[@]}" -d "${2:-{\}}"; } # PATH [BODY]

post /v1/sessions '{"agent":"mock","id":"one"}'
post /v1/sessions/one/prompt '{"text":"say once upon a time"}'
supervisor=$(sa-session show one --json | jq .supervisorPid)
kill -9 "$supervisor"
wait_until 5 is_dead "$supervisor"
GET /v1/sessions/one
is "$(field .state)" interrupted "a session whose supervisor was killed is interrupted"
post /v1/sessions/one/prompt '{"text":"say more"}'
is "$code" 409 "a prompt for it is refused"
POST /v1/sessions/one/resume
is "$code $(field '.id + " " + .state')" "200 one idle" "resume brings it back, without a body"
like "$(field .resumedBy)" '^(resume|load|transcript)$' "and says which way it went"
is "$(field .eventIndex)" "$(sa-session show one --json | jq .eventIndex)" "and where its events are"
post /v1/sessions/one/prompt '{"text":"say and then"}'
is "$code $(field .text)" "200 and then" "it goes on"
post /v1/sessions/one/resume
is "$code $(field .state)" "200 idle" "one that is open stays as it is"
DELETE /v1/sessions/one
mkdir elsewhere
post /v1/sessions/one/resume "{\"by\":\"transcript\",\"replayMaxEvents\":10,\"replayMaxChars\":2000,\"cwd\":\"$T/elsewhere\"}"
is "$code $(field .resumedBy)" "200 transcript" "the way can be chosen"

post /v1/sessions/one/fork '{"id":"two"}'
is "$code $(field '.id + " " + .parentId')" "201 two one" "a fork is a new session with a parent"
post /v1/sessions/two/prompt '{"text":"say mine"}'
like "$code $(field .text)" "^200 .*once upon a time.*say mine$" "that knows the past, here by its transcript"
at=$(sa-events show one --json | jq -r 'select(.answers=="session/prompt").eventIndex' | head -n 1)
post /v1/sessions/one/fork "{\"id\":\"three\",\"at\":$at,\"by\":\"transcript\"}"
is "$code $(field '"\(.parentId) \(.parentIndex)"')" "201 one $at" "from any event"
post /v1/sessions/one/fork '{"id":"two"}'
is "$code" 409 "an id that is taken is told"
post /v1/sessions/one/fork '{"at":999999}'
is "$code" 400 "so is an event that is not there"

for what in resume fork; do
	post "/v1/sessions/nonsense/$what"
	is "$code $(field .sessionId)" "404 nonsense" "$what: an unknown session is told"
	post "/v1/sessions/-/$what"
	is "$code" 404 "$what: '-' is no record on standard input"
	for body in '[]' '{"by":"magic"}' '{"by":7}' '{"cwd":{}}' '{"replayMaxChars":1}' '{"replayMaxEvents":-1}' '{"replayMaxEvents":99999999}'; do
		post "/v1/sessions/one/$what" "$body"
		is "$code" 400 "$what: $body is refused"
	done
done
post /v1/sessions/one/fork '{"cwd":"/nowhere/at/all"}'
is "$code" 404 "a folder that is not there is told"
DELETE /v1/sessions/one
post /v1/sessions/one/resume '{"cwd":"/nowhere/at/all"}'
is "$code" 404 "when a session is brought back, too"
GET /v1/sessions/one
is "$(field .state)" closed "which stays as it was"

sa-session new --endpoint "$base" --agent mock --id far >/dev/null
sa-session new --agent mock --id near >/dev/null
near=$(sa-session show near --json | jq .supervisorPid)
kill "$server"
wait_until 10 gone "$server"
wait_until 10 is_number 1 count_of sa-supervise
is "$(count_of sa-supervise) $(sa-session show near --json | jq .supervisorPid)" "1 $near" \
	"an orderly stop ends forks, resumed sessions and those of the relay, and nobody else's"
is "$(sa-session list --json | jq -r 'select(.id == "two" or .id == "far").state' | sort | uniq -c | tr -s ' ')" " 2 interrupted" "they can be resumed"
serve
sa-session new --endpoint "$base" --agent mock --id lone >/dev/null
kill "$server"
wait_until 10 gone "$server"
wait_until 10 is_number 1 count_of sa-supervise
is "$(count_of sa-supervise)" 1 "so does a server that only relayed"
sa-session close near >/dev/null
done_testing
