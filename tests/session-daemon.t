#!/usr/bin/env bash
# A daemon that an agent forks twice, in a session of its own, ends with the last session of its connection.
. "$(dirname "$0")/tap.sh"
need jq
cat >agent <<END
#!/bin/sh
(setsid sh -c 'setsid sleep 1000 & echo \$! >"$T/daemon.new"; mv "$T/daemon.new" "$T/daemon"' </dev/null >/dev/null 2>&1 &)
exec sa-mock-agent
END
chmod +x agent
is "$(sa-session new --agent-command "$T/agent" --id first | jq -r .id)" first "a session is made"
wait_until 10 test -s daemon || exit 1
daemon=$(cat daemon)
not_ok "its agent has left a daemon" is_dead "$daemon"
server=$(sa-session show first | jq -r .serverId)
cwd=$(sa-session show first | jq -r .cwd)
body="{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"session/new\",\"params\":{\"cwd\":\"$cwd\",\"mcpServers\":[]}}"
echo "{\"ref\":1,\"op\":\"acp.post\",\"params\":{\"serverId\":\"$server\"},\"body\":$body}" | sa-session filter >second
second=$(sa-session list | jq -r --arg s "$server" 'select(.serverId == $s and .id != "first").id')
ok "the connection has a second session" test -n "$second"
ok "the first is closed" sa-session close first
not_ok "the daemon lives on with the second" is_dead "$daemon"
ok "the second is closed" sa-session close "$second"
ok "and the daemon is gone" wait_until 10 is_dead "$daemon"
done_testing
