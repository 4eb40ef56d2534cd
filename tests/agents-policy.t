#!/usr/bin/env bash
# Claude Code, Codex, OpenCode, Pi and Amp, against a scripted model server on loopback: policies, a hook and a deadline
# answer their permissions, a person and a hook their question, and the record says which. SA_TEST_AGENTS and
# SA_TEST_ONLY as in agents-abilities.t.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/agents-lib.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 node
need_agents
model_server node "$TOP/tests/agents/threads.mjs" "$shared/fake-llm/fake-llm.mjs"

run() { timeout 90 sa-session run --agent-command "$command" "${env[@]}" --cwd "$cwd" "$@"; }
last() { sa-session pending --settled --json | tail -1 | jq -r '"\(.state) \(.settledBy) \(.reason)"'; }

try() { # NAME
	echo '{"rules":[{"decision":"deny","command":"touch refused*","reason":"not this"},{"decision":"allow","kind":"execute"}]}' >"$T/p.json"
	run --policy "$T/p.json" "${mode[@]}" "run: touch refused" >out 2>err || true
	is "$(last)" "answered policy rule 1 of $T/p.json: not this" "$1: a rule denies a command by its words"
	not_ok "$1: and nothing was done" test -e "$cwd/refused"
	run --policy "$T/p.json" "${mode[@]}" "run: touch made" >out 2>err || true
	is "$(last)" "answered policy rule 2 of $T/p.json" "$1: another allows one"
	ok "$1: and it was done" test -e "$cwd/made"
	run --on-ask "$T/hook" "${mode[@]}" "run: touch hooked" >out 2>err || true
	is "$(last)" "answered hook asked afar" "$1: a hook allows one"
	ok "$1: and that was done" test -e "$cwd/hooked"
	run --ask-timeout 500ms "${mode[@]}" "run: touch late" >out 2>err && rc=0 || rc=$?
	is "$rc $(last)" "6 expired deadline nobody answered in 500 ms" "$1: without an answer the deadline rejects"
	not_ok "$1: and nothing was done then" test -e "$cwd/late"
}

mcp() { # NAME TOOL OPTION...: a rule about a tool of an MCP server
	local told="tool $2 {\"text\":\"ping\"}"
	echo "[{\"name\":\"echo\",\"command\":\"$(command -v node)\",\"args\":[\"$shared/fake-llm/mcp-echo.mjs\"],\"env\":[]}]" >"$T/mcp.json"
	echo '{"rules":[{"decision":"deny","mcp":"echo/*","reason":"no echo"}],"default":"allow"}' >"$T/p.json"
	run --policy "$T/p.json" --mcp-config "$T/mcp.json" "${@:3}" "$told" >out 2>err || true
	is "$(last)" "answered policy rule 1 of $T/p.json: no echo" "$1: a rule denies an MCP server's tools"
	echo '{"rules":[{"decision":"allow","mcp":"echo/echo"}],"default":"deny"}' >"$T/p.json"
	run --policy "$T/p.json" --mcp-config "$T/mcp.json" "${@:3}" "$told" >out 2>err || true
	is "$(last)" "answered policy rule 1 of $T/p.json" "$1: another allows one"
	like "$(sa-events show @last --json | jq -r '.payload.params.update | select(.status=="completed") | tojson' 2>/dev/null)" "echo: ping" "$1: which has run then"
}

stuck() { # NAME: an agent that hears nothing any more, in the middle of a tool
	local id nap=$((100000 + RANDOM))
	id=$(sa-session new --agent-command "$command" "${env[@]}" --cwd "$cwd" --yolo --cancel-grace 1s | field .id)
	sa-session prompt "$id" --no-wait "run: touch begun; sleep $nap" >/dev/null
	ok "$1: a tool runs" wait_until 60 test -e "$cwd/begun"
	kill -STOP "$(sa-session show "$id" | field .agentPid)"
	ok "$1: a cancel that the agent cannot hear" sa-session cancel "$id" --timeout 90s
	is "$(sa-events show "$id" --json | jq -r 'select(.payload.method=="_adapter/cancel_settled").payload.params.result')" restarted \
		"$1: starts it again"
	like "$(sa-events show "$id" --json | jq -r 'select(.payload.method=="_adapter/session_resumed").payload.params.via')" "resume|load" \
		"$1: with its session"
	ok "$1: the tool is gone" eval "! pgrep -f '^sleep $nap\$' >/dev/null"
	ok "$1: and it works" timeout 90 sa-session prompt "$id" "say back"
	sa-session close "$id"
	rm -f "$cwd/begun"
}

question() { # NAME OPTION...: a form, answered by a person, then by a hook
	local id name
	id=$(sa-session new --agent-command "$command" "${env[@]}" --cwd "$cwd" --yolo --on-ask "$T/hook" "${@:2}" | field .id)
	sa-session prompt "$id" --no-wait "ask Which one? red | blue" >/dev/null
	ok "$1: a question is a request" sa-session wait --until waiting "$id" --timeout 60s
	is "$(sa-session pending "$id" --json | field .method)" elicitation/create "$1: a form, that no policy answers"
	name=$(sa-session pending "$id" --json | jq -r '.payload.params.requestedSchema.properties|keys_unsorted[0]')
	ok "$1: a person does" sa-session answer "$id" "$name=blue" --as alice
	sa-session wait "$id" --timeout 60s >/dev/null
	is "$(last)" "answered alice null" "$1: and is in the record"
	sa-session prompt "$id" "ask Which hook? red | blue" >/dev/null
	is "$(last)" "answered hook asked afar" "$1: a hook does"
	is "$(sa-session pending "$id" --settled --json | tail -1 | jq -r --arg n "$name" '.answer.result.content[$n]')" red "$1: with its answer"
	sa-session close "$id"
}

# Allows what is about "hooked", answers a question about hooks, leaves the rest to people.
cat >"$T/hook" <<'END'
#!/bin/sh
jq -c '.payload as $p | if $p.method == "elicitation/create" and ($p.params.message | test("hook")) then
	{action: "accept", content: {($p.params.requestedSchema.properties | keys_unsorted[0]): "red"}, reason: "asked afar"}
	elif ($p | tojson | test("touch hooked")) then {decision: "allow", reason: "asked afar"} else {decision: "ask"} end'
END
chmod +x "$T/hook"

for name in claude codex opencode pi amp; do
	[[ ,${SA_TEST_ONLY:-claude,codex,opencode,pi,amp}, == *,$name,* ]] || continue
	if ! agent_home "$name" 2>missing; then
		skip "$name" "$(head -1 missing) is not there"
		continue
	fi
	try "$name"
	stuck "$name"
	case $name in
	claude)
		question claude --mode default
		mcp claude mcp__echo__echo --mode default
		;;
	codex)
		question codex --config collaboration_mode=plan
		# With this model it calls MCP tools directly.
		mcp codex mcp__echo__echo --model gpt-6.1-sol --mode untrusted
		;;
	*) skip "$name: a question" "over ACP it has no tool for that" ;;
	esac
done
done_testing
