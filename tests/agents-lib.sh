# shellcheck shell=bash
# For tests of the real agents, sourced behind tap.sh:
#   isolated COMMAND...   in a network with loopback alone, where that can be had: nothing can leave
#                         the machine; and with processes of its own, so that nothing outlives the test
#   abilities OPTION...   tests/agents/real.mjs with the model server $model and the MCP server $echo_server,
#                         by default those of $shared

isolated() {
	local spaces=(unshare -n -m -p -f --mount-proc --kill-child)
	if "${spaces[@]}" true 2>/dev/null; then
		"${spaces[@]}" sh -c 'ip link set lo up 2>/dev/null; "$@"' sh "$@"
	else
		"$@"
	fi
}

abilities() {
	isolated node "$TOP/tests/agents/real.mjs" --llm "${model:-${shared:?}/fake-llm/fake-llm.mjs}" \
		--mcp "${echo_server:-$shared/fake-llm/mcp-echo.mjs}" --home "$T/homes" "$@"
}
