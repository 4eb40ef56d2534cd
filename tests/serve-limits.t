#!/usr/bin/env bash
# Each limit of sa-serve by its name, and clients that are slow, silent or gone.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need curl jq perl

# Bytes out of standard input to the server; its whole answer once it has ended the connection.
talk() { perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ENV{port}) or die;
	local $SIG{PIPE} = "IGNORE"; local $/; print $s <STDIN>; $s->flush; print <$s>' | tr -d '\r'; }
export port
zeros() { head -c "$1" /dev/zero | tr '\0' "${2:-x}"; }

serve --header-limit 2K --body-limit 1000 --message-limit 3000 --buffer-limit 4000 --max-requests 3
export port
is "$(curl -s -o /dev/null -w '%{http_code}' -H "X: $(zeros 3000)" "$base/")" 431 "--header-limit"
POST /v1/fs/move "${json[@]}" -d "\"$(zeros 998)\""
unlike "$code" '413' "--body-limit lets through what fits"
POST /v1/fs/move "${json[@]}" -d "\"$(zeros 999)\""
is "$code $(field .title)" "413 Payload Too Large" "and nothing more"
POST /v1/fs/move "${json[@]}" -H 'transfer-encoding: chunked' -d "\"$(zeros 999)\""
is "$code" 413 "in chunks neither"
POST /v1/acp/x "${json[@]}" -d "\"$(zeros 2998)\""
is "$code" 400 "--message-limit is another limit"
POST /v1/acp/x "${json[@]}" -d "\"$(zeros 2999)\""
is "$code" 413 "with an end of its own"
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'POST /v1/acp/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 3000\r\n\r\n%s' "$(zeros 2900)" >&3
held() { POST /v1/acp/x "${json[@]}" -d "\"$(zeros 1500)\"" && [ "$code" = 503 ]; }
wait_until 5 held
is "$code" 503 "--buffer-limit bounds all bodies together"
exec 3>&-
free() { ! held; }
wait_until 5 free
is "$code" 400 "and they are given back"
is "$(for i in 1 2 3 4 5; do printf 'GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n'; done | talk | grep -c '^HTTP\|}HTTP')" 3 "--max-requests"
kill "$server"

# --- time
serve --header-timeout 300ms --body-timeout 300ms --idle-timeout 300ms --write-timeout 300ms
export port
is "$(printf 'GET / HTTP/1.1\r\nHost:' | talk | head -1)" "HTTP/1.1 408 Request Timeout" "--header-timeout: half a head"
is "$(printf '' | talk)" "" "nothing asked is nothing answered"
# One byte now and then does not help (slowloris).
is "$(perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ENV{port}) or die;
	$SIG{PIPE} = "IGNORE"; $s->autoflush(1);
	for (split //, "GET / HTTP/1.1\r\nHost: localhost\r\n" . "X: y\r\n" x 200) {
		print $s $_ or last;
		my $r = ""; vec($r, fileno $s, 1) = 1;
		last if select $r, undef, undef, 0.02;
	}
	local $/; print <$s>' | head -1 | tr -d '\r')" "HTTP/1.1 408 Request Timeout" "nor a byte now and then"
is "$(printf 'POST /v1/acp/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{' | talk | head -1)" \
	"HTTP/1.1 408 Request Timeout" "--body-timeout"
is "$(printf 'GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n' | talk | grep -c '^HTTP')" 1 "--idle-timeout ends a kept connection"
truncate -s 64M big # no buffer of the system takes as much
before=$(open_files "$server")
perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ENV{port}) or die;
	print $s "GET /v1/fs/file?path=$ENV{T}/big HTTP/1.1\r\nHost: localhost\r\n\r\n"; $s->flush;
	sysread $s, my $first, 100;
	open my $f, ">", "$ENV{T}/stalled"; close $f;
	sleep 60' &
holder=$!
wait_until 10 test -e stalled
wait_until 10 eval '[ "$(open_files "$server")" -le $((before + 1)) ]' || true
is "$(($(open_files "$server") <= before + 1)) $(kill -0 "$holder" && echo stays)" "1 stays" "--write-timeout: a client that takes nothing"
kill "$holder"
kill "$server"

# --- connections
serve --max-connections 20
perl -MIO::Socket::INET -e '
	my @kept = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ENV{port}) or die } 1 .. 20;
	for my $s (@kept) { print $s "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"; $s->flush; sysread $s, my $x, 1000 }
	open my $f, ">", "$ENV{T}/kept"; close $f;
	sysread $kept[0], my $x, 1 or open $f, ">", "$ENV{T}/closed";
	sleep 1 until -e "$ENV{T}/done"' &
holder=$!
wait_until 10 test -e kept
GET /v1/health
is "$code" 200 "--max-connections: the one that idles longest makes room"
wait_until 5 test -e closed
ok "and is closed" test -e closed
: >done
wait "$holder"
perl -MIO::Socket::INET -e '
	my @busy = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ENV{port}) or die } 1 .. 20;
	for my $s (@busy) { print $s "GET /"; $s->flush }
	open my $f, ">", "$ENV{T}/busy"; close $f;
	sleep 1 until -e "$ENV{T}/done2"' &
