#!/usr/bin/env bash
# sa-daemon with the real server: a turn goes on while the server is replaced, and ends with it.
. "$(dirname "$0")/tap.sh"
need perl jq curl

mkdir bin
cp "$BIN_DIR"/* bin/
PATH=$T/bin:$PATH
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport')
url=http://127.0.0.1:$port
daemon() { sa-daemon "$1" --port "$port" "${@:2}" 2>&1; }
trap 'sa-daemon stop --port "$port" 2>/dev/null; tap_cleanup' EXIT
ok "start" daemon start
id=$(curl -s -X POST -H 'content-type: application/json' -d '{"agent":"mock"}' "$url/v1/sessions" | jq -r .id)
state() { curl -s "$url/v1/sessions/$id" | jq -r .state; }
curl -s -X POST -H 'content-type: application/json' -d '{"text":"permission; say done","wait":false}' "$url/v1/sessions/$id/prompt" >/dev/null
ok "a turn is under way" wait_until 5 eval '[ "$(state)" = waiting ]'
agent=$(sa-session show "$id" | jq .agentPid)
before=$(cat "$XDG_DATA_HOME/sandbox-agent/daemon/daemon-127-0-0-1-$port.pid")
touch bin/sa-serve
ok "--upgrade" daemon start --upgrade
like "$(cat out)" "daemon outdated .*daemon stopped.*daemon started" "... starts another server"
isnt_same() { [ "$1" != "$2" ]; }
ok "... with another pid" isnt_same "$before" "$(cat "$XDG_DATA_HOME/sandbox-agent/daemon/daemon-127-0-0-1-$port.pid")"
is "$(state)" waiting "the turn is still under way"
is "$(sa-session show "$id" | jq .agentPid)" "$agent" "... with the same agent"
pending=$(curl -s "$url/v1/sessions/$id/pending" | jq -r '.pending[0].id')
option=$(curl -s "$url/v1/sessions/$id/pending" | jq -r '.pending[0] | .. | .optionId? // empty' | head -1)
is "$(curl -s -o /dev/null -w '%{http_code}' -X POST -H 'content-type: application/json' -d "{\"optionId\":\"$option\"}" \
	"$url/v1/sessions/$id/pending/$pending")" 204 "its question is answered through the new server"
ok "... and it ends" wait_until 5 eval '[ "$(state)" = idle ]'
like "$(sa-events show "$id" --text)" "done" "... with its answer"
new=$(curl -s -X POST -H 'content-type: application/json' -d '{"agent":"mock"}' "$url/v1/sessions" | jq -r .id)
ok "stop" daemon stop
is "$(sa-session show "$new" | jq -r .state)" interrupted "... ends what this server started"
is "$(sa-session prompt "$id" --text "say on")" on "... what it took over goes on until its lease ends"
done_testing
