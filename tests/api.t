#!/usr/bin/env bash
# sa-api: what it sends, what it makes of answers. The server is a stand-in; tests/serve-cli.t has the real one.
. "$(dirname "$0")/tap.sh"
need perl

start "$TOP/tests/api/fake-server" "$T"
wait_until 5 test -s port || exit 1
export SANDBOX_AGENT_ENDPOINT=http://127.0.0.1:$(cat port)
asked() { cat asked; rm asked; }
answer() { printf '%s' "$1" >answer; }
api() { rm -f asked; sa-api "$@"; }

is "$(api health)" '{"ok":true}' "health prints the answer"
is "$(asked)" "GET /v1/health
accept: application/json" "... and asked for it"
is "$(api health --endpoint "$SANDBOX_AGENT_ENDPOINT/")" '{"ok":true}' "a slash at the end of the endpoint is no path"
is "$(head -1 asked)" "GET /v1/health" "... really"
api health --token s3cret >out
like "$(asked)" "authorization: Bearer s3cret" "--token"
printf 'from-file\n' >token
api health --token-file token >out
like "$(asked)" "authorization: Bearer from-file" "--token-file"
SANDBOX_AGENT_TOKEN=from-env api health >out
like "$(asked)" "authorization: Bearer from-env" "SANDBOX_AGENT_TOKEN"
SANDBOX_AGENT_TOKEN=from-env api health --no-token >out
unlike "$(asked)" "authorization" "--no-token sends none"
http_proxy=http://127.0.0.1:1 api health >out
is "$(head -1 asked)" "GET /v1/health" "no proxy between us and this machine"
start "$TOP/tests/api/fake-server" "$T" "unix:$T/sock"
wait_until 5 test -S sock || exit 1
is "$(api health --endpoint "unix:$T/sock")" '{"ok":true}' "a unix socket"

answer '{"b":1.50,"a":[],"c":{"d":"x\"{,}:"},"e":[12345678901234567890123]}'
is "$(api acp post --server-id 'a b%' --agent mock --json '{"x": 1}')" '{
  "b": 1.50,
  "a": [],
  "c": {
    "d": "x\"{,}:"
  },
  "e": [
    12345678901234567890123
  ]
}' "acp post prints the answer, indented, values untouched"
is "$(asked)" 'POST /v1/acp/a%20b%25?agent=mock
accept: application/json
content-type: application/json
content-length: 8
{"x": 1}' "... and posted the bytes"
printf '{"y":2}' >envelope
api acp post --server-id a --json-file envelope >out
is "$(tail -1 asked)" '{"y":2}' "--json-file"
api acp post --server-id a --json-file - <envelope >out
is "$(tail -1 asked)" '{"y":2}' "--json-file -"
for bad in "" "--json {} --json-file envelope" "--json {"; do
	status 1 "acp post $bad fails" api acp post --server-id a $bad
done
status 1 "an empty server id" api acp post --server-id '' --json '{}'
status 1 "a slash in it" api acp post --server-id a/b --json '{}'
status 1 "an empty agent" api acp post --server-id a --agent '' --json '{}'
status 2 "no server id" api acp post --json '{}'
not_ok "none of them was sent" test -e asked
rm answer
api acp close --server-id a >out
is "$(asked | head -1)" "DELETE /v1/acp/a" "acp close"
answer '{"servers":[{"serverId":"a"},
{"serverId":"b"}]}'
is "$(api acp list)" '{"serverId":"a"}
{"serverId":"b"}' "acp list: a line each"
rm answer

sa-api acp stream --server-id stream >stream.out &
pid=$!
ok "acp stream prints what comes" wait_until 5 grep -q '"n":1' stream.out
is "$(cat stream.out)" '{"n":1}
{"n": 2}' "... before the stream has ended, an event a line"
touch go
ok "... and ends with it" wait "$pid"
is "$(tail -2 stream.out)" 'not json
{"n":3}' "... with the rest, JSON or not"
api acp stream --server-id stream --last-event-id 7 >out
like "$(asked)" "GET /v1/acp/stream
accept: text/event-stream
last-event-id: 7" "--last-event-id"
is "$(sa-api acp stream --server-id sse-forever | head -1)" '{"n":1}' "whoever reads a stream may leave"
ok "... and the server is told" wait_until 5 test -s left
status 2 "a last event id that is no number" api acp stream --server-id a --last-event-id x

