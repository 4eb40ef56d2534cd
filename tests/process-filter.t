#!/usr/bin/env bash
# sa-process filter: the requests behind /v1/processes, and runs.
. "$(dirname "$0")/tap.sh"
need jq perl
export N=$$ # in the arguments of what must not be left: ours, and nobody else's

# A filter that goes on: ask REQUEST prints its answer.
mkfifo requests answers
start sh -c 'exec sa-process filter <requests >answers'
filter=$started
exec 7>requests 8<answers
ask() { printf '%s\n' "$1" >&7 && IFS= read -r line <&8 && printf '%s\n' "$line"; }
result() { ask "$1" | jq -c "${2:-.result}"; }
problem() { ask "$1" | jq -r '[.problem.status, (.problem.type | sub(".*:"; "")), (.problem.details | keys? | join(","))?] | map(tostring) | join(" ")'; }
run() { result "{\"op\":\"run\",\"body\":$1}" "${2:-.result}"; }
start_process() { result "{\"op\":\"start\",\"body\":$1}" .result.id | tr -d '"'; }
has_ended() { [ "$(result "{\"op\":\"show\",\"params\":{\"id\":\"$1\"}}" .result.status)" = '"exited"' ]; }
nobody_sleeps() { ! pgrep -f "sleep $1.$N" >/dev/null; }

is "$(run '{"command":"echo","args":["hello"]}' '.result | del(.durationMs)')" \
	'{"exitCode":0,"timedOut":false,"stdout":"hello\n","stderr":"","stdoutTruncated":false,"stderrTruncated":false}' \
	"a run answers output and exit code"
is "$(ask '{"ref":{"a":[1.50]},"op":"run","body":{"command":"true"}}' | sed 's/"status.*//')" '{"ref":{"a":[1.50]},' "the reference comes back as it was"
is "$(run '{"command":"sh","args":["-c","kill -9 $$"]}' '[.result.exitCode, .result.signal, .result.timedOut]')" '[null,"SIGKILL",false]' "a death by signal has no exit code but its name"
is "$(run '{"command":"wc","args":["-c"]}' .result.stdout)" '"0\n"' "standard input is empty"
is "$(run '{"command":"printf","args":["0123456789"],"maxOutputBytes":4}' '[.result.stdout, .result.stdoutTruncated, .result.stderrTruncated]')" '["0123",true,false]' "output is cut"
is "$(run '{"command":"printf","args":["aé€"],"maxOutputBytes":5}' .result.stdout)" '"aé"' "but no character in two"
is "$(run '{"command":"printf","args":["a\\377b"]}' .result.stdout)" '"a�b"' "bytes that are no text are replaced"
is "$(run '{"command":"echo","maxOutputBytes":0}' .result.stdout)" '""' "a limit of nothing keeps nothing"
is "$(run '{"command":"sh","args":["-c","echo $A-$B"],"env":{"A":"1","B":"x y"}}' .result.stdout)" '"1-x y\n"' "env is added"
is "$(run '{"command":"pwd","cwd":"/usr"}' .result.stdout)" '"/usr\n"' "cwd counts"
is "$(run '{"command":"tool","env":{"PATH":"'"$T"'"}}' .problem.status)" 404 "the PATH is the one of the command"
printf '#!/bin/sh\necho found\n' >tool && chmod +x tool
is "$(run '{"command":"tool","env":{"PATH":"'"$T"'"}}' .result.stdout)" '"found\n"' "there and nowhere else"
is "$(run '{"command":"sh","args":["-c","sleep 4711.$N & setsid sleep 4711.$N & (env -i setsid sleep 4711.$N &) ; sleep 4711.$N"],"timeoutMs":200}' '[.result.timedOut, .result.exitCode, .result.stderr]')" \
	'[true,null,""]' "a time-out is told"
ok "and ends all that it started" wait_until 5 nobody_sleeps 4711
run '{"command":"sh","args":["-c","setsid sleep 4712.$N >/dev/null 2>&1 & echo done"]}' >/dev/null
ok "what a run leaves behind is ended" wait_until 5 nobody_sleeps 4712
is "$(run '{"command":"head","args":["-c","20000000","/dev/zero"],"maxOutputBytes":1000}' '[(.result.stdout | length), .result.stdoutTruncated]')" '[1000,true]' "much output is drained"
is "$(printf '{"ref":%s,"op":"run","body":{"command":"sh","args":["-c","sleep 0.1; echo %s"]}}\n' 1 1 2 2 3 3 4 4 | sa-process filter | jq -r '[.ref, .result.stdout] | "\(.[0])\(.[1])"' | tr -d '\n' | fold -w2 | sort | tr '\n' ' ')" \
	"11 22 33 44 " "runs go on side by side, to the end of input"

for body in '{}' '{"command":""}' '{"command":" \t"}' '{"command":3}' '{"command":"x","args":"y"}' '{"command":"x","args":[1]}' \
	'{"command":"x","env":[]}' '{"command":"x","env":{"A":1}}' '{"command":"x","env":{"":"v"}}' '{"command":"x","env":{"A=B":"v"}}' \
	'{"command":"x","cwd":1}' '{"command":"x","timeoutMs":"soon"}' '{"command":"x","timeoutMs":-1}' '{"command":"a\u0000b"}' '[]' '7'; do
	is "$(problem "{\"op\":\"run\",\"body\":$body}")" "400 invalid_request" "refused to run: ${body//\\/\\\\}"
	is "$(problem "{\"op\":\"start\",\"body\":${body/timeoutMs/cols}}")" "400 invalid_request" "refused to start: ${body//\\/\\\\}"
done
is "$(problem '{"op":"run","body":{"command":"no-such"}}')" "404 not_found message" "an unknown program"
is "$(problem '{"op":"start","body":{"command":"no-such"}}')" "404 not_found message" "also as a process"
is "$(problem '{"op":"run","body":{"command":"true","cwd":"/no/such"}}')" "404 not_found message" "an unknown folder"
is "$(problem '{"op":"run","body":{"command":"/etc/passwd"}}')" "502 stream_error message" "a file that is no program"
is "$(problem "{\"op\":\"run\",\"body\":{\"command\":\"true\",\"args\":[\"$(head -c 200000 /dev/zero | tr '\0' x)\"]}}")" "502 stream_error message" "an argument that is too long"
is "$(problem "{\"op\":\"start\",\"body\":{\"command\":\"true\",\"args\":[\"$(head -c 200000 /dev/zero | tr '\0' x)\"]}}")" "400 invalid_request" "for a process too"
is "$(problem 'nonsense')" "400 invalid_request" "a line that is no request"
is "$(problem '{"op":"dance"}')" "400 invalid_request" "an unknown op"

# Processes.
cat=$(start_process '{"command":"cat"}')
is "$(result "{\"op\":\"input\",\"params\":{\"id\":\"$cat\"},\"body\":{\"data\":\"aGkK\"}}")" '{"bytesWritten":3}' "input is base64"
is "$(result "{\"op\":\"input\",\"params\":{\"id\":\"$cat\"},\"body\":{\"data\":\"ü\",\"encoding\":\"text\"}}")" '{"bytesWritten":2}' "or text"
is "$(result "{\"op\":\"input\",\"params\":{\"id\":\"$cat\"},\"body\":{\"data\":\"\",\"encoding\":null}}")" '{"bytesWritten":0}' "an encoding of null is none"
is "$(problem "{\"op\":\"input\",\"params\":{\"id\":\"none\"},\"body\":{\"data\":\"!\"}}")" "400 invalid_request" "junk is told before an unknown process"
is "$(problem "{\"op\":\"input\",\"params\":{\"id\":\"none\"},\"body\":{\"data\":\"\"}}")" "404 not_found id,resource" "which is told then"
is "$(problem "{\"op\":\"input\",\"params\":{\"id\":\"$cat\"},\"body\":{\"data\":\"00\",\"encoding\":\"hex\"}}")" "400 invalid_request" "an unknown encoding"
is "$(problem "{\"op\":\"input\",\"params\":{\"id\":\"$cat\"},\"body\":{\"data\":\"$(head -c 65537 /dev/zero | tr '\0' x)\",\"encoding\":\"text\"}}")" "413 invalid_request message" "too much at once"
is "$(result "{\"op\":\"input\",\"params\":{\"id\":\"$cat\"},\"body\":{\"data\":\"$(head -c 65535 /dev/zero | tr '\0' x)\\n\",\"encoding\":\"text\"}}")" '{"bytesWritten":65536}' "but not the limit"
is "$(result "{\"op\":\"input\",\"params\":{\"id\":\"$cat\"},\"body\":{\"close\":true}}")" '{"bytesWritten":0}' "input can be closed"
ok "which ends a process that reads it" wait_until 5 has_ended "$cat"
is "$(result "{\"op\":\"logs\",\"params\":{\"id\":\"$cat\"}}" '.result | [.processId, .stream, ([.entries[].data] | map(@base64d) | join("") | length)]')" "[\"$cat\",\"combined\",65540]" "and all of it arrived"
is "$(problem "{\"op\":\"input\",\"params\":{\"id\":\"$cat\"},\"body\":{\"data\":\"\"}}")" "409 conflict message" "an exited one takes none"
is "$(problem "{\"op\":\"resize\",\"params\":{\"id\":\"$cat\"},\"body\":{\"cols\":80,\"rows\":24}}")" "409 conflict message" "nor a size"
for op in show stop kill delete logs logs.follow attach; do
	is "$(problem "{\"op\":\"$op\",\"params\":{\"id\":\"nope\"}}")" "404 not_found id,resource" "$op of an unknown one"
done
is "$(problem "{\"op\":\"logs\",\"params\":{\"id\":\"$cat\",\"stream\":\"both\"}}")" "400 invalid_request" "an unknown stream"
is "$(problem "{\"op\":\"logs\",\"params\":{\"id\":\"$cat\",\"tail\":\"-1\"}}")" "400 invalid_request" "a tail below none"
is "$(problem "{\"op\":\"logs.follow\",\"params\":{\"id\":\"$cat\"},\"headers\":{\"last-event-id\":\"x\"}}")" "400 invalid_request" "a last event that is no number"
is "$(problem "{\"op\":\"logs\",\"params\":{\"id\":\"$cat\",\"follow\":\"yes\"}}")" "400 invalid_request" "following that is neither true nor false"
for limits in 5 '[]' '{"memory":1000000}' '{"pids":"5"}' '{"pids":0}'; do
	is "$(problem "{\"op\":\"start\",\"body\":{\"command\":\"true\",\"limits\":$limits}}")" "400 invalid_request" "limits $limits are none, and nothing starts without"
done
is "$(result '{"op":"start","body":{"command":"true","limits":null,"owner":null}}' .result.owner)" '"user"' "null is not given"
is "$(problem "{\"op\":\"attach\",\"params\":{\"id\":\"$cat\"}}")" "409 conflict message" "a terminal that is none"
tty=$(start_process '{"command":"sleep","args":["600"],"tty":true}')
is "$(problem "{\"op\":\"attach\",\"params\":{\"id\":\"$tty\",\"scrollback\":\"much\"}}")" "400 invalid_request" "a scrollback that is no size is told before the WebSocket is open"
is "$(result "{\"op\":\"kill\",\"params\":{\"id\":\"$tty\"}}" .result.status)" '"exited"' "(it is ended)"

stuck=$(start_process '{"command":"sleep","args":["600"]}')
ask "{\"op\":\"input\",\"params\":{\"id\":\"$stuck\"},\"body\":{\"data\":\"\"}}" >/dev/null
is "$(problem "{\"op\":\"delete\",\"params\":{\"id\":\"$stuck\"}}")" "409 conflict message" "a running one is not deleted"
is "$(problem "{\"op\":\"stop\",\"params\":{\"id\":\"$stuck\",\"waitMs\":\"soon\"}}")" "400 invalid_request" "waitMs is a number"
is "$(result "{\"op\":\"stop\",\"params\":{\"id\":\"$stuck\",\"waitMs\":\"3000\"}}" '[.result.status, .result.signal, .result.exitCode]')" '["exited","SIGTERM",null]' "stop answers the state"
is "$(result "{\"op\":\"kill\",\"params\":{\"id\":\"$stuck\"}}" .result.status)" '"exited"' "and is repeatable"
is "$(ask "{\"op\":\"delete\",\"params\":{\"id\":\"$stuck\"}}" | jq .status)" 204 "delete has nothing to say"

is "$(result '{"op":"config.set","body":{"maxConcurrentProcesses":1,"defaultRunTimeoutMs":900,"maxRunTimeoutMs":500,"maxOutputBytes":9,"maxLogBytesPerProcess":9,"maxInputBytesPerRequest":9}}' '[.result.defaultRunTimeoutMs, .result.maxOutputBytes]')" '[500,9]' "limits are set, the default within the greatest"
is "$(result '{"op":"config.get"}' .result.maxOutputBytes)" 9 "and kept"
is "$(run '{"command":"echo","args":["0123456789"],"maxOutputBytes":100}' .result.stdout)" '"012345678"' "a request cannot raise them"
is "$(problem '{"op":"config.set","body":{"maxConcurrentProcesses":1}}')" "400 invalid_request" "all six are wanted"

# Who leaves, and what is left.
sa-process config maxRunTimeoutMs=300000 defaultRunTimeoutMs=60000 >/dev/null
printf '{"ref":"long","op":"run","body":{"command":"sh","args":["-c","exec sleep 4713.$N"]}}\n' >&7
printf '{"op":"gone","params":{"of":"long"}}\n' >&7
ok "a run ends with its client" wait_until 5 nobody_sleeps 4713
printf '{"ref":1,"op":"run","body":{"command":"sh","args":["-c","setsid sleep 4714.$N & sleep 4714.$N"]}}\n' >&7
wait_until 5 pgrep -f "sleep 4714.$N"
one=$(sa-process start -- sleep 4715.$N | jq -r .id 2>/dev/null) || true
kill -9 "$(pgrep -P "$filter" -x sa-nest)"
ok "kill -9 of the nest leaves nothing of a run" wait_until 5 nobody_sleeps 4714
IFS= read -r line <&8
like "$line" '"ref":1.*stream_error' "and the run is answered"
is "$(run '{"command":"echo","args":["again"]}' .result.stdout)" '"again\n"' "the next run has a new one"
printf '{"ref":2,"op":"run","body":{"command":"sh","args":["-c","setsid sleep 4716.$N & sleep 4716.$N"]}}\n' >&7
wait_until 5 pgrep -f "sleep 4716.$N"
kill -9 "$filter"
ok "kill -9 of the filter leaves no run" wait_until 5 nobody_sleeps 4716
is "$(sa-process show "${one:-proc_0}" --json | jq -r .status)" running "but the processes"
sa-process kill --all >/dev/null

# An orderly end.
mine=$(printf '%s\n' '{"op":"start","body":{"command":"sh","args":["-c","trap \"\" TERM; sleep 4717.$N & wait; wait"]}}' | sa-process filter | jq -r .result.id)
is "$(sa-process show "$mine" --json | jq -r .status)" running "a process outlives its filter"
printf '{"op":"shutdown"}\n' | sa-process filter >/dev/null
is "$(sa-process show "$mine" --json | jq -r .status)" exited "the next one ends it when it is told to end"
ok "with all it started" nobody_sleeps 4717
exec 7>&- 8<&-
done_testing
