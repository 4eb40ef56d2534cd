#!/usr/bin/env bash
# What an adapter tells its client is what the agent has: settings after a restart and after a
# refused turn, tokens, the end of turns. The native agent is a script of ours.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/adapters-lib.sh"
need jq
export IS_SANDBOX=1 CLAUDE_CONFIG_DIR=$T/claude PI_CODING_AGENT_DIR=$T/pi
mkdir work
image='{"type":"image","data":"AA==","mimeType":"image/png"}'
# MEMBERS: the user's part of the history that session/load of $old tells
loaded() {
	: >told
	session=$old call 50 session/load ",\"cwd\":\"$T/work\",\"mcpServers\":[]"
	answer 50 >/dev/null
	jq -c '.params.update | select(.sessionUpdate == "user_message_chunk") | .content' told | paste -sd ' '
}
heard() { jq -c "$1" "$T/heard" | paste -sd ' '; }
option() { jq -r --arg id "$1" '.result.configOptions[] | select(.id == $id) | .currentValue'; }

# --- Claude Code --------------------------------------------------------------------------
cat >native <<'SH'
#!/usr/bin/env bash
while read -r line; do
	echo "$line" >>"$T/heard"
	case $line in
	*'"control_request"'*'"model":"gone"'*)
		jq -c '{type:"control_response",response:{subtype:"error",request_id,error:"no such model"}}' <<<"$line" ;;
	*'"control_request"'*)
		jq -c '{type:"control_response",response:{subtype:"success",request_id,response:{current_permission_mode:"default"}}}' <<<"$line" ;;
	*'"text":"die'*) exit 7 ;;
	*'"text":"use '*)
		tool=$(jq -r '.message.content[0].text | ltrimstr("use ")' <<<"$line")
		echo "{\"type\":\"control_request\",\"request_id\":\"r\",\"request\":{\"subtype\":\"can_use_tool\",\"tool_name\":\"$tool\",\"tool_use_id\":\"u\",\"input\":{}}}" ;;
	*'"control_response"'*) echo '{"type":"result","subtype":"success","is_error":false,"stop_reason":"end_turn"}' ;;
	*'"type":"user"'*) echo '{"type":"result","subtype":"success","is_error":false,"stop_reason":"end_turn"}' ;;
	esac
done
SH
chmod +x native
export T
begin claude
call 3 session/set_mode ',"modeId":"plan"'
is "$(answer 3 | jq -c .result)" '{}' "Claude Code: a mode"
call 4 session/set_model ',"modelId":"opus"'
is "$(answer 4 | jq -c .result)" '{}' "and a model are set"
prompt 5 die
like "$(answer 5 | jq -r .error.message)" "status 7" "it dies"
: >heard
prompt 6 again
is "$(answer 6 | jq -r .result.stopReason)" end_turn "and is started again"
is "$(heard '.request | select(.subtype | test("set_"))? | [.mode, .model]' | sort)" '["plan",null] [null,"opus"]' "with what was set"
is "$(jq -r .type heard | tail -n 1)" user "before it gets the prompt"
call 7 session/set_config_option ',"configId":"mode","value":"plan"'
is "$(answer 7 | option model)" opus "and that is what is told"
: >heard
id=10
for try in "Bash exit-plan-bypass" "Bash acceptForSession" "ExitPlanMode allow-once" "ExitPlanMode exit-plan-default" "Bash allow-once"; do
	prompt $id "use ${try% *}"
	choose "${try#* }"
	answer $((id++)) >/dev/null
done
is "$(heard 'select(.type == "control_response") | .response.response.behavior')" '"deny" "deny" "deny" "allow" "allow"' \
	"what was not offered for a call is no permission for it"
old=00000000-0000-4000-8000-000000000001
mkdir -p claude/projects/w
echo '{"type":"user","message":{"role":"user","content":[{"type":"text","text":"see"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]}}' \
	>claude/projects/w/$old.jsonl
is "$(loaded)" '{"type":"text","text":"see"} '"$image" "a history has its images"
finish

# --- Codex ----------------------------------------------------------------------------------
cat >native <<'SH'
#!/usr/bin/env bash
reply() { jq -c "{id, result: $1}" <<<"$line"; }
tell() { printf '{"method":"%s","params":{"threadId":"t",%s}}\n' "$1" "$2"; }
usage() { tell thread/tokenUsage/updated "\"tokenUsage\":{\"total\":{\"totalTokens\":$1},\"last\":{\"totalTokens\":11,\"inputTokens\":10,\"outputTokens\":1},\"modelContextWindow\":1000}"; }
while read -r line; do
	echo "$line" >>"$T/heard"
	case $line in
	*'"turn/start"'*'"text":"refuse'*) jq -c '{id, error: {code: -32600, message: "not now"}}' <<<"$line" ;;
	*'"turn/start"'*'"text":"run'*)
		reply '{turn: {id: "u"}}'
		decisions=$(jq -r '.params.input[0].text | ltrimstr("run ")' <<<"$line")
		printf '{"id":99,"method":"item/commandExecution/requestApproval","params":{"threadId":"t","itemId":"i","command":"ls"%s}}\n' "$(jq -c 'if . == [] then empty else . end' <<<"$decisions" | sed 's/^/,"availableDecisions":/')" ;;
	*'"id":99'*) tell turn/completed '"turn":{"id":"u","status":"completed"}' ;;
	*'"turn/start"'*)
		reply '{turn: {id: "u"}}'
		usage 11 && usage 11 && usage 22 && usage 22
		tell turn/completed '"turn":{"id":"u","status":"completed"}' ;;
	*'"thread/start"'*) reply '{thread: {id: "t"}, model: "m", approvalPolicy: "on-request", sandbox: {type: "workspaceWrite"}}' ;;
	*'"thread/resume"'*) reply '{thread: {id: .params.threadId}, model: "m"}' ;;
	*'"thread/turns/list"'*) reply '{data: [{items: [{type: "userMessage", id: "i", content: [{type: "text", text: "see"}, {type: "image", url: "data:image/png;base64,AA=="}]}]}]}' ;;
	*'"id"'*) reply '{data: []}' ;;
	esac
