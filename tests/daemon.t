#!/usr/bin/env bash
# sa-daemon: one server in the background, whatever happened to it before.
. "$(dirname "$0")/tap.sh"
need perl curl

mkdir bin
cp "$BIN_DIR/sa-daemon" bin/
cp "$TOP/tests/daemon/fake-serve" bin/sa-serve
PATH=$T/bin:$PATH
daemon() { sa-daemon "$1" --port "$port" "${@:2}" 2>&1; }
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'; }
port=$(free_port)
files=$XDG_DATA_HOME/sandbox-agent/daemon/daemon-127-0-0-1-$port
url=http://127.0.0.1:$port
pid() { cat "$files.pid"; }
lives() { kill -0 "$1" 2>/dev/null && [ "$(ps -o stat= -p "$1" | cut -c 1)" != Z ]; }
state() { ls "$XDG_DATA_HOME/sandbox-agent/daemon" | sed -n "s/daemon-127-0-0-1-$port//p" | tr '\n' ' '; }
trap 'sa-daemon stop --port "$port" --timeout 1s 2>/dev/null; tap_cleanup' EXIT

is "$(daemon status)" "Daemon not running" "status before all"
is "$(daemon stop)" "daemon is not running (no PID file)" "stop before all"
is "$(sandbox-agent daemon -n status --port "$port" 2>&1)" "Daemon not running" "the umbrella's -n is understood"
ok "start" daemon start
is "$(cat out)" "starting daemon at $url (logs: $files.log)
daemon started (PID $(pid), logs: $files.log)" "... says what the reference says"
is "$(curl -s "$url/v1/health")" '{"status":"ok"}' "it answers"
is "$(daemon start)" "daemon already running at $url" "start again changes nothing"
like "$(daemon status)" "^Daemon running \(PID $(pid), build [0-9.]+-[0-9]+, logs: $files.log\)$" "status names pid, build and log"
is "$(sa-daemon status --json --port "$port" 2>err)" \
	"{\"state\":\"running\",\"endpoint\":\"$url\",\"pid\":$(pid),\"build\":\"$(cat "$files.version")\",\"log\":\"$files.log\"}" "--json"
is "$(stat -c %a "$files".*  | sort -u)" 600 "its files are the user's alone"
is "$(ps -o sid= -p "$(pid)" | tr -d ' ')" "$(pid)" "it leads a session of its own"
first=$(pid)
is "$(daemon stop)" "stopping daemon (PID $first)...
daemon stopped" "stop"
not_ok "it is gone" lives "$first"
is "$(state)" ".lock .log " "only log and lock are left"
is "$(daemon stop)" "daemon is not running (no PID file)" "stop again is no error"

ok "two starts at once" bash -c "sa-daemon start --port $port & a=\$!; sa-daemon start --port $port && wait \$a"
is "$(grep -c started err) $(grep -c already err)" "1 1" "... start one server"
is "$(sa-daemon stop --port 1 2>&1)" "daemon is not running (no PID file)
elsewhere runs PID $(pid) (--port $port)" "stop with another port names the one that runs"
is "$(sa-daemon status --port 1 2>&1 | tail -1)" "elsewhere runs PID $(pid) (--port $port)" "... and so does status"
before=$(pid)
ok "--upgrade of the same build" daemon start --upgrade
is "$(pid)" "$before" "... changes nothing"
touch -d '2001-01-01' bin/sa-serve
like "$(daemon status)" "outdated, restart recommended" "another build is told"
ok "--upgrade of another" daemon start --upgrade
like "$(cat out)" "daemon outdated \(build .* -> .*\), restarting" "... says so"
not_ok "... ends the old server" lives "$before"
ok "... and starts a new one" lives "$(pid)"

kill -9 "$(pid)"
wait_until 5 eval "! lives $(pid)" || exit 1
is "$(daemon status)" "Daemon not running" "a killed one is not running"
like "$(daemon stop)" "stale PID file" "... its files are stale"
ok "... and a start starts" daemon start
rm "$files.pid" "$files.id"
like "$(daemon status)" "Daemon running \(PID [1-9][0-9]*, build unknown" "without its files it is found by its port"
like "$(daemon stop)" "finding process on port $port.*daemon stopped" "... and ended"

