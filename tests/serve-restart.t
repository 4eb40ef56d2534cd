#!/usr/bin/env bash
# The server is killed and started again: clients lose nothing.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need curl jq node

# --- a prompt and a stream that are under way, by curl
serve
acp_session long
curl -sN "$base/v1/acp/long" >stream &
reader=$!
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","cwd":"/","id":"people"}'
filter=$(pgrep -P "$server" sa-session)
files=$(open_files "$filter")
curl -s -D answer.head "${json[@]}" -d "$(prompt $'flood 5000\nwait 3s\nflood 5000\nsay done' 7)" "$base/v1/acp/long" >answer &
asking=$!
curl -s "${json[@]}" -d '{"text":"wait 3s; say slept"}' "$base/v1/sessions/people/prompt" >people &
asking_too=$!
wait_until 10 grep -q '"u 5000 "' stream
# A request that takes more than a moment leaves a key to its connection with its command.
has_keys() { [ "$(open_files "$filter")" -ge $((files + 2)) ]; }
wait_until 10 has_keys
kill -9 "$server"
wait_until 5 gone "$server"
SERVE_PORT=$port serve
is "${base##*:}" "$port" "the same address can be had at once"
wait "$asking" "$asking_too"
is "$(jq -r '[.id, .result.stopReason] | join(" ")' answer)" "7 end_turn" "a prompt that the old server took is answered"
like "$(tr -d '\r' <answer.head)" 'x-request-id' "by a whole answer"
is "$(jq -r '[.stopReason, .text] | join(" ")' people)" "end_turn slept" "a session's prompt too"
wait_until 10 grep -q '"id":7,' stream
is "$(sed -n 's/^id: //p' stream | awk '$1 != NR { holes++ } END { print holes + 0, (NR > 10000) }')" "0 1" "a stream goes on without a hole"
rpc long "$(prompt 'say again' 8)"
is "$(field .result.stopReason)" end_turn "the new server drives the same agent"
wait_until 5 grep -q '"id":8,' stream
ok "and what it does is in the old stream" grep -q '"id":8,' stream
last=$(sed -n 's/^id: //p' stream | tail -1)
curl -sN --max-time 1 -H "Last-Event-ID: $((last - 5))" "$base/v1/acp/long" >rest || true
is "$(sed -n 's/^id: //p' rest | tr '\n' ' ')" "$(seq -s ' ' $((last - 4)) "$last") " "a new stream takes up where one left"
DELETE /v1/acp/long
is "$code" 204 "it is closed by the new server"
wait "$reader"
ok "which ends the old stream" true
kill "$server"
wait_until 5 gone "$server"
wait_until 5 is_number 0 count_of 'sa-session'
is "$(count_of 'sa-session') $(count_of 'sa-events')" "0 0" "no command is left of either server"

# --- the official SDK in the middle of a long prompt
if with_sdk; then
	serve
	cp "$TOP/tests/sdk/restart.mjs" "$T/"
	node restart.mjs "$base" 10000 "$T/marker" >sdk.out 2>sdk.err &
	client=$!
	wait_until 20 test -e marker
	kill -9 "$server"
	wait_until 5 gone "$server"
	SERVE_PORT=$port serve
	wait "$client"
	is "$(cat sdk.out)" '{"stopReason":"end_turn","updates":10000,"inOrder":true,"next":"end_turn"}' \
		"the SDK ends with all of 10,000 updates, in order, and the prompt's result"
	is "$(cat sdk.err)" "" "and without a word about it"
else
	skip "the SDK in the middle of a long prompt" "the SDK cannot be had from npm"
fi
# --- an upload to a command that is under way: its half is not taken for the whole
whole=0
runs() { [ -n "$(ours | grep "$1")" ]; }
for _ in 1 2 3 4 5 6; do
	serve
	export port
	echo old >half
	perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ENV{port}) or die;
		print $s "POST /v1/commands/fs?args=%5B%22write%22,%22$ENV{T}/half%22%5D HTTP/1.1\r\nHost: localhost\r\n",
			"Content-Type: application/octet-stream\r\nContent-Length: 5000\r\n\r\n", "x" x 2000; $s->flush; sleep 60' &
	sender=$!
	wait_until 10 runs 'sa-fs$'
	kill -9 "$server"
	wait_until 10 eval '! runs "sa-relay$\|sa-fs$"'
	[ "$(cat half)" = old ] && whole=$((whole + 1))
	kill "$sender"
	wait "$sender" || true
done
is "$whole" 6 "what a killed server had of a file does not become the file"
done_testing