done
SH
more_params=',"additionalDirectories":["/other"]' begin codex
: >heard
call 3 session/set_mode ',"modeId":"untrusted"'
is "$(answer 3 | jq -c .result)" '{}' "Codex: a mode is set"
prompt 4 refuse
like "$(answer 4 | jq -r .error.message)" "not now" "the turn that would take it is refused"
prompt 5 go
got=$(answer 5 | jq -c '.result | [.stopReason, .usage.inputTokens, .usage.outputTokens, .usage.totalTokens]')
is "$got" '["end_turn",20,2,22]' "the next one counts no tokens twice"
is "$(heard 'select(.method == "turn/start") | .params.approvalPolicy')" '"untrusted" "untrusted"' "and takes it"
prompt 6 go
answer 6 >/dev/null
is "$(heard 'select(.method == "turn/start") | .params.approvalPolicy')" '"untrusted" "untrusted" null' "once"
call 7 session/set_mode ',"modeId":"workspace-write"'
answer 7 >/dev/null
prompt 8 go
answer 8 >/dev/null
is "$(heard 'select(.method == "turn/start") | .params.sandboxPolicy.writableRoots // empty' | grep -o '[^ ]*$')" '["/other"]' "a sandbox of the workspace has the further directories"
id=10
for try in '[\"accept\"] acceptForSession' '[\"accept\"] accept' '[] acceptForSession' '[] allow-once'; do
	prompt $id "run ${try% *}"
	choose "${try#* }"
	answer $((id++)) >/dev/null
done
is "$(heard 'select(.id == 99) | .result.decision')" '"decline" "accept" "acceptForSession" "decline"' \
	"what was not offered for a command declines it"
is "$(loaded)" '{"type":"text","text":"see"} '"$image" "a history has its images"
finish

# --- Pi ---------------------------------------------------------------------------------------
cat >native <<'SH'
#!/usr/bin/env bash
reply() { jq -c "{id, type: \"response\", command: .type, success: true, data: $1}" <<<"$line"; }
levels='"high","off"'
while read -r line; do
	echo "$line" >>"$T/heard"
	case $line in
	*'"get_messages"'*) reply '{messages: [{role: "user", content: [{type: "text", text: "see"}, {type: "image", data: "AA==", mimeType: "image/png"}]}]}' ;;
	*'"get_state"'*) reply '{sessionId: "p", model: {provider: "x", id: "big"}, thinkingLevel: "high", isStreaming: false}' ;;
	*'"get_available_models"'*) reply '{models: [{provider: "x", id: "big"}, {provider: "x", id: "small"}]}' ;;
	*'"get_available_thinking_levels"'*) reply "{levels: [$levels]}" ;;
	*'"get_commands"'*) reply '{commands: [{name: "mine", source: "extension"}]}' ;;
	*'"set_model"'*)
		levels='"off"'
		echo '{"type":"thinking_level_changed","level":"off"}'
		reply '{}' ;;
	*'"message":"later'*) later=$line ;;
	*'"message":"/mine'*) reply null ;;
	*'"message":"'*) reply null; echo '{"type":"agent_settled"}' ;;
	*'"abort"'*)
		reply null
		jq -c '{id, type: "response", command: "prompt", success: false, error: "compacting"}' <<<"$later" ;;
	esac
done
SH
begin pi
prompt 3 /mine
is "$(answer 3 | jq -r .result.stopReason)" end_turn "Pi: a command that an extension does itself ends its turn"
call 4 session/set_config_option ',"configId":"model","value":"x/small"'
got=$(answer 4)
is "$(option model <<<"$got") $(option thought_level <<<"$got")" "x/small off" "with a smaller model the level is what it has"
is "$(jq -c '.result.configOptions[] | select(.id == "thought_level") | [.options[].value]' <<<"$got")" '["off"]' "and so are those that are offered"
prompt 5 later
call 6 session/cancel ''
is "$(answer 5 | jq -r .result.stopReason)" cancelled "what Pi refuses after it was cancelled is cancelled"
prompt 7 more
is "$(answer 7 | jq -r .result.stopReason)" end_turn "and the next prompt runs"
mkdir -p pi/sessions/w
echo '{"type":"session"}' >pi/sessions/w/2026_$old.jsonl
is "$(loaded)" '{"type":"text","text":"see"} '"$image" "a history has its images"
finish
done_testing
