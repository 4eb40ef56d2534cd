#!/usr/bin/env bash
# The real agents through our adapters against a scripted model server on loopback: what each of
# them can do. SA_TEST_AGENTS names a folder of npm installs (claude, codex, pi-new, amp-old, gemini, qwen,
# opencode, node22); SA_TEST_SHARED the folder with fake-llm, by default beside the repository.
# SA_TEST_ONLY=claude,codex and SA_TEST_ABILITY='error 401|image' limit it.
agents=${SA_TEST_AGENTS:-} shared=${SA_TEST_SHARED:-}
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/agents-lib.sh"
shared=${shared:-$TOP/../shared}
need node
[ -n "$agents" ] || skip_all "no real agents: SA_TEST_AGENTS is not set"
[ -d "$agents" ] || skip_all "no real agents: $agents is not there"
[ -f "$shared/fake-llm/fake-llm.mjs" ] || skip_all "no scripted model server in $shared"

tap_done=1
abilities --agents "$agents" ${SA_TEST_ONLY:+--only "$SA_TEST_ONLY"} ${SA_TEST_ABILITY:+--ability "$SA_TEST_ABILITY"}
