#!/usr/bin/env bash
# What the adapters share: errors in words, limits, the end of the native agent and of the adapter.
# The native agent is a script of ours; the real ones are in agents-abilities.t.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/adapters-lib.sh"
need jq
export IS_SANDBOX=1
mkdir work

# Says hello to Claude's initialize, then does what the prompt's first word says.
cat >native <<'SH'
#!/usr/bin/env bash
echo $$ >"$NATIVE_PID"
[ -z "${NATIVE_STUBBORN:-}" ] || trap '' TERM
done_with() { echo '{"type":"result","subtype":"success","is_error":false,"stop_reason":"end_turn"}'; }
while read -r line; do
	case $line in
	*'"subtype":"initialize"'*)
		id=$(jq -r .request_id <<<"$line")
		echo "{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\",\"request_id\":\"$id\",\"response\":{}}}" ;;
	*'"text":"die'*) echo "the last words" >&2; exit 7 ;;
	*'"text":"long'*) printf '{"type":"assistant","x":"%05000d"}\n' 0; done_with ;;
	*'"text":"junk'*) echo 'no { json'; echo '[1]'; done_with ;;
	*'"text":"wait'*) ;;
	*'"type":"user"'*) done_with ;;
	esac
done
[ -z "${NATIVE_STUBBORN:-}" ] || sleep 60
SH
chmod +x native
export NATIVE_PID=$T/native.pid

one() { # COMMAND... with one session/new as input: its answer
	printf '%s\n' "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"session/new\",\"params\":{\"cwd\":\"${CWD-$T/work}\",\"mcpServers\":[]}}" | "$@" 2>/dev/null
}

for agent in claude codex pi amp; do
	adapter=sa-acp-$agent
	got=$(one env PATH="$BIN_DIR:/usr/bin:/bin" "$adapter" --agent-binary nowhere)
	like "$(jq -r .error.message <<<"$got")" "not installed.*sa-install-agent $agent" "$adapter says how to install what is missing"
	is "$(CWD=work one "$adapter" --agent-binary "$T/native" | jq .error.code)" -32602 "$adapter refuses a relative folder"
	is "$(CWD=$T/gone one "$adapter" --agent-binary "$T/native" | jq .error.code)" -32602 "$adapter refuses a folder that is not there"
	got=$(printf '%s\n' 'no json' '{"id":1,"method":"no/such"}' '[]' \
		'{"id":2,"method":"session/prompt","params":{"sessionId":"x","prompt":[]}}' | "$adapter" | jq -c '[.id, .error.code]' | paste -sd ' ')
	is "$got" '[null,-32700] [1,-32601] [null,-32600] [2,-32002]' "$adapter answers what it does not understand"
	got=$(printf '{"id":1,"method":"%05000d"}\n{"id":2,"method":"initialize","params":{}}\n' 0 | "$adapter" --line-limit 4K | jq -c '.error.code // .id' | paste -sd ' ')
	is "$got" '-32600 2' "$adapter skips a line above --line-limit and goes on"
	status 2 "$adapter takes no operand" "$adapter" operand
done

begin claude --line-limit 4K
prompt 3 hello
is "$(answer 3 | jq -r .result.stopReason)" end_turn "a prompt is answered"
prompt 4 long
is "$(answer 4 | jq -r .result.stopReason)" end_turn "a too long line of the agent does not end the turn"
like "$(cat adapter.err)" "a line of 5[0-9]* bytes of Claude was left out" "but is told on standard error"
prompt 5 junk
is "$(answer 5 | jq -r .result.stopReason)" end_turn "neither do lines that are no JSON"
prompt 6 die
got=$(answer 6 | jq -r .error.message)
is "$got" "Claude Code exited with status 7: the last words" "a dead agent fails its prompt with its last words"
prompt 7 again
is "$(answer 7 | jq -r .result.stopReason)" end_turn "the next prompt starts it again"
for id in {100..132}; do prompt "$id" wait; done
like "$(answer 132 | jq -r .error.message)" "32 prompts wait already" "at most 32 prompts wait"
say "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":{\"sessionId\":\"$session\"}}"
is "$(answer 131 | jq -r .result.stopReason)" cancelled "those that wait are cancelled at once"
finish
is "$rc" 0 "it ends with its input"
not_ok "and takes the agent with it" kill -0 "$(cat native.pid)"

export NATIVE_STUBBORN=1
begin claude
finish
is "$rc" 0 "an agent that ignores its end and SIGTERM is killed"
not_ok "nothing of it is left" kill -0 "$(cat native.pid)"
unset NATIVE_STUBBORN

begin claude
kill -KILL "$adapter"
wait "$adapter" 2>/dev/null || true
ok "kill -9 of the adapter takes the agent with it" wait_until 5 eval "! kill -0 $(cat native.pid)"
begin claude
kill -TERM "$adapter"
ok "SIGTERM ends it with status 0" wait "$adapter"
done_testing
