#!/usr/bin/env bash
# The real agents through our adapters against a scripted model server on loopback: what each of
# them can do. SA_TEST_AGENTS names a folder of npm installs (claude, codex, pi-new, amp-old, gemini, qwen,
# opencode, node22); SA_TEST_SHARED the folder with fake-llm, by default beside the repository.
# SA_TEST_ONLY=claude,codex and SA_TEST_ABILITY='error 401|image' limit it.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/agents-lib.sh"
need node
need_agents

tap_done=1
abilities --agents "$agents" ${SA_TEST_ONLY:+--only "$SA_TEST_ONLY"} ${SA_TEST_ABILITY:+--ability "$SA_TEST_ABILITY"}
