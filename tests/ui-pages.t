#!/usr/bin/env bash
# The inspector's other pages, as a person uses them: tests/ui/pages.mjs in headless Chromium.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/ui-lib.sh"
need python3
browser_needs

# An agent that can be installed here: the mock agent in a registry on loopback.
for name in ${!npm_config_*} ${!NPM_CONFIG_*}; do unset "$name"; done
for name in http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy; do unset "$name"; done
mkdir -p reg package/bin "$XDG_CONFIG_HOME/sandbox-agent/agents.d"
start python3 "$TOP/tests/registry.py" "$T/reg" "$T/registry-port"
wait_until 10 test -s registry-port || exit 1
export NPM_CONFIG_REGISTRY=http://127.0.0.1:$(cat registry-port)/ok NPM_CONFIG_GLOBALCONFIG=/dev/null
export SANDBOX_AGENT_RETRY_MS=1 SANDBOX_AGENT_ACP_REGISTRY_URL=http://127.0.0.1:$(cat registry-port)/files/registry.json
printf '#!/bin/sh\n[ "$1" != --version ] || exec echo "toy 1.0.0 (test)"\nexec sa-mock-agent\n' >package/bin/toy
chmod 755 package/bin/toy
printf '{"name":"@toy/agent","version":"1.0.0"}\n' >package/package.json
tar -czf reg/toy-agent-1.0.0.tgz package
for name in toy lost; do
	printf '{"title":"%s","program":"%s","native":["acp"],"packages":[{"npm":"@%s/agent","version":"1.0.0","entry":"bin/%s"}]}\n' \
		"$name" "$name" "$name" "$name" >"$XDG_CONFIG_HOME/sandbox-agent/agents.d/$name.json"
done
browse pages.mjs
done_testing
