#!/usr/bin/env bash
# ACP over HTTP: /v1/acp and /v1/sessions with the mock agent, and the faults that others have here.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need curl jq sqlite3

# The commands of the agent's tree whose server's mark is $uid.
marked() { grep -lzs "^SANDBOX_AGENT_SERVER_UID=$uid\$" /proc/[0-9]*/environ | sed 's,environ$,comm,' | xargs -r cat 2>/dev/null; }
is_marked() { [[ $(marked) == *"$1"* ]]; }

serve
rpc one "$(message x/a)"
is "$code" 400 "the first message must name an agent"
like "$(field .detail)" 'agent' "and the problem says so"
rpc one "$(message x/a)" '?agent=nobody'
is "$code $(field .type) $(field .agent)" "400 urn:sandbox-agent:error:unsupported_agent nobody" "an agent nobody knows"
rpc one '[1]' '?agent=mock'
is "$code" 400 "what is no object is no message"
is "$(db 'select count(*) from servers' 2>/dev/null || echo 0)" 0 "and leaves no agent behind"
rpc one "$(message initialize '{"protocolVersion":1}' 41)" '?agent=mock'
is "$code $(field .id) $(field .result.agentInfo.name)" "200 41 sa-mock-agent" "a request is answered in the same exchange"
rpc one '{"jsonrpc":"2.0","id":"\u00e4","method":"x/e","params":{"z":1.50,"big":12345678901234567890,"a":[]}}'
like "$(body)" '"params":\{"z":1.50,"big":12345678901234567890,"a":\[\]\}' "bytes stay as they were"
rpc one $'{"jsonrpc":"2.0",\r\n"id":7,\n"method":"x/lines"}'
is "$code $(field .id)" "200 7" "line ends between tokens do no harm"
rpc one '{"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"x"}}'
is "$code$(body)" 202 "a notification is 202 without a body"
rpc one '{"jsonrpc":"2.0","id":9,"result":{}}'
is "$code$(body)" 202 "a response to the agent too"
rpc one '{}'
is "$code" 202 "an empty object is passed on"
rpc one "$(message x/b)" '?agent=claude'
is "$code $(field .type)" "409 urn:sandbox-agent:error:conflict" "another agent on the same id"
GET /v1/acp
is "$(field '.servers[] | [.serverId, .agent] | join(" ")')" "one mock" "it is listed"
GET /v1/acp/never -H 'accept: text/event-stream'
is "$code $(field .sessionId)" "404 never" "no stream of what is not there"
GET /v1/acp/one -H 'last-event-id: abc'
is "$code" 400 "Last-Event-ID is a number"
GET /v1/acp/one -H 'accept: application/json'
is "$code" 406 "a stream is no JSON"

# --- ten first messages at once
for i in 1 2 3 4 5 6 7 8 9 10; do
	curl -s -o "many.$i" "${json[@]}" -d "$(message x/many "{\"i\":$i}" "$i")" "$base/v1/acp/many%20%2F%C3%A9?agent=mock" &
	many[i]=$!
done
wait "${many[@]}"
is "$(cat many.* | jq -r .result.echoed.params.i | sort -n | tr '\n' ' ')" "1 2 3 4 5 6 7 8 9 10 " "ten first messages at once have ten answers"
is "$(db "select count(*) from servers where id='many /é'")" 1 "of one agent"
DELETE '/v1/acp/many%20%2F%C3%A9'
is "$code" 204 "an id may hold anything once decoded"

