#!/usr/bin/env bash
# The verbs of sa-session beside the main job: wait, cancel, rm, list, show, pending.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3

is "$(sa-session new --agent mock --id one --text)" "session          one" "words on a terminal"
like "$(sa-session show one --text)" $'state +idle\n' "show in words"
like "$(sa-session list --text)" '^one +idle +mock +/' "list in words"
is "$(sa-session list --state idle | field .id)" one "--state selects"
is "$(sa-session list --state closed --agent mock)" "" "and leaves out"
is "$(sa-session list --agent other)" "" "so does --agent"
status 2 "a state that is none is told" sa-session list --state asleep
like "$(cat err)" 'interrupted' "with those there are"
status 2 "list takes no operand" sa-session list one

ok "cancel without a turn does nothing" sa-session cancel one
sa-session prompt one "wait 60s" --no-wait >/dev/null
status 6 "wait gives up in time" sa-session wait one --timeout 50ms
like "$(cat err)" "'one' is still running" "and says what it waits for"
ok "cancel ends a turn" sa-session cancel one
is "$(state one)" idle "and has waited for that"
is "$(sa-events show one --jq 'select(.answers=="session/prompt").payload.result.stopReason' | tail -1)" \
	'"cancelled"' "the agent says so"
sa-session prompt one "ignore-cancel; wait 60s" --no-wait >/dev/null
status 6 "an agent that does not heed it is told" sa-session cancel one --timeout 100ms
like "$(cat err)" 'sa-session close' "with what helps"
sa-session close one
status 4 "a closed session has no turn to cancel" sa-session cancel one
ok "waiting for one that is closed is over at once" sa-session wait one

sa-session new --agent mock --id asks >/dev/null
sa-session prompt asks "permission to go" --no-wait >/dev/null
is "$(sa-session wait asks --until waiting | field .state)" waiting "wait --until waiting ends when somebody has to answer"
sa-session pending >pending
is "$(field '.method + " " + .state + " " + .sessionId' <pending)" "session/request_permission open asks" "pending has it"
is "$(sa-session show asks | field .pending)" 1 "show counts it"
like "$(sa-session pending asks --text)" '    allow-once +Allow once' "pending in words names the options"
is "$(sa-session pending one)" "" "another session has none"
ok "cancel settles what is asked too" sa-session cancel asks
is "$(sa-session pending)" "" "so that nothing is pending"
is "$(sa-session pending --all | field .state)" cancelled "--all has it still"

sa-session wait asks --until end >ended & waiter=$!
kill -9 "$(sa-session show asks | field .supervisorPid)"
rc=0; wait "$waiter" || rc=$?
is "$rc $(field .state <ended)" "0 interrupted" "wait --until end hears of a killed supervisor"
status 7 "waiting for one that was interrupted fails" sa-session wait asks
status 2 "an end that is none is told" sa-session wait asks --until later
status 2 "wait wants a session" sa-session wait

sa-session new --agent mock --id open >/dev/null
status 4 "an open session is not forgotten" sa-session rm open
like "$(cat err)" '--force' "and what helps is told"
ok "--force closes it first" sa-session rm --force open
ok "closed and interrupted ones are forgotten" sa-session rm one asks
is "$(sa-session list)" "" "they are in no list"
is "$(sa-session servers --all)" "" "nor are their servers"
is "$(sqlite3 -cmd '.timeout 5000' "$XDG_STATE_HOME/sandbox-agent/store.db" 'select (select count(*) from events) + (select count(*) from asks)')" \
	0 "nor their events"
status 3 "what is forgotten is not found" sa-session show one
done_testing
