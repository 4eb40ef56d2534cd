#!/usr/bin/env bash
# /opencode of sa-serve, as OpenCode's clients use it; and the verbs of sa-opencode.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
. "$TOP/tests/serve-lib.sh"
need jq curl

serve --no-token
oc() { ask "$1" "/opencode$2" "${@:3}"; }
send() { # SESSION TEXT [MODEL]: a message to the mock provider
	oc POST "/session/$1/message" "${json[@]}" -d "$(jq -nc --arg t "$2" --arg m "${3:-mock}" \
		'{parts:[{type:"text",text:$t}],model:{providerID:"mock",modelID:$m}}')"
}
make() { oc POST /session "${json[@]}" -d "${1:-{\}}" && field .id; }
listen() { # FILE [HEADER]: an event stream
	: >"$1"
	start bash -c 'exec curl -sN "${@:2}" "$0/opencode/event" >"$1"' "$base" "$1" "${@:2}"
	wait_until 5 grep -q server.heartbeat "$1"
}
heard() { sed -n 's/^data: //p' "$1" | jq -en "any(inputs; $2)" >/dev/null 2>&1; } # FILE CONDITION
said() { sed -n 's/^data: //p' "$1" | jq -r "${2:-.type}"; }

# --- sessions are ours ---
id=$(make '{"title":"One"}')
like "$id" '^ses_[0-9a-z]+$' "a session has an id of OpenCode's kind"
is "$(sa-session list --json | jq -r .id)" "$id" "sa-session lists it"
is "$(sa-session list --json | jq -r '.state + " " + .title')" "starting One" "... before any agent runs"
is "$(count_of sa-supervise)" 0 "no agent has been started for it"
other=$(sa-session new --agent mock --id plain-one | jq -r .id)
oc GET "/session/$other"
is "$code $(field .id)" "200 plain-one" "a session of the shell is there too"
oc GET /session
is "$(field '[.[].id] | sort | join(" ")')" "plain-one $id" "both are listed"
oc GET "/session/plain"
is "$code" 404 "the start of an id is not the id"
oc PATCH "/session/$id" "${json[@]}" -d '{"title":"Two"}'
is "$code $(field .title)" "200 Two" "a draft is renamed"
oc PATCH "/session/plain-one" "${json[@]}" -d '{"title":"Mine"}'
is "$(sa-session list --json | jq -r 'select(.id=="plain-one").title')" "Mine" "so is a session whose agent runs"
oc PATCH "/session/$id" "${json[@]}" -d '{"title":5}'
is "$code $(field '.errors|length')" "400 1" "a title is a text"
oc PATCH "/session/$id" "${json[@]}" -d '{"model":"x"}'
is "$code $(field '.errors|length')" "400 1" "the model cannot be changed so"

# --- a message ---
listen stream
send "$id" 'one; two'
is "$code $(field .info.role)" "200 assistant" "a message is answered by the assistant's"
is "$(field .parts[0].text)" "one; two" "the mock provider repeats the text"
is "$(field .info.finish)" "stop" "... and has stopped"
parent=$(field .info.parentID)
oc GET "/session/$id/message"
is "$(field '[.[].info.role] | join(" ")')" "user assistant" "the history has both sides"
is "$(field '.[0].parts[0].text')" "one; two" "the user's words are his own"
is "$(field '.[0].info.id')" "$parent" "the answer names what it answers"
ok "ids sort in the order of their making" test "$(field '[.[].info.id] | . == sort')" = true
oc GET "/session/$id/message/$parent"
is "$code $(field .info.role)" "200 user" "one message"
oc GET "/session/$id/message/msg_none"
is "$code $(field '.errors[0].message')" "404 Message not found" "one that is not there"
is "$(sa-session list --json | jq -r --arg i "$id" 'select(.id==$i) | .state + " " + .title')" "idle Two" "the title outlives the start of the agent"
wait_until 5 heard stream '.type=="session.idle"'
is "$(said stream | grep -v heartbeat | uniq | paste -sd' ')" \
	"server.connected worktree.ready session.updated message.updated message.part.updated session.status message.updated message.part.updated message.updated session.status session.idle" \
	"the stream tells it in order"