# Somebody else has the pid by now.
start sleep 60
other=$started
boot=$(cat /proc/sys/kernel/random/boot_id)
birth=$(sed 's/.*) //' "/proc/$other/stat" | cut -d ' ' -f 20)
echo "$other" >"$files.pid"
is "$(daemon stop)" "daemon is not running (stale PID file)" "a pid alone is not believed"
echo "$other" >"$files.pid"
echo "$other $((birth + 1)) $boot" >"$files.id"
is "$(daemon status)" "Daemon not running" "a pid of another start time is not believed"
is "$(daemon stop)" "daemon is not running (stale PID file)" "... nor ended"
echo "$other $birth 00000000-0000-0000-0000-000000000000" >"$files.id"
is "$(daemon stop)" "daemon is not running (stale PID file)" "a pid of another boot is not believed"
ok "that process lives" lives "$other"
for junk in '' 'x' '1 2' '1 2 3 4' "-1 5 $boot" '99999999999999999999 1 x' "$(printf '1 1 %0100d' 0)"; do
	printf '%s\n' "$junk" >"$files.id"
	is "$(daemon status)" "Daemon not running" "an .id that is junk: '${junk:0:30}'"
done
rm "$files.id"

export FAKE=exit
status 1 "a server that ends at once" daemon start
like "$(cat out)" "fake-serve: cannot do that.*exited before becoming healthy \(exit status: 9\)" "... is told with its words"
is "$(state)" ".lock .log " "... and leaves no pid"
FAKE=silent
status 1 "a server that never answers" daemon start --timeout 300ms
like "$(cat out)" "timed out waiting for sandbox-agent health" "... is told"
is "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$url" || true)" 000 "... and ended"
FAKE=deaf
ok "one that ignores SIGTERM starts" daemon start
deaf=$(pid)
like "$(daemon stop --timeout 200ms)" "it did not end in time and was killed" "... and is killed"
not_ok "... really" lives "$deaf"
FAKE=ok
ok "a stopped process" daemon start
kill -STOP "$(pid)"
like "$(daemon stop)" "daemon stopped" "... is ended too"

FAKE=other start sa-serve --host 127.0.0.1 --port "$port"
wait_until 5 curl -s "$url" || exit 1
status 1 "something else on that port" daemon start
like "$(cat out)" "something else answers at $url" "... is told"
is "$(daemon status)" "Daemon not running" "... and is not ours"
like "$(daemon stop)" "daemon is not running" "... and is left alone"
ok "... it lives" curl -s "$url"
kill "$started"
wait_until 5 eval "! lives $started" || exit 1

ok "start with a token" daemon start --token s3cret
unlike "$(tr '\0' ' ' <"/proc/$(pid)/cmdline")" s3cret "it is not on the server's command line"
is "$(tr '\0' '\n' <"/proc/$(pid)/environ" | grep TOKEN)" SANDBOX_AGENT_TOKEN=s3cret "but in its environment"
ok "start with the same token" daemon start --token s3cret
status 1 "start with none" daemon start
status 1 "start with another" daemon start --token other
like "$(daemon status)" "^Daemon running" "status works without it"
printf 's3cret\n' >token
ok "--token-file" daemon start --token-file token
ok "SANDBOX_AGENT_TOKEN" env SANDBOX_AGENT_TOKEN=s3cret sa-daemon start --port "$port"
status 1 "--no-token leaves the environment's out" env SANDBOX_AGENT_TOKEN=s3cret sa-daemon start --port "$port" --no-token
like "$(daemon stop)" "daemon stopped" "stop works without it"
status 2 "an empty token is refused" daemon start --token ''
status 2 "a token with a line end is refused" daemon start --token $'a\nb'
status 1 "a token file that is not there" daemon start --token-file nowhere

truncate -s 16M "$files.log"
ok "a log of 16 MiB" daemon start
not_ok "... stays" test -e "$files.log.old"
daemon stop >/dev/null
truncate -s $((16 * 1024 * 1024 + 1)) "$files.log"
ok "one byte more" daemon start
ok "... is put aside" test -e "$files.log.old"
daemon stop >/dev/null
ok "more words go to the server" daemon start -- --cors-allow-origin x
like "$(tr '\0' ' ' <"/proc/$(pid)/cmdline")" "--cors-allow-origin x $" "... as they are"
ok "the umbrella stops it" sandbox-agent daemon stop --port "$port"

for bad in 0 65536 x; do status 2 "--port $bad is refused" sa-daemon start --port "$bad"; done
status 2 "no verb is a usage error" sa-daemon
status 2 "an operand of stop is a usage error" sa-daemon stop now
rm bin/sa-serve
status 1 "no server program" env PATH=/nowhere "$T/bin/sa-daemon" start --port "$port"
done_testing