# --- streams
acp_session two
curl -sN "$base/v1/acp/two" >stream &
readers=($!)
curl -sN -H 'Last-Event-ID: 1' "$base/v1/acp/two" >later &
readers+=($!)
wait_until 5 grep -q '^id: 2' stream
rpc two "$(prompt 'say hello' 8)"
is "$(field .result.stopReason)" end_turn "a prompt is answered when its turn ends"
wait_until 5 grep -q '"id":8' stream
is "$(grep -c '^event: message' stream)" "$(grep -c '^data: {' stream)" "each event is a message with one line of data"
is "$(sed -n 's/^id: //p' stream | tr '\n' ' ')" "$(seq -s ' ' "$(grep -c '^id:' stream)") " "ids count from 1 without a hole"
wait_until 5 grep -q '"id":8' later
is "$(sed -n 's/^id: //p' later | head -1)" 2 "Last-Event-ID leaves out what was seen"
curl -sN --max-time 1 -H 'Last-Event-ID: 1000' "$base/v1/acp/two" >future || true
is "$(cat future)" "" "an id of the future waits"
rpc two "$(prompt 'flood 3000 50' 9)"
curl -sN --max-time 5 "$base/v1/acp/two" | sed -n '/"id":9,/q;s/^id: //p' >all || true
is "$(head -1 all) $(awk 'NR > 1 && $1 != last + 1 { holes++ } { last = $1 } END { print holes + 0, (NR > 3000) }' all)" "1 0 1" \
	"a stream from the beginning has all of a long history"
GET /v1/acp/two -I -X HEAD
is "$code $(header content-type)" "200 text/event-stream" "HEAD tells what a stream would be"

# --- the end of an agent
rpc two "$(prompt 'stderr last words; die 3' 10)"
is "$code $(field .type) $(field .details.exitCode) $(field .agent)" "500 urn:sandbox-agent:error:agent_process_exited 3 mock" "an agent that dies is told at once"
like "$(field .details.stderr)" 'last words' "with its last words"
rpc two "$(message x/late)"
is "$code $(field .type)" "500 urn:sandbox-agent:error:agent_process_exited" "a message for a dead one is refused"
rpc two "$(message initialize '{"protocolVersion":1}' 11)"
is "$code $(field .id)" "200 11" "initialize starts the same id again"
wait_until 5 grep -q '"id":11' stream
ok "and the streams go on" wait_until 5 grep -q '"id":11' later
DELETE /v1/acp/two
is "$code" 204 "DELETE of a live one answers"
DELETE /v1/acp/two
is "$code" 204 "and again"
wait "${readers[@]}"
like "$(tail -3 stream)" 'agent_exited' "the streams end with the agent's end"
GET /v1/acp
is "$(field '[.servers[].serverId] | join(" ")')" one "the others are still there"
rpc two "$(message initialize '{"protocolVersion":1}' 12)" '?agent=mock'
is "$(curl -sN --max-time 1 "$base/v1/acp/two" | sed -n 's/^id: //p' | head -1)" 1 "a closed id begins anew at 1"
uid=$(db "select uid from servers where id='two' and state=0")
rpc two "$(message session/new '{"cwd":"/","mcpServers":[]}' 2)"
agent_session=$(field .result.sessionId)
rpc two "$(prompt 'exec sleep 1000' 3)" &
asking=$!
wait_until 5 is_marked sleep
DELETE /v1/acp/two
is "$code" 204 "DELETE during a turn answers"
is "$(marked)" "" "and the whole tree is gone by then"
wait "$asking"
kill "$server"
wait_until 5 gone "$server"

# --- a time-out when one is wished
SANDBOX_AGENT_ACP_REQUEST_TIMEOUT_MS=300 serve
acp_session slow
rpc slow "$(prompt 'wait 1000' 3)"
is "$code $(field .type)" "504 urn:sandbox-agent:error:timeout" "a request that takes too long is 504"
rpc slow "$(message x/still)"
is "$code" 200 "and the agent still answers"
slow_server=$server

# --- an agent that has to be installed first: the installer is played
mkdir played
cp "$BIN_DIR"/sa-{serve,session,supervise,events,mock-agent} played/
cat >played/sa-install-agent <<'END'
#!/bin/sh
echo "$*" >>"$T/installs"
case $* in
*pi) mkdir -p "$XDG_DATA_HOME/sandbox-agent/bin/agent_processes"
	ln -s "$T/played/sa-mock-agent" "$XDG_DATA_HOME/sandbox-agent/bin/agent_processes/pi-acp" ;;
*) echo '{"event":"npm"}' >&2
	echo '{"status":500,"detail":"no network here"}' >&2
	exit 1 ;;