is "$(said stream 'select(.type=="message.part.updated").properties.part.text' | tail -1)" "one; two" "the last part is whole"
is "$(said stream 'select(.type=="session.status").properties.status.type' | paste -sd' ')" "busy idle" "busy, then idle"
sa-session prompt "$id" "say from the shell" >/dev/null
wait_until 5 heard stream '.properties.part.text=="from the shell"'
ok "what the shell says is told too" heard stream '.properties.part.text=="from the shell"'
long_ago=$(date +%s%3N)
oc POST "/session/$id/message" "${json[@]}" -d '{"messageID":"msg_20e8ffda9abcdefghijklmnopq","parts":[{"id":"prt_1","type":"text","text":"mine"}]}'
is "$(field .info.parentID)" "msg_20e8ffda9abcdefghijklmnopq" "a client may name its message"
like "$(field .info.id)" "^msg_20e8ffda9abd" "... and the answer sorts right behind it"
oc GET "/session/$id/message"
is "$(field '[.[] | select(.info.id=="msg_20e8ffda9abcdefghijklmnopq")][0].parts[0].id')" prt_1 "... and name its parts"

# --- wrong requests ---
oc POST "/session/$id/message" "${json[@]}" -d '{"parts":[]}'
is "$code $(field '.errors[0].message')" "400 parts are required" "no parts"
oc POST "/session/$id/message" "${json[@]}" -d '{"parts":[{"type":"what"}]}'
is "$code" 400 "a part of another kind"
oc POST "/session/ses_none/message" "${json[@]}" -d '{"parts":[{"type":"text","text":"x"}]}'
is "$code $(field '.errors[0].message')" "404 Session not found" "no session is invented"
oc POST /session "${json[@]}" -d '{broken'
is "$code $(field '.errors|length')" "400 1" "broken JSON makes no session"
oc POST "/session/$id/message" "${json[@]}" -d '{"parts":[{"type":"text","text":"x"}],"model":{"providerID":"claude","modelID":"default"}}'
is "$code" 400 "a session keeps its agent"
oc GET /nowhere
is "$code" 404 "no such route"
oc DELETE /config
is "$code $(field '.errors|length')" "405 1" "no such method, in OpenCode's words"
GET /opencode/event -H 'last-event-id: x'
is "$code $(field '.errors|length')" "400 1" "an event id that is none"

# --- permissions ---
send "$id" "permission please"
is "$code $(field '.info.time.completed')" "200 null" "a message that waits for a permission comes back at once"
oc GET /permission
is "$(field '.[0].sessionID + " " + .[0].permission')" "$id bash" "the permission is listed"
permission=$(field '.[0].id')
is "$(field '.[0].tool.callID')" "call-1" "... with the call it is about"
oc GET /session/status
is "$(field ".[\"$id\"].type")" busy "the session is busy meanwhile"
oc POST "/permission/$permission/reply" "${json[@]}" -d '{"reply":"perhaps"}'
is "$code" 400 "a reply that is none"
oc POST "/permission/$permission/reply" "${json[@]}" -d '{"reply":"always"}'
is "$code $(body)" "200 true" "it is answered"
sa-session wait "$id" >/dev/null
like "$(sa-events export "$id" --text)" "permission: allow-always" "the agent got one of its own options"
oc GET /permission
is "$(body)" "[]" "nothing is open any more"
oc POST "/permission/$permission/reply" "${json[@]}" -d '{"reply":"once"}'
is "$code" 404 "it cannot be answered twice"
oc POST "/session/$id/permissions/$permission" "${json[@]}" -d '{"response":"once"}'
is "$code $(body)" "200 true" "the older route says true anyway"
wait_until 5 heard stream '.type=="permission.replied"'
is "$(said stream 'select(.type|startswith("permission.")) | .type + " " + (.properties.reply // "")' | paste -sd' ')" "permission.asked  permission.replied always" "the stream tells of both"
sa-session prompt "$id" "permission" --no-wait >/dev/null
sa-session wait "$id" --until waiting >/dev/null
oc GET /permission
oc POST "/session/$id/permissions/$(field '.[0].id')" "${json[@]}" -d '{"response":"reject"}'
sa-session wait "$id" >/dev/null
like "$(sa-events export "$id" --text)" "permission: reject-once" "what the shell has caused is answered on the older route"

