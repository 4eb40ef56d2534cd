#!/usr/bin/env bash
# --on-ask: a program is asked before people are; what it decides, and what happens when it cannot.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 curl
at() { jq -r "$1" <"$T/body"; } # in the last HTTP answer

cat >hook <<'END'
#!/bin/sh
request=$(cat)
printf '%s\n' "$request" >>"$HOME/requests"
words=$(printf '%s' "$request" | jq -r '.payload.params.toolCall.title // .payload.params.message')
case $words in
yes*) echo '{"decision":"allow","reason":"fine by me"}' ;;
no*) echo '{"decision":"deny"}' ;;
42*) echo '{"action":"accept","content":{"answer":"42"}}' ;;
wrong*) echo '{"decision":"perhaps"}' ;;
words*) echo yes ;;
fails*) echo "cannot reach anybody" >&2; exit 3 ;;
hangs*) sleep 300 & echo $! >"$HOME/sleeper"; wait ;;
ask*) echo '{"decision":"ask"}' ;;
esac
END
chmod +x hook
run() { timeout 30 sa-session run --agent mock --on-ask ./hook "$@"; }
out() { run "$@" 2>/dev/null || echo "status $?"; }
last() { sa-session pending --settled --json | tail -1 | jq -r '"\(.state) \(.settledBy) \(.reason)"'; }
failure() { sa-events show @last --json | jq -r 'select(.payload.method=="_adapter/hook_failed").payload.params.reason'; }
# Not attended and without a decision: rejected at once, and the run ends with 6.
alone=(--ask-unattended reject)

# --- what it decides ---------------------------------------------------------------------------
is "$(out "${alone[@]}" "permission yes")" "permission: allow-once" "a hook allows"
is "$(last)" "answered hook fine by me" "and the record says who and why"
is "$(jq -r '"\(.method) \(.state) \(.cwd) \(.payload.params.toolCall.title)"' home/requests)" \
	"session/request_permission open $T yes" "it has read the request"
is "$(jq -r .id home/requests)" "$(sa-session pending --settled --json | jq -r .id)" "under the id that it has"
is "$(out "permission no")" "permission: reject-once" "a hook denies"
is "$(out "question 42?")" 'question: accept {"answer":"42"}' "it answers a question"
is "$(out --read-only "permission yes")" "permission: reject-once" "a policy is asked first"
is "$(last | cut -d' ' -f1-2)" "answered policy" "and decides"

# --- when it does not --------------------------------------------------------------------------
rejected="permission: reject-once,status 6"
is "$(out "${alone[@]}" "permission ask" | paste -sd,)" "$rejected" "it may leave a request to people"
is "$(failure)$(last)" "expired unattended nobody is attached" "which is no failure"
is "$(out "${alone[@]}" "permission silent" | paste -sd,)" "$rejected" "so it may by printing nothing"
is "$(out "${alone[@]}" "permission fails" | paste -sd,)" "$rejected" "one that fails decides nothing"
is "$(failure)" "exited with status 3: cannot reach anybody" "and the record says why"
like "$(sa-events show @last --text)" "-- the hook failed: exited with status 3.*-- nobody answered: nobody is attached" "in words, too"
is "$(out "${alone[@]}" "permission words" | paste -sd,)" "$rejected" "nor does one that prints words"
is "$(failure)" "it did not print one JSON object" "and that is told"
is "$(out "${alone[@]}" "permission wrong" | paste -sd,)" "$rejected" "nor one with an answer that is none"
like "$(failure)" "'perhaps' is no answer to this permission" "and that is told"
is "$(out "${alone[@]}" --on-ask-timeout 300ms "permission hangs" | paste -sd,)" "$rejected" "nor one that takes too long"
is "$(failure)" "no decision in 300 ms" "and that is told"
# On a slow machine it had not started anything yet.
ok "what it started is gone" wait_until 10 is_dead "$(cat home/sleeper 2>/dev/null || echo none)"
status 3 "a program that does not exist" run --on-ask ./none "say x"

# --- whoever is quicker -------------------------------------------------------------------------
sa-session new --agent mock --id s --on-ask "$T/hook" >/dev/null
hangs() { # until the hook is at it
	rm -f home/sleeper
	sa-session prompt s --no-wait "permission hangs" >/dev/null
	wait_until 10 test -s home/sleeper
}
hangs
ok "a person may answer meanwhile" sa-session approve s --as alice
sa-session wait s --timeout 10s >/dev/null
is "$(last)" "answered alice null" "who counts then"
ok "and the hook is ended" wait_until 10 is_dead "$(cat home/sleeper)"
hangs
sa-session cancel s
is "$(last | cut -d' ' -f1-2)" "cancelled cancel" "a cancel counts, too"
ok "and ends the hook" wait_until 10 is_dead "$(cat home/sleeper)"

# --- whoever is killed ---------------------------------------------------------------------------
hangs
kill_supervisor s
ok "the supervisor is killed: the hook ends with it" wait_until 10 is_dead "$(cat home/sleeper)"
is "$(sa-session pending s --all --json | tail -1 | field .state)" lost "and its request is lost"
sa-session resume s >/dev/null
sa-session prompt s "permission yes" >/dev/null
is "$(last)" "answered hook fine by me" "a resumed session has its hook again"

# --- for a whole server --------------------------------------------------------------------------
status 3 "a server with a bad hook does not start" sa-serve --port 0 --on-ask ./none
serve --on-ask ./hook
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","askUnattended":"reject"}'
POST "/v1/sessions/$(at .id)/prompt" "${json[@]}" -d '{"text":"permission yes"}'
is "$(at .text)" "permission: allow-once" "sa-serve --on-ask is for sessions over REST"
rpc proxy "$(message initialize '{"protocolVersion":1,"clientCapabilities":{}}')" "?agent=mock"
rpc proxy "$(message session/new "{\"cwd\":\"$T\",\"mcpServers\":[]}" 2)"
rpc proxy "$(message session/prompt "{\"sessionId\":\"$(at .result.sessionId)\",\"prompt\":[{\"type\":\"text\",\"text\":\"permission no\"}]}" 3)"
is "$(at .result.stopReason) $(last | cut -d' ' -f1-2)" "end_turn answered hook" "and for the SDK's"
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","askUnattended":"reject","onAsk":"off"}'
POST "/v1/sessions/$(at .id)/prompt" "${json[@]}" -d '{"text":"permission yes"}'
is "$(at .text)" "permission: reject-once" "a session over REST may want none"
POST /v1/sessions "${json[@]}" -d "$(jq -nc '{agent:"mock",onAsk:"echo \u0027{\"decision\":\"deny\"}\u0027"}')"
POST "/v1/sessions/$(at .id)/prompt" "${json[@]}" -d '{"text":"permission yes"}'
is "$(at .text)" "permission: reject-once" "or have its own"
done_testing
