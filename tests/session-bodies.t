#!/usr/bin/env bash
# What a request over HTTP says is done or refused: nothing in it is passed over, and what fails leaves nothing behind.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need jq curl
serve
servers() { sa-session servers --json | wc -l; }
no_servers() { [ "$(servers)" = 0 ]; }

for wrong in '"agentCommand":["sa-mock-agent"]' '"agent":5' '"cwd":42' '"adapter":1' '"mcpServers":{"a":{"command":"x"}}' '"env":[]' \
	'"_meta":"x"' '"id":7' '"policy":{}'; do
	POST /v1/sessions "${json[@]}" -d "$(jq -c . <<<"{\"agent\":\"mock\",$wrong}")"
	is "$code $(servers)" "400 0" "a session is not made with $wrong"
done
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","cwd":null,"mcpServers":null,"id":"one"}'
is "$code" 201 "null is as absent"
GET '/v1/sessions?state=nonsense'
is "$code" 400 "there are no sessions in a state that is none"
for wrong in '"wait":"false"' '"busy":1' '"text":["x"]'; do
	POST /v1/sessions/one/prompt "${json[@]}" -d "$(jq -c . <<<"{\"text\":\"say x\",$wrong}")"
	is "$code" 400 "nor a prompt taken with $wrong"
done
for wrong in '[]' '["x"]' '[{"type":"text","text":"a"},5]'; do
	POST '/v1/sessions/one/prompt?wait=false' "${json[@]}" -d "{\"prompt\":$wrong}"
	is "$code" 400 "nor one that is no list of blocks: $wrong"
done

# --- answers ------------------------------------------------------------------------------------
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","id":"two"}'
sa-session prompt one --no-wait "permission x" >/dev/null
sa-session wait one --until waiting --timeout 20s >/dev/null
request=$(sa-session pending one --json | jq -r .id)
answer() { POST "/v1/sessions/$1/pending/$request" "${json[@]}" -d "$2"; }
answer one '{"optionId":"nonsense"}'
is "$code" 400 "an option that was not offered is no answer"
like "$(field .detail)" 'allow-once' "the options are named"
answer one '{"result":{},"error":{"code":1,"message":"x"}}'
is "$code" 400 "nor are a result and an error"
for two in '"optionId":"allow-once","outcome":"cancelled"' '"optionId":"reject-once","result":{"outcome":{"outcome":"selected","optionId":"allow-once"}}' \
	'"outcome":"cancelled","error":{"code":1,"message":"x"}'; do
	answer one "{$two}"
	is "$code" 400 "nor are two: $two"
done
answer two '{"optionId":"allow-once"}'
is "$code" 404 "nor is one to another session's request"
status 2 "nor two on the command line" sa-session reply one allow --error no
status 2 "nor two that a line of decisions has" sa-session reply - <<<"{\"id\":\"$request\",\"result\":{},\"error\":{\"code\":1,\"message\":\"x\"}}"
is "$(sa-session pending one --json | jq -r .state)" open "all that answers nothing"
answer one '{"optionId":"allow"}'
is "$code $(sa-session wait one --timeout 20s | jq -r .state)" "204 idle" "a word for an option does"
is "$(sa-session pending one --all --json | jq -r .answer.result.outcome.optionId)" allow-once "the agent gets the option"
sa-session close one two
wait_until 5 no_servers

# --- nothing is left -----------------------------------------------------------------------------
mkdir -p broken/.sandbox-agent/config
echo nonsense >broken/.sandbox-agent/config/mcp.json
POST /v1/sessions "${json[@]}" -d "{\"agent\":\"mock\",\"cwd\":\"$T/broken\"}"
is "$code" 400 "a folder's configuration that is none makes no session"
ok "and leaves no agent" wait_until 10 no_servers
SANDBOX_AGENT_ACP_REQUEST_TIMEOUT_MS=300 serve
POST /v1/sessions "${json[@]}" -d '{"agentCommand":"sleep 1000"}'
is "$code" 504 "nor does a program that says nothing make one"
ok "which does not stay either" wait_until 20 no_servers
done_testing