# --- questions ---
send "$id" "a question"
oc GET /question
question=$(field '.[0].id')
is "$(field '.[0].questions[0].options | map(.label) | join(" ")')" "Yes No" "a question has options"
oc POST "/question/$question/reply" "${json[@]}" -d '{"answers":[["No"]]}'
is "$code $(body)" "200 true" "it is answered"
sa-session wait "$id" >/dev/null
like "$(sa-events export "$id" --text)" '"choice":"No"' "the agent got the answer"
form='{"mode":"form","message":"M","requestedSchema":{"type":"object","properties":{"n":{"type":"integer"},"ok":{"type":"boolean"},"many":{"type":"array","items":{"enum":["a","b"]}},"free":{"type":"string"}}}}'
send "$id" "ask elicitation/create $form" script
oc GET /question
is "$(field '.[0].questions | map("\(.header) \(.multiple) \(.custom)") | join(",")')" "n false true,ok false false,many true false,free false true" "each property is a question"
oc POST "/question/$(field '.[0].id')/reply" "${json[@]}" -d '{"answers":[["x"],["Yes"],["a","b"],["text"]]}'
is "$code" 400 "a number has to be one"
oc GET /question
oc POST "/question/$(field '.[0].id')/reply" "${json[@]}" -d '{"answers":[["7"],["Yes"],["a","b"],["text"]]}'
is "$code" 200 "... and then it is taken"
sa-session wait "$id" >/dev/null
like "$(sa-events export "$id" --text)" '"n":7,"ok":true,"many":\["a","b"\],"free":"text"' "answers get the kinds that the form wants"
send "$id" "question"
oc GET /question
oc POST "/question/$(field '.[0].id')/reject"
is "$code $(body)" "200 true" "a question is refused"
sa-session wait "$id" >/dev/null
wait_until 5 heard stream '.type=="question.rejected"'
is "$(said stream 'select(.type|startswith("question.")).type' | paste -sd' ')" "question.asked question.replied question.asked question.replied question.asked question.rejected" "the stream tells of all"
stands() { oc GET /question && [ "$(field length)" = 1 ]; }
wait_asked() { oc POST "/session/$id/prompt_async" "${json[@]}" -d "$(jq -nc --arg t "ask elicitation/create $1" \
	'{parts:[{type:"text",text:$t}],model:{providerID:"mock",modelID:"script"}}')" && wait_until 10 stands && question=$(field '.[0].id'); }
reply() { oc POST "/question/$question/reply" "${json[@]}" -d "{\"answers\":$1}"; }
last_text() { oc GET "/session/$id/message?limit=1" && field '.[0].parts[-1].text'; }
wait_asked '{"mode":"url","message":"Go?","url":"https://x.test/","elicitationId":"e1"}'
reply '[["no"]]'
is "$code" 400 "a consent is Yes or No"
ok "... and is still wanted" stands
reply '[[]]'
sa-session wait "$id" >/dev/null
like "$(last_text)" '"action":"decline"' "who chooses nothing has not agreed"
wait_asked '{"mode":"form","message":"Go?","requestedSchema":{"type":"object","properties":{"b":{"type":"boolean"},"n":{"type":"integer","enum":[1,2]},"c":{"type":"string","oneOf":[{"const":"x","title":"The X"}]}}}}'
is "$(field '.[0].questions | map(.options | map(.label) | join(" ")) | join(",")')" "Yes No,1 2,The X" "numbers are choices, too"
for wrong in '[["maybe"],["1"],["x"]]' '[["Yes"],["3"],["x"]]' '[["Yes"],["1"],["y"]]'; do
	reply "$wrong"
	is "$code" 400 "no answer is made of $wrong"
done
reply '[["Yes"],["2"],["The X"]]'
sa-session wait "$id" >/dev/null
like "$(last_text)" '\{"b":true,"n":2,"c":"x"\}' "an answer has the values behind the labels"
for path in permission/none/reply question/none/reply question/q_x-1/reject; do
	oc POST "/$path" "${json[@]}" -d '{"reply":"once","answers":[]}'
	is "$code" 404 "$path is not there"
done

