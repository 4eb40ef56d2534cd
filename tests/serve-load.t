#!/usr/bin/env bash
# Many idle connections, many streams, a slow reader: nobody is lost, and afterwards everything is
# as it was.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need curl jq perl

IDLE=1000 STREAMS=256
serve
export port
acp_session load
GET "/v1/fs/stat?path=/"
wait_until 5 is_number 2 children_of "$server"
files=$(open_files "$server") children=$(children_of "$server") memory=$(resident_kb "$server")

# --- idle connections
perl -MIO::Socket::INET -e '
	my @s = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ENV{port}) or die "$_: $!" } 1 .. $ARGV[0];
	open my $f, ">", "$ENV{T}/connected"; close $f;
	select undef, undef, undef, 0.05 until -e "$ENV{T}/leave"' $IDLE &
clients=$!
wait_until 20 test -e connected
all_there() { [ "$(open_files "$server")" -ge $((files + IDLE)) ]; }
wait_until 10 all_there
is "$(($(open_files "$server") - files))" $IDLE "$IDLE idle connections are kept"
GET /v1/health
is "$code" 200 "and others are served beside them"
is "$((($(resident_kb "$server") - memory) / IDLE < 4))" 1 "for less than 4 KiB each"
: >leave
wait "$clients"
wait_until 10 is_number "$files" open_files "$server"
is "$(open_files "$server")" "$files" "and given back"

# --- uploads that wait together: more than there may be descriptors on the way
filter=$(pgrep -P "$server" -x sa-fs)
kill -STOP "$filter"
perl -MIO::Socket::INET -e '
	my @s = map { my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ENV{port}) or die; print $s "PUT /v1/fs/file?path=many/$_ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\n" . sprintf "%05d", $_; $s } 1 .. 300;
	open my $f, ">", "$ENV{T}/sent"; close $f;
	for my $s (@s) { my $answer = join "", <$s>; print $answer =~ m{^HTTP/1.1 200 .*"bytesWritten":5}s ? "good\n" : $answer }' >answers &
clients=$!
wait_until 20 test -e sent
busy() { GET /metrics; [ "$(body | sed -n 's/^sandbox_agent_http_connections //p')" -ge 300 ]; }
wait_until 20 busy
kill -CONT "$filter"
wait "$clients"
is "$(sort answers | uniq -c | tr -s ' ')" " 300 good" "small uploads that wait together all get there"
is "$(cat "$HOME"/many/* | fold -w 5 | sort -n | uniq | wc -l)" 300 "each in its file"
rm -r "$HOME/many"

# --- streams
readers=()
for ((i = 0; i < STREAMS; i++)); do
	curl -sN "$base/v1/acp/load" >"stream.$i" &
	readers+=($!)
done
streaming() { [ "$(grep -l '^id: 2$' stream.* | wc -l)" = $STREAMS ]; }
wait_until 60 streaming
is "$(($(children_of "$server") - children))" $STREAMS "$STREAMS streams are a command each"
rpc load "$(prompt 'flood 200 100' 9)"
is "$code $(field .result.stopReason)" "200 end_turn" "a prompt is answered beside them"
complete() { [ "$(grep -l '"id":9,' stream.* | wc -l)" = $STREAMS ]; }
wait_until 60 complete
is "$(sed -n 's/^id: //p' stream.* | sort -n | uniq -c | awk -v n=$STREAMS '$1 != n { bad++ } END { print bad + 0, (NR > 200) }')" "0 1" "each has each event once"
kill "${readers[@]}"
wait "${readers[@]}" 2>/dev/null || true
wait_until 30 is_number "$children" children_of "$server"
is "$(children_of "$server")" "$children" "their commands end with them"
wait_until 10 is_number "$files" open_files "$server"
is "$(open_files "$server")" "$files" "no descriptor is left"

# --- a slow reader beside a fast one
perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ENV{port}) or die;
	setsockopt $s, SOL_SOCKET, SO_RCVBUF, 65536;
	print $s "GET /v1/acp/load HTTP/1.1\r\nHost: localhost\r\n\r\n"; $s->flush;
	open my $out, ">", "$ENV{T}/slow";
	sysread $s, my $piece, 2000; print $out $piece;
	select undef, undef, undef, 0.05 until -e "$ENV{T}/go";
	my $tail = "";
	while (sysread $s, $piece, 65536) {
		print $out $piece;
		last if ($tail . $piece) =~ /"id":10,/;
		$tail = substr $piece, -20;
	}' &
slow=$!
curl -sN "$base/v1/acp/load" >fast &
fast=$!
rpc load "$(prompt 'flood 20000 500' 10)"
is "$code" 200 "a reader that takes nothing does not hold up the agent"
wait_until 30 grep -q '"id":10,' fast
ok "nor a fast reader" grep -q '"id":10,' fast
follower=$(pgrep -P "$server" sa-events | head -1)
is "$(($(resident_kb "$follower") < 30000))" 1 "what it has missed is in nobody's memory"
: >go
wait "$slow"
is "$(sed -n 's/^id: //p' slow | awk 'NR > 1 && $1 != last + 1 { holes++ } { last = $1 } END { print holes + 0, (NR > 20000) }')" "0 1" "and it gets all of it later"
kill "$fast"
is "$((($(resident_kb "$server") - memory) < 4096))" 1 "the server has not grown"
done_testing