esac
END
chmod +x played/sa-install-agent
first=$base real=$PATH
PATH=$T/played:$PATH
SANDBOX_AGENT_REQUIRE_PREINSTALL=1 serve
rpc new "$(message initialize '{"protocolVersion":1}')" '?agent=cursor'
is "$code $(field .type) $(field .agent)" "404 urn:sandbox-agent:error:agent_not_installed cursor" "nothing is installed on demand if so wished"
kill "$server"
serve
rpc new "$(message initialize '{"protocolVersion":1}')" '?agent=cursor'
is "$code $(field .type) $(field .agent)" "500 urn:sandbox-agent:error:install_failed cursor" "a failed installation is told"
like "$(field .detail) $(field .details.stderr)" 'no network here .*npm' "with what it said"
for i in 1 2 3; do
	curl -s -o "pi.$i" "${json[@]}" -d "$(message initialize '{"protocolVersion":"1.0"}' "$i")" "$base/v1/acp/fresh?agent=pi" &
	many[i]=$!
done
wait "${many[@]:1:3}"
is "$(cat pi.? | jq -r .result.agentInfo.name | sort | uniq -c | tr -s ' ')" " 3 sa-mock-agent" "three first messages wait for the installation"
is "$(grep -c 'pi$' installs)" 1 "which is one"
DELETE /v1/acp/fresh
kill "$server"
base=$first PATH=$real

# --- an orderly stop ends what was started, kill -9 and --keep-sessions keep it
kill -TERM "$slow_server"
wait_until 5 gone "$slow_server"
wait_until 5 is_number 0 count_of 'sa-.*'
is "$(count_of 'sa-.*')" 0 "an orderly stop leaves no process behind"
is "$(db "select state from servers where id='slow'")" 1 "its server can be continued"
serve
rpc slow "$(message initialize '{"protocolVersion":1}')"
is "$code" 200 "by the next one, without naming the agent"
kill -9 "$server"
wait_until 5 gone "$server"
supervisor=$(sa-session servers --json | jq -r 'select(.serverId == "slow") | .supervisorPid')
ok "kill -9 keeps it" kill -0 "$supervisor"
serve --keep-sessions
rpc slow "$(message x/again)"
is "$code" 200 "and the next server finds it"
kill "$server"
wait_until 5 gone "$server"
ok "--keep-sessions keeps it in an orderly stop" kill -0 "$supervisor"
wait_until 5 is_number 0 count_of 'sa-session'
is "$(count_of 'sa-session')" 0 "only the filters end"
serve
filter=$(pgrep -P "$server" || true)
GET /v1/acp
filter=$(pgrep -P "$server")
kill -9 "$filter"
wait_until 5 gone "$filter"
rpc slow "$(message x/again)"
is "$code" 200 "a filter that dies is started again"

# --- sessions for people
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","cwd":"/","id":"mine"}'
is "$code $(field .id) $(field .state)" "201 mine idle" "a session is made"
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","id":"mine"}'
is "$code $(field .detail)" "409 session 'mine' exists already" "... once under its id"
for id in '"@mine"' '"two\nlines"' '12' '""'; do
	POST /v1/sessions "${json[@]}" -d "{\"agent\":\"mock\",\"id\":$id}"
	is "$code" 400 "... and not under $id"
