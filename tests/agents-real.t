#!/usr/bin/env bash
# The agents that people pay for, as their makers publish them: sa-install-agent fetches Claude Code, Codex and OpenCode
# from the registry that npm's configuration or environment names (400 MB, kept in SA_REAL_CACHE, else in build/real-agents)
# against the digests that are pinned in this project; each is started, and shows what it can do against a scripted model
# server on loopback (tests/agents/model.mjs). On CI, or with SA_REAL_AGENTS=1. SA_TEST_ABILITIES=all tries all abilities; that
# wants the larger model server of SA_TEST_SHARED, as agents-abilities.t does.
user_npmrc=$HOME/.npmrc shared=${SA_TEST_SHARED:-}
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/agents-lib.sh"
[ -n "${CI:-}${SA_REAL_AGENTS:-}" ] || skip_all "it fetches 400 MB; SA_REAL_AGENTS=1 runs it"
need jq node git
shared=${shared:-$TOP/../shared}
model=$TOP/tests/agents/model.mjs echo_server=$TOP/tests/agents/echo.mjs
agents=(claude codex opencode)
# What everybody meets first; the others are in tests/agents/abilities.mjs. With sanitizers, which slow down our part only,
# once more a few.
ABILITIES='initialize|text turn|reasoning|shell tool, allowed|shell tool, rejected|file edit with a diff|error 401'
ABILITIES+='|error 429, then well|error 500|cancel in the middle of text|resume after kill -9 in a turn|two sessions at once|MCP tool'
[[ $BIN_DIR != */san/* ]] || ABILITIES='text turn|shell tool, rejected|file edit with a diff|cancel in the middle of text'
INSTALL_SECONDS=100

# The program of the pinned version is kept from run to run; it is not installed twice.
export XDG_DATA_HOME=${SA_REAL_CACHE:-$TOP/build/real-agents}
bin=$XDG_DATA_HOME/sandbox-agent/bin
mkdir -p "$XDG_DATA_HOME"
pinned() { jq -r '.packages[0].version | sub("-linux.*"; "")' "$TOP/libcommon/agent/agents.d/$1.json"; }
install() {
	local options=(--quiet)
	[ ! -e "$bin/$1" ] || options+=(--agent-version "$(pinned "$1")")
	NPM_CONFIG_USERCONFIG=${NPM_CONFIG_USERCONFIG:-$user_npmrc} \
		timeout -k 5 $INSTALL_SECONDS sa-install-agent "${options[@]}" "$1" >"$1.out" 2>"$1.err"
}
away='no package registry|[Nn]o space left|resolve|connect|[Tt]imed out|timeout|unreachable|no byte|HTTP [45]|HTTP status [45]|certificate'
declare -A result=()
installing=()
for name in "${agents[@]}"; do
	install "$name" &
	installing+=("$!")
done
for i in "${!agents[@]}"; do
	result[${agents[i]}]=0
	wait "${installing[i]}" || result[${agents[i]}]=$?
done

there=()
for name in "${agents[@]}"; do
	if [ "${result[$name]}" -eq 124 ]; then
		skip "$name runs" "the package registry is too slow: not installed within $INSTALL_SECONDS s"
	elif [ "${result[$name]}" -ne 0 ] && grep -qE "$away" "$name.err"; then
		skip "$name runs" "it cannot be had here: $(head -c 200 "$name.err" | tr '\n#' '  ')"
	else
		is "${result[$name]}" 0 "$name is installed against the pinned digest"
		[ "${result[$name]}" -eq 0 ] || tap_diag "$(head -c 2000 "$name.err")"
		like "$(timeout 60 "$bin/$name" --version 2>/dev/null)" "$(pinned "$name")" "$name runs, in the pinned version"
		ok "$name answers initialize" env SANDBOX_AGENT_PROBE_TIMEOUT_MS=60000 sa-install-agent --verify "$name"
		there+=("$name")
	fi
done
if [ ${#there[@]} -eq 0 ]; then
	done_testing
	exit
fi
only=$(IFS=, && echo "${there[*]}") wanted=(--ability "$ABILITIES")
if [ "${SA_TEST_ABILITIES:-}" = all ]; then
	model=$shared/fake-llm/fake-llm.mjs wanted=()
fi
rc=0
abilities --installed "$bin" --only "$only" --quick "${wanted[@]}" >abilities.tap 2>abilities.err || rc=$?
sed '/^ok\|^not ok\|^1\.\./d' abilities.tap
tap_diag "$(tail -c 4000 abilities.err)"
while read -r line; do
	case $line in
	*'# SKIP '*) skip "$(sed 's/^ok [0-9]* - //; s/ # SKIP.*//' <<<"$line")" "${line#*# SKIP }" ;;
	'ok '* | 'not ok '*) is "${line%% [0-9]*}" ok "${line#*- }" ;;
	esac
done <abilities.tap
is "$(grep -c '^1\.\.' abilities.tap)" 1 "the abilities were tried to the end (status $rc)"

# The whole way: a folder's MCP server, a session by name, the agent's own call of the server's tool.
if [[ ,$only, == *,claude,* ]]; then
	start node "$TOP/tests/agents/model.mjs" >llm.url
	wait_until 20 test -s llm.url || exit 1
	mkdir work
	git init -q work
	sa-config mcp set --directory work --name echo -- node "$echo_server"
	ok "Claude Code in a folder with an MCP server" env "ANTHROPIC_BASE_URL=$(head -n 1 llm.url)" ANTHROPIC_API_KEY=sk-ant-fake \
		IS_SANDBOX=1 timeout 120 sa-session run --agent claude --cwd work --id mcp --mode bypassPermissions \
		'tool mcp__echo__echo {"text":"ping"}'
	like "$(sa-events export mcp)" 'echo: ping' "calls the server's tool"
fi
done_testing