# --- failures, tools, plans ---
send "$id" "an error"
is "$code $(field .info.error.name)" "200 UnknownError" "a turn that fails is a message with an error"
wait_until 5 heard stream '.type=="session.error"'
ok "... and told as one" heard stream '.type=="session.error" and .properties.error.data.message=="mock process crashed"'
send "$id" "edit notes.txt" script
is "$(field '.parts[0].tool + " " + .parts[0].state.status')" "edit completed" "an edit is OpenCode's edit"
like "$(field '.parts[0].state.metadata.diff')" "@@ -1,1" "... with a diff"
like "$(field '.parts[0].state.input.filePath')" "notes.txt$" "... and its file"
send "$id" "plan" script
oc GET "/session/$id/todo"
is "$(field 'length') $(field '.[0].status')" "3 completed" "a plan is the session's todos"
oc POST "/session/$id/prompt_async" "${json[@]}" -d '{"parts":[{"type":"text","text":"stall"}],"model":{"providerID":"mock","modelID":"script"}}'
is "$code" 204 "a message that nobody waits for"
is_busy() { oc GET /session/status && [ "$(field ".[\"$1\"].type")" = busy ]; }
wait_until 5 is_busy "$id"
oc POST "/session/$id/abort"
is "$code $(body)" "200 true" "a turn is aborted"
sa-session wait "$id" >/dev/null
oc GET "/session/$id/message?limit=1"
is "$(field '.[0].info.error.name')" MessageAbortedError "... and its message says so"

# --- forks, deletion ---
oc POST "/session/$id/fork"
child=$(field .id)
is "$(field '.title + " " + .parentID')" "Fork of Two $id" "a fork names its parent"
oc GET "/session/$id/children"
is "$(field '.[].id')" "$child" "... which lists it"
oc GET "/session?roots=true&limit=1"
is "$(field length)" 1 "a list may be short"
oc DELETE "/session/$child"
is "$code $(body)" "200 true" "a draft is deleted"
doomed=$(make)
send "$doomed" "hello"
oc DELETE "/session/$doomed"
is "$code $(body)" "200 true" "a session is deleted with its agent"
is "$(sa-session list --all --json 2>/dev/null | jq -r --arg i "$doomed" 'select(.id==$i).id')" "" "... from the store"
wait_until 5 heard stream ".type==\"session.deleted\" and .properties.info.id==\"$doomed\""
ok "... and told" heard stream ".type==\"session.deleted\" and .properties.info.id==\"$doomed\""

# --- restart ---
# A stream that goes on tells two seconds again: what was said long ago must be older than that.
wait_until 5 eval '[ "$(date +%s%3N)" -gt "$((long_ago + 2500))" ]'
sa-session prompt "$id" "say of late" >/dev/null
wait_until 5 heard stream '.properties.part.text=="of late"'
last=$(sed -n 's/^id: //p' stream | tail -1)
count=$(oc GET "/session/$id/message" && field length)
kill -KILL "$server"
wait_until 5 is_dead "$server"
sa-session prompt "$id" "say meanwhile" >/dev/null
serve --no-token
oc GET "/session/$id/message"
is "$(field length)" $((count + 2)) "another server has the whole history"
listen again -H "last-event-id: $last"
wait_until 5 heard again '.properties.part.text=="meanwhile"'
ok "a stream goes on behind the last event" heard again '.properties.part.text=="meanwhile"'
not_ok "... and not at the beginning" heard again '.properties.part.text=="from the shell"'
sa-session servers --json | jq -r 'select(.alive or .isAlive // false) | .supervisorPid // empty' >/dev/null
pid=$(sa-session servers --json | jq -r --arg s "acp_$id" 'select(.id==$s or .serverId==$s) | .supervisor.pid // .supervisorPid // .pid' | head -1)
[ -n "$pid" ] && kill -KILL "$pid" && wait_until 5 is_dead "$pid"
oc GET "/session/$id"
is "$code" 200 "a session whose supervisor was killed is still there"
send "$id" "back again"
is "$code $(field '.parts[0].text')" "200 back again" "... and a message brings its agent back"

# --- a token ---
printf 's3cret\n' >token
serve --token-file token
oc GET /session
is "$code $(field '.errors|length')" "401 1" "a token is wanted"
oc GET /session -u opencode:s3cret
is "$code" 200 "OpenCode's password is the token"
oc GET /session -u opencode:s3cre
is "$code" 401 "... the whole of it"
GET /v1/health -u opencode:s3cret
is "$code" 401 "... and only below /opencode"

# --- render ---
sa-events show "$id" --json >records
ok "records are rendered" sa-opencode render <records
is "$(jq -rs '.[0].info.role + " " + .[1].parts[0].text' out)" "user one; two" "... as messages"
ok "... or as events" sa-opencode render --events <records
is "$(jq -r .type out | head -1)" "message.updated" "... one a line"
printf 'not json\n{}\n[1]\n{"id":"x"}\n' >rubbish
ok "what is no record is left out" sa-opencode render <rubbish
is "$(cat out)" "" "... without a word"

# --- attach ---
status 3 "without OpenCode it is refused" env PATH="$BIN_DIR" "$BIN_DIR/sandbox-agent" opencode --port 1 --no-token
like "$(cat err)" "OpenCode is not installed: run 'sandbox-agent install-agent opencode'" "... with a way out"
mkdir bin
printf '#!/bin/sh\necho "$*" "${OPENCODE_SERVER_PASSWORD-none}" >"%s/called"\n' "$T" >bin/opencode
chmod 755 bin/opencode
free=$(node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})' 2>/dev/null || echo 47231)
ok "with it a server is started" env PATH="$T/bin:$PATH" SANDBOX_AGENT_TOKEN=t0ken sandbox-agent opencode --port "$free" --session-title Work -- --mini
like "$(cat called)" "^attach http://127.0.0.1:$free/opencode --session ses_[a-z0-9]* --mini t0ken$" "... and it is attached, the token not in its arguments"
is "$(curl -s -u opencode:t0ken "http://127.0.0.1:$free/opencode/session" | jq -r '.[0].title')" Work "... in the session that was asked for"
sa-daemon stop --port "$free" 2>/dev/null
done_testing