holder=$!
wait_until 10 test -e busy
full() { GET /v1/health && [ "$code" = 503 ]; }
wait_until 5 full
is "$code $(header retry-after)" "503 1" "when none idles the new one is refused"
: >done2
wait "$holder"
kill "$server"

# --- uploads
serve
before=$(open_files "$server")
head -c 5000000 /dev/urandom >five
PUT "/v1/fs/file?path=$T/up/five" -T five -H 'expect:'
is "$code $(cmp five up/five && echo same)" "200 same" "files are not limited"
PUT "/v1/fs/file?path=$T/up/chunks" -T five -H 'transfer-encoding: chunked'
is "$code $(cmp five up/chunks && echo same)" "200 same" "nor in chunks, asked for with 100-continue"
GET "/v1/fs/file?path=$T/up/five"
is "$code $(cmp five body && echo same)" "200 same" "and come back"
printf 'PUT /v1/fs/file?path=%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n%s' "$T/up/gone" "$(zeros 100000)" |
	perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ENV{port}); local $/; print $s <STDIN>; $s->flush;
		sleep 60' &
sender=$!
wait_until 10 eval '[ "$(open_files "$server")" -gt $((before + 1)) ]' || true
kill "$sender"
nothing_left() { [ "$(ls -A up | tr '\n' ' ')" = "chunks five " ]; }
wait_until 5 nothing_left
is "$(ls -A up | tr '\n' ' ')" "chunks five " "a client that leaves in the middle leaves nothing behind"
wait_until 5 eval '[ "$(open_files "$server")" -le $((before + 1)) ]'
is "$(($(open_files "$server") <= before + 1))" 1 "nor an open file"
tar -cf up.tar up/five
POST "/v1/fs/upload-batch?path=$T/unpacked" -H 'content-type: application/x-tar' --data-binary @up.tar
is "$code $(cmp five unpacked/up/five && echo same)" "200 same" "an archive goes to a command's standard input"
POST "/v1/fs/upload-batch?path=$T/unpacked" -H 'content-type: application/x-tar' --data-binary @five
like "$code" '^(400|502)$' "and its failure is the answer"
sleeping() { count_of sleep; }
is_sleeping() { [ "$(sleeping)" -gt 0 ]; }
curl -s "${json[@]}" -d '{"command":"sh","args":["-c","sleep 98765 & sleep 98764"]}' "$base/v1/processes/run" &
asking=$!
wait_until 5 is_sleeping
kill "$asking"
wait_until 5 is_number 0 sleeping
is "$(sleeping)" 0 "a run whose client leaves is ended, with what it started"
kill "$server"
wait_until 5 gone "$server"

# --- commands
serve --max-commands 3 # the filter of sessions is one
acp_session streams
curl -sN "$base/v1/acp/streams" >/dev/null & readers=($!)
curl -sN "$base/v1/acp/streams" >/dev/null & readers+=($!)
streaming() { [ "$(count_of sa-events)" = "$1" ]; }
wait_until 5 streaming 2
GET /v1/acp/streams -H 'accept: text/event-stream'
is "$code" 409 "--max-commands: a stream too many is refused"
kill "${readers[0]}"
wait_until 5 streaming 1
curl -sN "$base/v1/acp/streams" >third & readers[0]=$!
wait_until 5 grep -q '^id: ' third
ok "until one of them ends" grep -q '^id: ' third
kill "${readers[@]}" || true
kill "$server"
wait_until 5 gone "$server"
serve --max-waiting 1
curl -s "${json[@]}" -d '{"command":"sleep","args":["60"]}' "$base/v1/processes/run" >/dev/null & slow=$!
wait_until 10 is_sleeping
waits() { GET /v1/processes; [ "$code" = 409 ]; }
wait_until 5 waits
is "$code" 409 "--max-waiting: a request too many for one command is refused"
GET /v1/sessions
is "$code" 200 "others have their own"
kill "$slow"
free() { GET /v1/processes; [ "$code" = 200 ]; }
wait_until 5 free
is "$code" 200 "until there is room"
kill "$server"
wait_until 5 gone "$server"
status 2 "none at all is refused" sa-serve --port 0 --max-commands 0

# --- an orderly stop with an agent that hears nothing
serve --stop-timeout 100ms
acp_session deaf
rpc deaf "$(prompt 'daemon 2')"
ok "there are processes of the agent" test "$(count_of sa-.*)" -gt 3
kill "$server"
wait_until 5 gone "$server"
ok "the server ends" gone "$server"
wait_until 20 is_number 0 count_of 'sa-.*'
is "$(count_of 'sa-.*')" 0 "its agents' trees a little later, by force"
done_testing
