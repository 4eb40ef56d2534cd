#!/usr/bin/env bash
# What a cancel leads to, rung by rung: the agent heeds it, heeds SIGINT, or is started again.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 curl
at() { jq -r "$1" <"$T/body"; } # in the last HTTP answer

prompt() { # SESSION TEXT: in a turn that has said "on"
	since=$(sa-session prompt "$1" --no-wait "$2" | field .since)
	wait_until 10 has_said_on "$1"
}
# What has happened in a session since the prompt, one word each.
rungs() { # SESSION
	sa-events show "$1" --json | jq -r --argjson since "$since" 'select(.eventIndex > $since) | .payload |
		if .method == "session/update" then select(.params.update.content.text == "on") | "on"
		elif .method == "session/cancel" then "cancel"
		elif .method == "_adapter/request_settled" then "\(.params.state)"
		elif .method == "_adapter/cancel_escalated" then .params.step
		elif .method == "_adapter/cancel_settled" then "=\(.params.result)"
		elif .method == "_adapter/session_resumed" then "resumed"
		elif .result.stopReason then .result.stopReason
		elif .error then "error" else empty end' | paste -sd' '
}
has_said_on() { [[ " $(rungs "$1") " == *" on "* ]]; }
# The grace of those that do what they should is long enough for a slow machine.
new() { sa-session new --agent mock --cancel-grace "$1" --id "${@:2}" >/dev/null; }

# --- an agent that heeds it -----------------------------------------------------------------------
new 1m good
prompt good "say on; permission a"
ok "a cancel" sa-session cancel good --timeout 60s
is "$(rungs good)" "on cancel cancelled cancelled =cancelled" "what is asked is answered, the turn ends, the record says so"
prompt good "say on; ignore-cancel; question a"
ok "an agent that goes on to the end all the same" sa-session cancel good --timeout 60s
is "$(rungs good)" "on cancel cancelled end_turn =ended" "is told as such"

# --- one that heeds SIGINT -------------------------------------------------------------------------
new 2s heeds
prompt heeds "ignore-cancel; heed-int; say on; exec sleep 300"
agent=$(sa-session show heeds | field .agentPid)
ok "an agent that does not heed it gets SIGINT" sa-session cancel heeds --timeout 60s
is "$(rungs heeds)" "on cancel interrupt cancelled =interrupted" "which ends its turn"
is "$(sa-session show heeds | field .agentPid)" "$agent" "and not the agent"
ok "what its tool ran is gone" eval '! ps -eo pid=,ppid=,args= | grep "^ *[0-9]* *$agent sleep 300"'

# --- one that dies of it ------------------------------------------------------------------------------
SECRET=s3 new 2s dies --env SECRET --env MINE=m4
status 2 "a variable that is not there is not given" sa-session new --agent mock --env NONE_SUCH
prompt dies "daemon 2; ignore-cancel; say on; wait 300s"
children=$(sa-events show dies --json | jq -r '.payload.params.update.content.text // ""' | tr -d '\n' | sed -n 's/.*daemons: \([0-9 ]*\).*/\1/p')
agent=$(sa-session show dies | field .agentPid)
ok "an agent that dies of SIGINT" sa-session cancel dies --timeout 60s
is "$(rungs dies)" "on cancel interrupt error =restarted resumed" "is started again, and its session resumed"
is "$(state dies)" idle "which is idle then"
unlike "$(sa-session show dies | field .agentPid)" "^($agent|null)$" "in another process"
ok "what it had started is gone" eval 'for child in $children; do is_dead "$child" || exit 1; done'
like "$children" "^[0-9]+ [0-9]+ *$" "which were two"
is "$(sa-session prompt dies --text "report env:SECRET; report env:MINE")" "env: SECRET=s3env: MINE=m4" "and has the environment that it had"

# --- one that nothing moves -----------------------------------------------------------------------------
new 300ms deaf
prompt deaf "say on; ignore-term; kill STOP"
sa-session prompt deaf --no-wait "say queued" >/dev/null
ok "an agent that is deaf to it all" sa-session cancel deaf --timeout 60s
like "$(rungs deaf)" "^on cancel interrupt restart error =restarted resumed" "is ended, and started again"
sa-session wait deaf --timeout 60s >/dev/null
wait_until 10 eval '[[ "$(rungs deaf)" == *end_turn* ]]'
like "$(rungs deaf)" "resumed end_turn$" "what was queued goes on there"

# --- nobody waits, two sessions, no force ----------------------------------------------------------------
serve
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","id":"rest","cancelGrace":"300ms"}'
prompt rest "ignore-cancel; say on; wait 300s"
POST /v1/sessions/rest/cancel
is "$code" 202 "over REST the same is done"
ok "by itself" wait_until 20 eval '[[ "$(rungs rest)" == *resumed ]]'
ok "the session is there" wait_until 10 eval '[ "$(state rest)" = idle ]'
POST "/v1/sessions/rest/prompt" "${json[@]}" -d '{"text":"say back"}'
is "$(at .text)" back "and the server goes on with it"
restarted=$(sa-session show rest | field .supervisorPid)
kill -TERM "$server"
ok "which ends it when it is stopped, as what it started itself" wait_until 20 is_dead "$restarted"

sa-session new --agent mock --cancel-grace off --id gentle >/dev/null
prompt gentle "ignore-cancel; say on; wait 300s"
status 6 "without a grace there is no force" sa-session cancel gentle --timeout 500ms
is "$(rungs gentle)" "on cancel" "and nothing else happens"
sa-session close gentle
is "$(rungs gentle)" "on cancel error =agent_ended" "until it is closed"
done_testing
