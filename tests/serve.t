#!/usr/bin/env bash
# sa-serve: how it listens, whom it admits, how it answers; without any command behind it.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need curl jq

serve
like "$(cat serve.err)" 'no token is wanted' "an open server says so"
GET /
is "$code $(field .name)" "200 Sandbox Agent" "/ names the service"
GET /v1/health
is "$(body)" '{"status":"ok"}' "health is exactly that"
like "$(header vary)" 'origin' "answers vary by origin"
like "$(header x-request-id)" '^[0-9a-z]+-[0-9]+$' "each has an id"
is "$(curl -sI "$base/v1/health" | tr -d '\r' | sed -n 's/^content-length: //p')" 15 "HEAD tells the length"
POST /v1/health
is "$code $(header allow)" "405 GET, HEAD, OPTIONS" "another method is 405 with what is allowed"
is "$(field .type)" "urn:sandbox-agent:error:invalid_request" "as a problem"
is "$(header content-type)" application/problem+json "with its type"
GET /v1/nothing
is "$code $(field .title)" "404 Not Found" "an unknown path is 404"
for path in /v1/health/ //v1/health /v1 /v1/ /V1/health /v1/agents/ /v1/acp/ '/v1/%68ealth' /v1/./health; do
	GET "$path" --path-as-is
	is "$code" 404 "$path is another path"
done
GET "/v1/fs/stat?path=%zz"
is "$code" 400 "a broken escape is 400"
GET "/v1/fs/stat?path=%ff"
is "$code" 400 "so is what is not UTF-8"
GET "/v1/fs/stat?path=a&path=b"
is "$code" 400 "and a parameter that comes twice"
GET "/v1/fs/stat?path=a%00b"
is "$code" 400 "and NUL"

printf 0123456789 >"$HOME/ten"
GET /v1/fs/file?path=ten -H 'range: bytes=3-5'
is "$code $(header content-range) $(body)" "206 bytes 3-5/10 345" "a part of a file"
GET /v1/fs/file?path=ten -H 'range: bytes=10-'
is "$code $(header content-range) $(header content-type)" "416 bytes */10 application/problem+json" "a part that it has not, and its size"

# Conditions (RFC 9110 13.2): all of them count, a list's lines together.
is "$(curl -sI -H 'range: bytes=0-3' "$base/v1/fs/file?path=ten" | tr -d '\r' | sed -n 's/^HTTP.* \([0-9]*\) .*/\1/p; s/^content-length: //p' | xargs)" "200 10" "HEAD has no ranges"
tag=$(curl -sI "$base/v1/fs/file?path=ten" | tr -d '\r' | sed -n 's/^etag: //p')
old='Sun, 06 Nov 1994 08:49:37 GMT' new='Sunday, 06-Nov-44 08:49:37 GMT'
while read -r status method what condition; do
	header=()
	IFS='|' read -ra lines <<<"$condition"
	for line in "${lines[@]}"; do header+=(-H "$line"); done
	ask "$method" "/v1/fs/$what?path=ten" "${header[@]}" -d 0123456789
	is "$code" "$status" "$method $what, $condition"
done <<-END
	412 GET file If-Match: "other"
	200 GET file If-Match: "other"|If-Match: $tag
	304 GET file If-None-Match: "other"|If-None-Match: $tag
	304 GET file If-Modified-Since: $new
	200 GET file If-Modified-Since: $old
	200 GET file If-Modified-Since: some day
	200 GET file If-Modified-Since: $new|If-None-Match: "other"
	412 GET file If-Unmodified-Since: $old
	200 GET file If-Unmodified-Since: $old|If-Match: $tag
	412 PUT file If-Unmodified-Since: $old
	412 PUT file If-None-Match: "other"|If-None-Match: $tag
	200 PUT file If-Unmodified-Since: $new|If-Modified-Since: $new
	412 DELETE entry If-Match: "other"
	412 DELETE entry If-Unmodified-Since: $old
	412 DELETE entry If-None-Match: *
	200 DELETE entry If-Unmodified-Since: $new
	200 PUT file If-Unmodified-Since: $old
