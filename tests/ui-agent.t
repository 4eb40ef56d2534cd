#!/usr/bin/env bash
# The inspector with a real agent: Claude Code against the scripted model server of tests/agents, in headless
# Chromium. The agent is the one of SA_TEST_AGENTS, or what tests/agents-real.t has installed; skipped without.
agents=${SA_TEST_AGENTS:-}
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/ui-lib.sh"
claude=$agents/claude/node_modules/@anthropic-ai/claude-code-linux-x64/claude
[ -n "$agents" ] || claude=${SA_REAL_CACHE:-$TOP/build/real-agents}/sandbox-agent/bin/claude
[ -x "$claude" ] || skip_all "Claude Code is not here: SA_TEST_AGENTS is not set, and tests/agents-real.t has installed none"
browser_needs
mkdir -p "$XDG_DATA_HOME/sandbox-agent/bin" project
ln -s "$(realpath "$claude")" "$XDG_DATA_HOME/sandbox-agent/bin/claude"
start node "$TOP/tests/agents/model.mjs" >llm.url
wait_until 20 test -s llm.url || exit 1
export ANTHROPIC_BASE_URL=$(head -n 1 llm.url) ANTHROPIC_API_KEY=sk-ant-fake IS_SANDBOX=1
browse agent.mjs
done_testing
