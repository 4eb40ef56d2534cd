#!/usr/bin/env bash
# The systemd units: sound, and what they start serves, by activated socket and by connection; a
# stopped server leaves its sessions alone.
. "$(dirname "$0")/tap.sh"
need curl perl

mkdir units
for unit in "$TOP"/scripts/systemd/*; do sed "s,@BINDIR@,$BIN_DIR," "$unit" >"units/${unit##*/}"; done
value() { sed -n "s/^$2=//p" "units/$1"; }
for unit in sandbox-agent.service sandbox-agent-inetd@.service; do
	is "$(value "$unit" KillMode)" process "$unit: only the server itself is ended"
	like "$(value "$unit" ExecStart)" "--keep-sessions" "$unit: ... which leaves sessions alone"
done
if command -v systemd-analyze >/dev/null; then
	# Pages may not be installed here; their names are checked below.
	is "$(systemd-analyze --user --man=no verify units/*.socket units/sandbox-agent.service units/sandbox-agent-inetd@1.service 2>&1)" "" \
		"systemd-analyze verify finds nothing"
else
	skip "systemd-analyze verify finds nothing" "systemd-analyze is not there"
fi
for page in $(sed -n 's/^Documentation=man://p' units/* | sort -u); do
	ok "$page is there" test -f "$TOP/man/$(sed 's/(\(.\))/.\1/' <<<"$page")"
done

activate=$(command -v systemd-socket-activate || true)
[ -n "$activate" ] || { skip "what the units start serves" "systemd-socket-activate is not there"; done_testing; exit 0; }
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'; }
answers() { [ "$(curl -s --max-time 5 "http://127.0.0.1:$port/v1/health")" = '{"status":"ok"}' ]; }
# systemd's own way: environment by -E, the socket by descriptor.
variables=()
for name in HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR PATH; do variables+=(-E "$name=${!name}"); done

port=$(free_port)
start "$activate" -l "127.0.0.1:$port" "${variables[@]}" $(value sandbox-agent.service ExecStart) 2>>activate.err
server=$started
ok "an activated socket serves" wait_until 5 answers
id=$(curl -s -X POST -H 'content-type: application/json' -d '{"agent":"mock"}' "http://127.0.0.1:$port/v1/sessions" | sed 's/^{"id":"\([^"]*\)".*/\1/')
like "$id" '^[a-z0-9]+$' "... and starts a session"
kill -TERM "$server"
ok "the server is stopped" wait_until 5 eval "! kill -0 $server"
is "$(sa-session prompt "$id" --text "say still here")" "still here" "its session is not"

port=$(free_port)
start "$activate" -a --inetd -l "127.0.0.1:$port" "${variables[@]}" $(value sandbox-agent-inetd@.service ExecStart) 2>>activate.err
ok "a process for each connection serves" wait_until 5 answers
like "$(curl -s "http://127.0.0.1:$port/v1/sessions/$id")" '"state":"idle"' "... and knows the session"
other=$(curl -s -X POST -H 'content-type: application/json' -d '{"agent":"mock"}' "http://127.0.0.1:$port/v1/sessions" | sed 's/^{"id":"\([^"]*\)".*/\1/')
is "$(sa-session prompt "$other" --text "say alive")" "alive" "a session outlives the connection that made it"
done_testing
