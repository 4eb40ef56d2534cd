#!/usr/bin/env bash
# Which adapter speaks for an agent: --adapter, the body's member, SANDBOX_AGENT_ADAPTER.
. "$(dirname "$0")/tap.sh"
need jq
mkdir -p path "$XDG_CONFIG_HOME/sandbox-agent/agents.d"
printf '#!/bin/sh\nexec sa-mock-agent "$@"\n' >path/theirs
printf '#!/bin/sh\n' >path/native
chmod +x path/*
export PATH=$T/path:$PATH
echo '{"program":"native","own":["sa-mock-agent"],"adapter":{"command":["theirs"]}}' \
	>"$XDG_CONFIG_HOME/sandbox-agent/agents.d/both.json"
used() { sa-session servers | jq -r --arg s "$(jq -r .serverId <<<"$1")" 'select(.serverId == $s).command[0] | sub(".*/"; "")'; }

is "$(used "$(sa-session new --agent both)")" theirs "an official adapter on PATH is used"
is "$(used "$(sa-session new --agent both --adapter own)")" sa-mock-agent "--adapter own passes over it"
is "$(used "$(SANDBOX_AGENT_ADAPTER=own sa-session new --agent both)")" sa-mock-agent "so does SANDBOX_AGENT_ADAPTER"
session=$(SANDBOX_AGENT_ADAPTER=own sa-session new --agent both --adapter official)
is "$(used "$session")" theirs "--adapter beats SANDBOX_AGENT_ADAPTER"
ok "the session is closed" sa-session close "$(jq -r .id <<<"$session")"
ok "and brought back" env SANDBOX_AGENT_ADAPTER=own sa-session resume "$(jq -r .id <<<"$session")"
is "$(used "$(sa-session show "$(jq -r .id <<<"$session")")")" theirs "with the adapter that it began with"

post() { echo "{\"ref\":1,\"op\":\"sessions.create\",\"body\":$1}" | sa-session filter; }
is "$(used "$(post '{"agent":"both","adapter":"own"}' | jq .result)")" sa-mock-agent "over HTTP the body chooses"
is "$(post '{"agent":"both","adapter":"ours"}' | jq .problem.status)" 400 "among the two"
is "$(post '{"agentCommand":"sa-mock-agent","adapter":"own"}' | jq .problem.status)" 400 "and not for a command"

status 2 "another word is refused" sa-session new --agent both --adapter ours
status 2 "a command has no adapter" sa-session new --agent-command sa-mock-agent --adapter own
rm path/theirs
not_ok "an official adapter that is not there is not put in place on the way" sa-session new --agent both --adapter official
like "$(cat err)" "run 'sa-install-agent --official both'" "but its command is told"
done_testing