answer '{"agents":[{"id":"m","installed":true,"configOptions":[
  {"category":"model","currentValue":"b","options":[{"value":"b","name":"B"},{"value":"a-1","name":"A1"},{"value":"a","name":"A"}]},
  {"category":"thought_level","options":[{"value":"low","name":"Low"}]}]},{"id":"n"}]}'
is "$(api agents report | sed 's/"generatedAtMs": [0-9]*/"generatedAtMs": N/' | tr -d ' \n')" \
	"$(tr -d ' \n' <<END
{"generatedAtMs":N,"endpoint":"$SANDBOX_AGENT_ENDPOINT","agents":[
 {"id":"m","installed":true,"models":{"currentValue":"b","values":[{"value":"a","name":"A"},{"value":"a-1","name":"A1"},{"value":"b","name":"B"}]},
  "modes":{"values":[]},"thoughtLevels":{"values":[{"value":"low","name":"Low"}]}},
 {"id":"n","installed":false,"models":{"values":[]},"modes":{"values":[]},"thoughtLevels":{"values":[]}}]}
END
)" "agents report"
is "$(asked | head -1)" "GET /v1/agents?config=true" "... asked for the options"
like "$(api agents list --text)" "^m +installed .*
n +not installed" "agents list --text"
like "$(api agents list)" '"id": "m"' "agents list"
rm answer
api agents install 'x y' --reinstall --agent-version 1 --agent-process-version 2 >out
is "$(asked)" 'POST /v1/agents/x%20y/install
accept: application/json
content-type: application/json
content-length: 63
{"reinstall":true,"agentVersion":"1","agentProcessVersion":"2"}' "agents install"

api fs list '/a b&c' >out
is "$(asked | head -1)" "GET /v1/fs/entries?path=%2Fa%20b%26c" "fs list"
answer '[{"name":"x"},{"name":"y"}]'
is "$(api fs list)" '{"name":"x"}
{"name":"y"}' "... prints a line each"
printf 'a\0b\377' >answer
api fs read /f >bytes
ok "fs read prints the bytes" cmp bytes answer
rm answer
head -c 3000000 /dev/urandom >big
api fs write /f --file big >out
is "$(head -4 asked | tail -1)" "content-length: 3000000" "fs write --file"
api fs write /f <<<"text" >out
is "$(asked | head -1)" "PUT /v1/fs/file?path=%2Ff" "fs write, of standard input"
printf tar | api fs upload /d >out
like "$(asked)" "POST /v1/fs/upload-batch\?path=%2Fd
.*application/x-tar
tar" "fs upload"
api fs remove /d --recursive >out
is "$(asked | head -1)" "DELETE /v1/fs/entry?path=%2Fd&recursive=true" "fs remove"
api fs move a b --overwrite >out
is "$(tail -1 asked)" '{"from":"a","to":"b","overwrite":true}' "fs move"
api fs mkdir a >out
is "$(asked | head -1)" "POST /v1/fs/mkdir?path=a" "fs mkdir"

