#!/usr/bin/env bash
# sa-install-agent and agents that are JavaScript: Node's version, npm, official adapters.
. "$(dirname "$0")/tap.sh"
need python3 tar jq node npm

for name in ${!npm_config_*} ${!NPM_CONFIG_*} http_proxy https_proxy HTTP_PROXY HTTPS_PROXY; do unset "$name"; done
export NPM_CONFIG_GLOBALCONFIG=/dev/null NPM_CONFIG_CACHE=$T/npm-cache SANDBOX_AGENT_RETRY_MS=1
mkdir reg
start python3 "$TOP/tests/registry.py" "$T/reg" "$T/port"
wait_until 10 test -s port || exit 1
export NPM_CONFIG_REGISTRY=http://127.0.0.1:$(cat port)/ok
export SANDBOX_AGENT_ACP_REGISTRY_URL=http://127.0.0.1:$(cat port)/files/registry.json
data=$XDG_DATA_HOME/sandbox-agent
agents=$XDG_CONFIG_HOME/sandbox-agent/agents.d
mkdir -p "$agents" package

pack() { # NAME VERSION PACKAGE-JSON-MEMBERS
	jq -n --arg n "$1" --arg v "$2" --argjson m "$3" '{name: $n, version: $v} + $m' >package/package.json
	tar -czf "reg/$(echo "${1#@}" | tr / -)-$2.tgz" package
}
# An agent in JavaScript that becomes the mock agent, and what it depends on.
cat >package/cli.js <<'END'
const lib = require("@dep/lib");
if (process.argv[2] === "--version") console.log("js " + lib);
else require("child_process").spawn("sa-mock-agent", [], { stdio: "inherit" }).on("exit", (code) => process.exit(code));
END
echo 'module.exports = "1.0.0";' >package/i.js
pack @dep/lib 1.0.0 "{\"main\": \"i.js\", \"scripts\": {\"postinstall\": \"touch $T/script-ran\"}}"
pack jsagent 1.2.3 '{"bin": {"jsagent": "cli.js"}, "dependencies": {"@dep/lib": "^1.0.0"}}'
describe() { # NODE
	jq -n --arg n "$1" '{program: "jsagent", native: ["acp"], packages: [{npm: "jsagent", version: "1.2.3",
		entry: "cli.js", node: $n, dependencies: true}]}' >"$agents/jsagent.json"
}

describe 999
status 1 "a Node that is too old" sa-install-agent --quiet jsagent
like "$(cat err)" "needs Node 999 or newer, and .*/node is v" "is told, with the one that is there"
PATH=$BIN_DIR status 1 "no Node" /bin/sh -c 'sa-install-agent --quiet jsagent'
like "$(cat err)" "there is no node on PATH: install Node" "is told with the way out"
describe 18
ok "npm installs what has dependencies" sa-install-agent --quiet jsagent --lock agents.lock
is "$("$data/bin/jsagent" --version)" "js 1.0.0" "they are there"
ok "scripts of packages are not run" test ! -e script-ran
like "$(tail -1 "$data/bin/jsagent")" "^exec '[^']*/node' '[^']*/cli.js' " "it is started as node ENTRY"
unlike "$(cat "$data/bin/jsagent")" npx "never through npx"
is "$(sa-session run --agent jsagent "say hi")" hi "it runs a turn"

pack @dep/lib 1.1.0 '{"main": "i.js"}'
ok "with a lock file" sa-install-agent --quiet --reinstall jsagent --lock agents.lock
is "$(jq -r '.version' "$data"/agents/jsagent/1.2.3-*/node_modules/@dep/lib/package.json | sort -u)" 1.0.0 \
	"even what it depends on stays as it was"
echo 'module.exports = "changed";' >package/i.js
pack @dep/lib 1.0.0 '{"main": "i.js"}'
rm -rf "$NPM_CONFIG_CACHE"
status 1 "a dependency that changed since" sa-install-agent --quiet --reinstall jsagent --lock agents.lock
like "$(cat err)" "npm: .*(EINTEGRITY|integrity).*1.2.3 stays in use" "is refused, in npm's words"
is "$("$data/bin/jsagent" --version)" "js 1.0.0" "and the old version works"

# The official adapter of an agent that is built in: its record names the package.
pack @agentclientprotocol/codex-acp 5.0.0 '{"bin": {"codex-acp": "cli.js"}, "dependencies": {"@dep/lib": "1.1.0"}}'
mkdir -p package/dist && mv package/cli.js package/dist/index.js
pack @agentclientprotocol/codex-acp 5.0.0 '{"bin": {"codex-acp": "dist/index.js"}, "dependencies": {"@dep/lib": "1.1.0"}}'
if [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]; then
	ok "--agent-process-version installs the official adapter" \
		sa-install-agent --quiet codex --agent-process-version 5.0.0
	is "$(jq -c '.artifacts | map([.kind, .version])' out)" '[["AgentProcess","5.0.0"]]' "and needs no more than that"
	is "$(sa-install-agent --list codex | jq -r .route)" launcher "it is a launcher in the reference's place"
	is "$(sa-session run --agent codex "say official")" official "which sessions use"
	ok "--remove" sa-install-agent --remove codex
	is "$(sa-install-agent --list codex | jq -r .installed)" false "takes it away"
else
	status 1 "a Node that is too old for the official adapter" sa-install-agent --quiet codex --agent-process-version 5.0.0
	like "$(cat err)" "needs Node 20 or newer, and .*nothing was changed" "is told in words"
fi

# The ACP registry names npm packages, too.
jq -n '{version: "1", agents: [{id: "npxy", name: "Npxy", version: "1.2.3",
	distribution: {npx: {package: "jsagent@1.2.3", args: ["--acp"], env: {A: "b"}}}}]}' >reg/registry.json
ok "the registry is read" sa-install-agent --refresh
rm -rf "$NPM_CONFIG_CACHE"
ok "an agent that the registry starts with npx" sa-install-agent --quiet npxy
unlike "$(cat "$data/bin/agent_processes/npxy-acp")" npx' ' "is started without it"
is "$(sa-session run --agent npxy "report env:A")" "env: A=b" "with its environment"
done_testing