END

POST /v1/processes "${json[@]}" -d '{"command":"true"}'
process=$(field .id)
GET "/v1/processes/$process/logs?follow=yes"
is "$code $(field .type)" "400 urn:sandbox-agent:error:invalid_request" "whoever would follow a log and says it wrongly is told"
GET "/v1/processes/$process/logs?fo%6clow=%74rue"
is "$code $(header content-type)" "200 text/event-stream" "escapes are as good as what they stand for"

POST /v1/acp/x -H 'content-type: text/plain' -d '{}'
is "$code $(field .type)" "415 urn:sandbox-agent:error:unsupported_media_type" "JSON must say that it is"
POST /v1/acp/x "${json[@]}" -H 'accept: text/html' -d '{}'
is "$code $(field .title)" "406 Not Acceptable" "what a client will not take is not made"
POST /v1/acp/x "${json[@]}" -d '{"a":'
is "$code" 400 "broken JSON is 400"
POST /v1/acp/x "${json[@]}" -d ''
is "$code" 400 "no body is no JSON"
POST /v1/fs/upload-batch -H 'content-type: application/json' -d '{}'
is "$code" 400 "an upload must be a tar"
GET /v1/processes/p/terminal/ws
is "$code $(header upgrade)" "426 websocket" "a terminal wants an upgrade"

# --- who may ask without a token
GET /v1/acp -H 'Host: evil.example'
is "$code $(field .type)" "403 urn:sandbox-agent:error:permission_denied" "a foreign Host is refused (DNS rebinding)"
GET /v1/acp -H 'Host: 127.1'
is "$code" 403 "an odd form of loopback too"
GET /v1/acp -H 'Origin: http://evil.example'
is "$code" 403 "a foreign page may not read"
POST /v1/acp/x "${json[@]}" -H 'Origin: null' -d '{}'
is "$code" 403 "nor one without an origin change anything"
GET /v1/health -H 'Origin: http://evil.example'
is "$code" 200 "it may learn that a server is there"
OPTIONS=$(curl -s -o /dev/null -D - -X OPTIONS -H 'Origin: http://evil.example' -H 'access-control-request-method: POST' "$base/v1/acp/x" | tr -d '\r')
like "$OPTIONS" '403' "and a preflight of a foreign page is refused"
GET /v1/acp -H 'Origin: http://localhost:3000'
unlike "$code" '403' "a page of this machine may ask"

# --- pipelining, 100-continue, the end of a connection
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\nHEAD /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /no HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n' >&3
is "$(grep -ao 'HTTP/1.1 [0-9]*' <&3 | wc -l)" 3 "pipelined requests are answered in order until the one that closes"
exec 3>&-
is "$(printf 'POST /v1/acp/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n' |
	{ cat; sleep 0.2; printf '{x}'; } | sa-serve --inetd --no-token | grep -a '^HTTP' | tr -d '\r' | tr '\n' ' ')" \
	"HTTP/1.1 100 Continue HTTP/1.1 400 Bad Request " "100-continue is said before the body comes"
is "$(printf 'POST /v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n' |
	sa-serve --inetd --no-token | grep -a '^HTTP' | tr -d '\r')" "HTTP/1.1 404 Not Found" "and not for what is refused"
printf 'GET / HTTP/1.0\r\n\r\n' | sa-serve --inetd --no-token >one
like "$(cat one)" '^HTTP/1.1 200 .*connection: close' "one connection on standard input, HTTP/1.0"
status 2 "--inetd wants a socket or a pipe" sa-serve --inetd --no-token </dev/null
kill -TERM "$server"
wait_until 5 gone "$server"
ok "SIGTERM ends it" gone "$server"

