#!/usr/bin/env bash
# A real MCP server from npm, stored with sa-config, and real agents that call its tool: Claude Code, Codex and OpenCode
# against the scripted model server. SA_TEST_AGENTS and SA_TEST_ONLY as in agents-abilities.t; npm fetches the server
# (kept in build/mcp).
npm_home=$HOME
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/agents-lib.sh"
need jq node npm
need_agents
server=$TOP/build/mcp/node_modules/@modelcontextprotocol/server-everything/dist/index.js
[ -f "$server" ] || HOME=$npm_home npm install --prefix "$TOP/build/mcp" --no-audit --no-fund --ignore-scripts --silent \
	@modelcontextprotocol/server-everything@2026.8.31 >npm.out 2>&1 || skip_all "npm fetches no MCP server: $(tail -n 1 npm.out)"
model_server node "$shared/fake-llm/fake-llm.mjs" --port 0

export GREETING=from-our-environment

try() { # NAME TOOL OPTION...
	agent_home "$1" || { skip "$1 calls a tool" "it is not in $agents"; return; }
	# shellcheck disable=SC2016
	sa-config mcp set --directory "$cwd" --name everything --env 'GREETED=${GREETING}' -- "$(command -v node)" "$server" stdio
	timeout 120 sa-session run --agent-command "$command" "${env[@]}" --cwd "$cwd" --yolo "${@:3}" "tool $2 {\"message\":\"ping\"}" >out 2>err || true
	like "$(sa-events show @last --json | jq -r '.payload.params.update | select(.status=="completed") | tojson' 2>/dev/null)" "Echo: ping" \
		"$1: the tool of the server from npm has answered"
	unlike "$(sa-events show @last --json)$(cat "$cwd/.sandbox-agent/config/mcp.json")" from-our-environment "$1: the value of the variable is in no record and no file"
}
for name in claude codex opencode; do
	[[ ",${SA_TEST_ONLY:-claude,codex,opencode}," == *",$name,"* ]] || continue
	case $name in
	claude) try claude mcp__everything__echo ;;
	codex) try codex mcp__everything__echo --model gpt-6.1-sol ;;
	opencode) try opencode everything_echo ;;
	esac
done
done_testing