done
POST /v1/sessions/mine/prompt "${json[@]}" -d '{"text":"say hello"}'
is "$code $(field .stopReason) $(field .text)" "200 end_turn hello" "a prompt is waited for"
since=$(field .since)
POST /v1/sessions/mine/prompt "${json[@]}" -d '{"text":"permission touch it","wait":false}'
is "$code $(field .sessionId)" "202 mine" "or not"
pending() { GET /v1/sessions/mine/pending && [ "$(field '.pending | length')" = 1 ]; }
wait_until 5 pending
is "$(field '.pending[0].method')" session/request_permission "what the agent asks is listed"
request=$(field '.pending[0].id') option=$(field '.pending[0].payload.params.options[0].optionId')
POST "/v1/sessions/mine/pending/$request" "${json[@]}" -d '{}'
is "$code" 400 "an answer must say something"
POST "/v1/sessions/mine/pending/$request" "${json[@]}" -d "{\"optionId\":\"$option\"}"
is "$code" 204 "an option is chosen"
idle() { GET /v1/sessions/mine && [ "$(field .state)" = idle ]; }
wait_until 5 idle
POST "/v1/sessions/mine/pending/$request" "${json[@]}" -d "{\"optionId\":\"$option\"}"
is "$code" 409 "once"
GET "/v1/sessions/mine/events?after=$since&limit=2"
is "$(field '.events | length') $(field .hasMore) $(field '.events[0].eventIndex')" "2 true $((since + 1))" "events come in pages"
GET "/v1/sessions/mine/events?after=$(field .after)&limit=1000"
is "$(field .hasMore)" false "to the end"
curl -sN --max-time 1 -H 'accept: text/event-stream' "$base/v1/sessions/mine/events?after=$since" >events || true
is "$(sed -n 's/^id: //p' events | head -1)" "$((since + 1))" "or as a stream"
POST /v1/sessions/mine/prompt "${json[@]}" -d '{"text":"wait 100","wait":false}'
POST /v1/sessions/mine/cancel
is "$code" 202 "a turn is cancelled"
wait_until 5 idle
GET '/v1/sessions?agent=mock&state=idle'
is "$(field '.sessions[] | select(.id == "mine") | .state')" idle "it is listed"
is "$(sa-session list --json | jq -r 'select(.id == "mine") | .agent')" mock "on the command line too"
GET /v1/sessions/nothing
is "$code $(field .sessionId)" "404 nothing" "an unknown one is 404"
DELETE /v1/sessions/mine
is "$code" 204 "it is closed"
POST /v1/sessions/mine/prompt "${json[@]}" -d '{"text":"hello"}'
is "$code" 409 "and takes no prompt"
POST /v1/sessions "${json[@]}" -d '{"agentCommand":"sa-mock-agent","env":{"COLOUR":"blue"}}'
is "$code" 201 "any program that speaks ACP is an agent"
POST "/v1/sessions/$(field .id)/prompt" "${json[@]}" -d '{"prompt":[{"type":"text","text":"report env:COLOUR"}]}'
like "$(field .text)" 'COLOUR=blue' "with an environment of its own"
POST /v1/sessions "${json[@]}" -d '{"agentCommand":"./no-such-program"}'
is "$code" 404 "a program that is not there is told"

# --- the id of an agent that has ended is free for another
acp_session reused
kill -9 "$(db "select agent_pid from servers where id='reused'")"
reused_ended_again() { [ "$(db "select state from servers where id='reused' order by key desc limit 1")" = 1 ]; }
reused_ended() { [ "$(db "select state from servers where id='reused'")" = 1 ]; }
wait_until 5 reused_ended
rpc reused "$(message x/still)"
is "$code $(field .agent)" "500 mock" "a message for an agent that has ended"
rpc reused "$(message initialize '{"protocolVersion":1}')" '?agent=pi'
is "$code $(field .result.agentInfo.name)" "200 sa-mock-agent" "its id can be given to another agent"
is "$(db "select agent, state from servers where id='reused' order by key" | xargs)" "mock|2 pi|0" "as a server of its own"
kill -9 "$(db "select agent_pid from servers where id='reused' and state=0")"
wait_until 5 reused_ended_again
rpc reused "$(message initialize '{"protocolVersion":1}')" '?agent=pi'
GET /metrics
is "$(sed -n 's/^sandbox_agent_agent_restarts_total //p' body)" 1 "an agent that is started again is counted"
ok "as are all starts" test "$(sed -n 's/^sandbox_agent_agent_starts_total //p' body)" -ge 3
kill "$server"
wait_until 5 gone "$server"

# --- files beneath one folder
mkdir -p confined outside/deep
echo secret >outside/file
echo mine >confined/file
serve --fs-root "$T/confined"
GET "/v1/fs/file?path=$T/confined/file"
is "$code $(body)" "200 mine" "--fs-root: what is beneath it is served"
GET "/v1/fs/file?path=$T/outside/file"
is "$code" 403 "what is not, is refused"
PUT "/v1/config/mcp?directory=$T/outside&name=x" "${json[@]}" -d '{"type":"local","command":"x"}'
is "$code" 403 "for configuration, too"
status 2 "a root that is no folder is told" sa-serve --port 0 --fs-root "$T/nowhere"
done_testing