# --- the token
printf ' top-secret \n' >token
serve --token-file token --cors-allow-origin https://app.example -O http://two.example -M GET -M PUT -A x-one
GET /v1/health
is "$code $(field .type) $(field .details.message | wc -w)" "401 urn:sandbox-agent:error:token_invalid 7" "no token is 401"
GET /v1/health -H 'Authorization: Bearer top-secret'
is "$code" 200 "the right one is let in"
for bad in 'Bearer top-secre' 'Bearer top-secret1' 'bearer top-secret' 'Bearer  top-secret' 'top-secret' 'Basic top-secret' 'Bearer'; do
	GET /v1/health -H "Authorization: $bad"
	is "$code" 401 "'$bad' is not"
done
GET '/v1/health?access_token=top-secret'
is "$code" 401 "access_token is for WebSockets alone"
GET '/v1/processes/none/terminal/ws?access_token=top-secret'
is "$code" 426 "and there it counts"
GET /v1/processes/none/terminal/ws -H "Sec-WebSocket-Protocol: sandbox-agent, sandbox-agent.token.$(printf top-secret | base64 | tr -d =)"
is "$code" 426 "... and so does a subprotocol that has it"
GET /v1/processes/none/terminal/ws -H "Sec-WebSocket-Protocol: sandbox-agent.token.$(printf top-secre | base64 | tr -d =), sandbox-agent.token."
is "$code" 401 "... unless it is another"
GET /v1/health -H "Sec-WebSocket-Protocol: sandbox-agent.token.$(printf top-secret | base64 | tr -d =)"
is "$code" 401 "... or for something else"
POST /v1/health
is "$code" 401 "401 comes before 405"
GET /v1/nothing
is "$code" 404 "an unknown path is 404 for anybody"
GET /
is "$code" 200 "/ needs no token"
GET /v1/health -H 'Authorization: Bearer top-secret' -H 'Host: box.example'
is "$code" 200 "with a token any Host will do"
GET /v1/health -H 'Authorization: Bearer top-secret' -H 'Origin: https://app.example'
is "$(header access-control-allow-origin)" https://app.example "an allowed origin is echoed"
GET /v1/nothing -H 'Origin: http://two.example'
is "$(header access-control-allow-origin)" http://two.example "on errors too"
for origin in https://app.example:8443 http://app.example https://APP.example https://evil.example; do
	GET / -H "Origin: $origin"
	is "$(header access-control-allow-origin)" "" "$origin is another one"
done
DELETE '/v1/fs/entry?path=x' -H 'Authorization: Bearer top-secret' -H 'Origin: https://evil.example'
is "$code" 403 "a foreign page changes nothing, even with the token"
ask OPTIONS /v1/fs/file -H 'Origin: https://app.example'
is "$code $(header access-control-allow-methods) $(header access-control-allow-headers)" "200 GET,PUT x-one" "a preflight is told what the options say"
unlike "$(tr '\0' ' ' <"/proc/$server/cmdline")" 'top-secret' "the token is not to be seen in ps"
kill "$server"

SANDBOX_AGENT_TOKEN=from-environment serve
GET /v1/health -H 'Authorization: Bearer from-environment'
is "$code" 200 "SANDBOX_AGENT_TOKEN is a token"
kill "$server"
serve --token on-the-line --no-token
unlike "$(tr '\0' ' ' <"/proc/$server/cmdline")" 'on-the-line' "--token is wiped from the command line"
GET /v1/health
is "$code" 401 "a token beats --no-token"
kill "$server"

status 2 "another address is not served without a token" sa-serve --host 0.0.0.0 --port 0
like "$(cat err)" '--token-file' "and it says what to add"
status 2 "an empty token is refused" sa-serve --token ''
status 2 "so are credentials for everybody" sa-serve -O '*' -C --port 0
status 2 "and an operand" sa-serve --port 0 extra
serve --host 0.0.0.0 --no-token --allow-host box.example
base=http://127.0.0.1:$port
GET /v1/health -H 'Host: box.example'
is "$code" 200 "--allow-host is a name of ours"
GET /v1/health -H 'Host: 10.1.2.3:99'
is "$code" 200 "a public server goes by any number"
GET /v1/health -H 'Host: other.example'
is "$code" 403 "but not by any name"
status 1 "a taken port is told" sa-serve --port "$port" --host 0.0.0.0 --no-token
like "$(cat err)" 'Address already in use' "in words on the terminal"
kill "$server"