answer '{"exitCode":7,"timedOut":false,"stdout":"out\n","stderr":"err\n"}'
status 7 "processes run: the exit status is the program's" api processes run --cwd /w --env A=b=c --run-timeout 2s -- prog -x
is "$(cat out) $(cat err)" "out err" "... and so is what it prints"
is "$(tail -1 asked)" '{"command":"prog","args":["-x"],"cwd":"/w","env":{"A":"b=c"},"timeoutMs":2000}' "... sent as it was given"
is "$(api processes run --json -- prog)" "$(cat answer)" "--json prints the answer"
answer '{"exitCode":null,"timedOut":true,"stdout":"","stderr":""}'
status 6 "a run that takes too long" api processes run -- prog
answer '{"exitCode":null,"timedOut":false,"stdout":"","stderr":""}'
status 1 "a run that a signal ends" api processes run -- prog
rm answer
status 2 "--env without a name" api processes run --env =x -- prog
api processes start --tty --interactive -- sh >out
is "$(tail -1 asked)" '{"command":"sh","args":[],"env":{},"tty":true,"interactive":true}' "processes start"
api processes stop proc_1 --wait 1500ms >out
is "$(asked | head -1)" "POST /v1/processes/proc_1/stop?waitMs=1500" "processes stop"
api processes kill proc_1 --wait off >out
is "$(asked | head -1)" "POST /v1/processes/proc_1/kill?waitMs=0" "not to wait is a wish, too"
api processes input proc_1 hello there >out
is "$(tail -1 asked)" "{\"data\":\"$(printf 'hello there\n' | base64)\",\"encoding\":\"base64\"}" "processes input"
printf 'a\0' | api processes input proc_1 >out
is "$(tail -1 asked)" '{"data":"YQA=","encoding":"base64"}' "... of standard input"
api processes logs proc_1 --stream stdout --tail 5 --since 2 --follow >out
is "$(head -1 asked)" "GET /v1/processes/proc_1/logs?stream=stdout&tail=5&since=2&follow=true" "processes logs --follow"
is "$(head -1 out)" '{"n":1}' "... prints events"

is "$(printf '\1\2' | api request PUT /echo/x --file - | od -An -tx1)" " 01 02" "request: any body, the answer's bytes"
is "$(api request POST /echo --json '[1]')" "[1]" "request --json"
status 2 "request wants a path" api request GET echo
status 2 "... without blanks" api request GET '/a b HTTP/1.1'
status 2 "request --json wants JSON" api request POST /x --json '{'

status 4 "a problem has its kind's status" api request GET /status/409
is "$(cat err)" '{
  "type": "urn:sandbox-agent:error:conflict",
  "title": "Conflict",
  "status": 409,
  "detail": "words"
}
sa-api: unexpected http status: 409 Conflict' "... and is printed as the reference does it"
answer '{"type":"urn:sandbox-agent:error:invalid_request","title":"Invalid Request","status":400,"detail":"no"}'
status 1 "the server's invalid_request is no usage error of ours" api request GET /status/400
status 3 "an unknown route is not found" api request GET /status/404
rm answer
status 4 "--json: the problem" api request GET /status/409 --text
for row in "401 5" "403 5" "404 3" "409 4" "413 1" "418 1" "500 8" "502 8" "504 6"; do
	status "${row#* }" "text with ${row% *}" api request GET "/plain/${row% *}"
done
like "$(cat err)" "http status 504 Gateway Timeout" "... is told in words"
is "$(api request GET /empty)" "" "nothing prints nothing"
status 8 "half an answer" api request GET /cut
status 1 "a verb of the reference: 1" sa-api agents list --endpoint http://127.0.0.1:1
status 1 "... in whatever way it fails" api acp post --server-id x --agent mock --json '{}' --endpoint "$SANDBOX_AGENT_ENDPOINT/status/409?"
status 8 "nobody there" sa-api health --endpoint http://127.0.0.1:1
like "$(cat "$T/err")" "sa-daemon start" "and how to start one"
like "$(cat err)" "http://127.0.0.1:1: .*onnect" "... says where and why"
is "$(timeout 5 sa-api request GET /sse-forever | head -1)" ": hello" "request prints what comes, too"
status 6 "--timeout" sa-api request GET /sse-forever --timeout 200ms
not_ok "a lost write is no success" bash -c 'sa-api health >/dev/full'
status 2 "an endpoint that is none" sa-api health --endpoint ftp://x
status 2 "no verb" sa-api
status 2 "an unknown second word" sa-api agents frob
status 2 "too few operands" sa-api fs move a
status 2 "too many" sa-api agents list x
done_testing
