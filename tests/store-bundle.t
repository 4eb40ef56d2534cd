#!/usr/bin/env bash
# Bundles made by somebody who means harm, with hashes that fit: nothing of them is stored, and what is there stays.
. "$(dirname "$0")/tap.sh"
need jq sqlite3
export SANDBOX_AGENT_STORE=sqlite:$T/from.db
sa-session new --agent mock --id one >/dev/null
sa-session prompt one "permission to go" --no-wait >/dev/null
sa-session wait one --until waiting >/dev/null
sa-session cancel one >/dev/null
sa-session wait one >/dev/null
sa-session close one
sa-store export one --plain >"$T/plain"
# Transcripts come out of the file as they come out of the store.
sa-store export one --no-redact -o "$T/one.sab"
for format in markdown html jsonl; do
	sa-events export one --format "$format" >"$T/from-store"
	SANDBOX_AGENT_STORE=sqlite:$T/untouched.db sa-events export --bundle "$T/one.sab" --format "$format" >"$T/from-file"
	ok "a bundle's $format transcript is the store's" cmp "$T/from-store" "$T/from-file"
done
like "$(sa-events export one --bundle - <"$T/one.sab")" "permission" "by name, from standard input"
status 3 "a session that is not in it is told" sa-events export two --bundle "$T/one.sab"
status 3 "so is a file that is not there" sa-events export --bundle "$T/nowhere"
head -n -1 "$T/plain" >"$T/cut"
status 2 "so is one that is cut off" sa-events export --bundle "$T/cut"
like "$(cat "$T/err")" "cut off" "in words"
is "$(ls "$TMPDIR"; ls "$T/untouched.db" 2>/dev/null)" "" "and nothing is left behind"
export SANDBOX_AGENT_STORE=sqlite:$T/to.db

# Lines on stdin as a bundle whose manifest fits.
seal() {
	cat >"$T/body"
	cat "$T/body"
	printf '{"type":"manifest","lines":%d,"sha256":"%s"}\n' "$(wc -l <"$T/body")" "$(sha256sum <"$T/body" | cut -d' ' -f1)"
}
change() { grep -v '"type":"manifest"' "$T/plain" | jq -c "$1" | seal; } # JQ
change . >"$T/same"
ok "a bundle that is sealed anew is a bundle" sa-store import "$T/same"
sa-session rm one
# Somebody else's rows, which no bundle may touch.
sa-session new --agent mock --id mine >/dev/null
sa-session prompt mine "permission for me" --no-wait >/dev/null
sa-session wait mine --until waiting >/dev/null
dump() { sqlite3 -cmd '.timeout 5000' "$T/to.db" 'select * from servers; select * from sessions; select * from events; select * from asks'; }
dump >"$T/before"
refused() { # NAME JQ
	change "$2" >"$T/hostile"
	status "${3:-2}" "refused: $1" sa-store import "$T/hostile"
	dump | cmp -s - "$T/before" && same=same || same=changed
	is "$same" same "... and nothing of it is stored"
}
event='select(.type=="event")'
last="(if .type==\"server\" then .lastIndex=4611686018427387904 else . end)"
refused "an index that belongs to another server's rows" "$last | ($event | .index)+=1099511627776"
refused "as many events as no store can have" "$last"
refused "a request on another server's row" '(select(.type=="request") | .index)+=1099511627776'
refused "a request for an event that is not there" '(select(.type=="request") | .index)+=100000'
refused "an event beyond the last" "($event | .index)+=100000"
refused "a negative index" "($event | .index)*=-1"
refused "a number that is none" "($event | .streamIndex)=\"many\""
refused "a time beyond all time" "($event | .atMs)=9007199254740991"
refused "the same event twice" "($event | .index)=3"
refused "an event without a payload" "($event) |= del(.payload)"
refused "an event of nobody" "($event) |= del(.serverUid)"
refused "a uid that is a path" 'if .uid then .uid="../../x" else . end | if .serverUid then .serverUid="../../x" else . end'
refused "an empty uid" 'if .uid then .uid="" else . end | if .serverUid then .serverUid="" else . end'
refused "a session id that means another one" 'if .type=="session" then .id="@last" else . end'
refused "a session id that means standard input" 'if .type=="session" then .id="-" else . end'
refused "a session id that moves the cursor" 'if .type=="session" then .id="a\u001b[2Jb" else . end'
refused "a session id that is a novel" 'if .type=="session" then .id=([range(2000)|"x"]|add) else . end'
refused "a session that is somebody's here" 'if .type=="session" then .id="mine" else . end' 4
uid=$(sqlite3 -cmd ".timeout 5000" "$T/to.db" "select uid from servers where id=(select v.id from servers v join sessions s on s.server_key=v.key where s.id='mine')")
refused "rows for an agent that runs here" "if .uid then .uid=\"$uid\" else . end | if .serverUid then .serverUid=\"$uid\" else . end" 4
is "$(sa-session show mine --json | jq -r .state)" waiting "whose session waits as it did"
grep -v '"type":"manifest"' "$T/plain" | grep -v '"type":"server"' | seal >"$T/hostile"
status 2 "refused: rows without their server" sa-store import "$T/hostile"
printf '{"type":"bundle","format":"sandbox-agent-bundle","version":1}\n%s\n' '[1,2]' | seal >"$T/hostile"
ok "lines that mean nothing are passed over" sa-store import "$T/hostile"

# What it says about this machine is not believed.
mkdir "$T/here"
change 'if .type=="session" then .cwd="/etc" else . end | if .type=="server" then .command=["/bin/sh","-c","touch /tmp/x"] | .cwd="/etc" | .state="running" | .supervisorPid=1 else . end' >"$T/hostile"
ok "a bundle that wants a folder and a command is read" sa-store import "$T/hostile" --cwd "$T/here"
is "$(sqlite3 -cmd ".timeout 5000" "$T/to.db" "select v.command || v.cwd || v.state || v.supervisor_pid || s.cwd from sessions s join servers v on v.key=s.server_key where s.id='one'")" \
	"[]$T/here"10"$T/here" "but gets neither"
sa-session close mine

# Secrets as ACP carries them.
SANDBOX_AGENT_STORE=sqlite:$T/secret.db
sa-session new --agent mock --id keys >/dev/null
sa-session close keys
payload='{"jsonrpc":"2.0","method":"session/new","params":{"mcpServers":[{"name":"m","env":[{"name":"GITHUB_TOKEN","value":"abc-1"},{"name":"PLAIN","value":"abc-2"}],"headers":[{"name":"Authorization","value":"abc-3"}]},{"env":[{"name":"DB_PASSWORD","value":"abc-4"},{"name":"SSH_KEY","value":"abc-5"}]}],"apiKey":"abc-6","value":"abc-7"}}'
sqlite3 -cmd ".timeout 5000" "$T/secret.db" "update events set payload='$payload' where seq=(select max(seq) from events)"
sa-store export keys --plain >"$T/redacted"
is "$(grep -o 'abc-[0-9]' "$T/redacted" | xargs)" "abc-2 abc-7" "secrets by the name in front of them are redacted, others stay"
is "$(jq -c 'select(.type=="manifest").redacted' "$T/redacted")" 5 "and counted"
done_testing