# --- other ways to listen
: >serve.err
start bash -c 'exec sa-serve --unix "$T/s" 2>"$T/serve.err"'
wait_until 5 test -S "$T/s"
is "$(stat -c %a s)" 600 "a unix socket is its owner's"
is "$(curl -s --unix-socket s http://any.name/v1/health)" '{"status":"ok"}' "and is served, by any name"
kill -9 "$started"
wait_until 5 gone "$started"
start bash -c 'exec sa-serve --unix "$T/s" 2>"$T/serve.err"'
wait_until 5 curl -s --unix-socket s http://x/
is "$(curl -s --unix-socket s http://x/v1/health)" '{"status":"ok"}' "a socket file that is left over is replaced"
status 1 "one that is in use is not" sa-serve --unix s
kill "$started"
wait_until 5 gone "$started"
not_ok "the file goes with an orderly stop" test -e s

# Sockets that are activated: as systemd does it, by perl.
start perl -MIO::Socket::INET -MIO::Socket::UNIX -MPOSIX -e '
	my $tcp = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 0) or die;
	my $unix = IO::Socket::UNIX->new(Listen => 5, Local => "$ENV{T}/a") or die;
	open my $out, ">", "$ENV{T}/tcp-port"; print $out $tcp->sockport, "\n"; close $out;
	my ($t, $u) = (fcntl($tcp, F_DUPFD, 20), fcntl($unix, F_DUPFD, 21));
	dup2($t, 3); dup2($u, 4);
	$ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 2;
	open STDERR, ">", "$ENV{T}/activated.err";
	exec "sa-serve"' --
wait_until 5 grep -q unix: activated.err
is "$(curl -s "http://127.0.0.1:$(cat tcp-port)/v1/health")" '{"status":"ok"}' "LISTEN_FDS: a TCP socket"
is "$(curl -s --unix-socket a http://x/v1/health)" '{"status":"ok"}' "LISTEN_FDS: a unix socket"
is "$(grep -c listening activated.err)" 2 "and no other address"
kill "$started"
# inetd: a connection on descriptor 0 of an accepted socket is found out.
is "$(perl -MIO::Socket::INET -e '
	my $l = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 0) or die;
	my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $l->sockport) or die;
	my $s = $l->accept;
	if (!fork) { open STDIN, "<&", $s; open STDOUT, ">&", $s; exec "sa-serve" }
	close $s; print $c "GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	local $/; print <$c>' | tail -1)" '{"status":"ok"}' "a connection from inetd needs no option"

# --- the log
serve --access-log access --token abc
GET '/v1/acp?x=1&access_token=very-secret' -H 'Authorization: Bearer abd'
wait_until 5 test -s access
is "$(jq -r '[.method, .target, .status, (.requestId | type)] | join(" ")' access)" \
	"GET /v1/acp?x=1&access_token=... 401 string" "a request is a JSON line, without its token"
is "$(stat -c %a access)" 600 "the log is its owner's"
kill "$server"
SANDBOX_AGENT_LOG_HTTP=1 SANDBOX_AGENT_LOG_DIR=$T/logs SANDBOX_AGENT_LOG_HTTP_HEADERS=1 serve --token abc
GET /v1/health -H 'Authorization: Bearer abc' -H 'X-Mine: yes' -H 'Sec-WebSocket-Protocol: sandbox-agent.token.YWJj'
kill "$server"
wait_until 5 gone "$server"
is "$(jq -r '.headers | [.["X-Mine"], .Authorization, .["Sec-WebSocket-Protocol"]] | join(" ")' logs/log-*)" "yes ... ..." "SANDBOX_AGENT_LOG_*: where, and with headers"
done_testing
