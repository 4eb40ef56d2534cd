#!/usr/bin/env bash
# Sessions that come back, and prompts that wait for them.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3

texts() { sa-events show "$1" --jq '.payload.params.update.content.text // empty' | jq -r . | tr -d '\n'; }
asked() { sa-events show "$1" --jq 'select(.sender=="client") | .payload.method // empty' | jq -r . | paste -sd' '; }

sa-session new --agent mock --id one >/dev/null
sa-session prompt one "say before" >/dev/null
kill_supervisor one
is "$(state one)" interrupted "a session without its supervisor is interrupted"
is "$(sa-session prompt one "say after" --text)" after "a prompt resumes it"
is "$(state one)" idle "it is open again"
is "$(texts one)" beforeafter "its record goes on, and nothing is in it twice"
is "$(asked one)" "session/prompt session/resume session/prompt" \
	"the agent is asked to resume it"
is "$(db "select count(*)=max(seq)-min(seq)+1 from events")" 1 "event numbers have no gap"
sa-session close one
status 4 "a closed session does not open by itself" sa-session prompt one "say no"
like "$(cat err)" "sa-session resume one" "but what opens it is told"
is "$(sa-session resume one | field .state)" idle "resume opens a closed session"
is "$(sa-session prompt one "say again" --text)" again "and it works"
ok "resuming an open one is no mistake" sa-session resume one
is "$(sa-session list | wc -l) $(sa-session servers | wc -l)" "1 1" "it is the same session of the same server"
status 3 "one that is not there is told" sa-session resume two

# Eight at once: one brings it back, the others wait for that.
kill_supervisor one
sa-session show one >/dev/null
pids=()
for n in 1 2 3 4 5 6 7 8; do sa-session prompt one "say n$n" >/dev/null & pids+=($!); done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
is "$failed" 0 "eight prompts at once on an interrupted session all succeed"
is "$(asked one | grep -o session/resume | wc -l)" 3 "it is resumed once"
is "$(ls "$XDG_STATE_HOME"/sandbox-agent/run/*.lock 2>/dev/null)" "" "no lock file is left"
sa-session close one

# One of two sessions of an agent that lives.
sa-session new --agent mock --id first >record
jq -cn '{jsonrpc:"2.0",id:1,method:"session/new",params:{cwd:"/",mcpServers:[]}}' >new
folder=$(folder_of first)
op "$folder" answer "{\"op\":\"send\",\"ref\":1,\"sessionName\":\"second\",\"payload\":$(cat new)}" >/dev/null
pid=$(sa-session show first | field .agentPid)
sa-session close second
is "$(sa-session resume second | field .state)" idle "a session is resumed in an agent that lives"
is "$(sa-session show second | field .agentPid)" "$pid" "without another process"
sa-session close first second

# What agents can do differs.
agent() { # NAME SED-SCRIPT: an agent that claims less
	printf '#!/bin/sh\nsa-mock-agent | sed -u %s\n' "'$2'" >"$1"
	chmod +x "$1"
}
agent loader 's/"resume":{},//'
sa-session new --agent-command "$PWD/loader" --id load >/dev/null
sa-session prompt load "say once" >/dev/null
kill_supervisor load
is "$(sa-session prompt load "say twice" --text)" twice "an agent that can only load is asked to load"
is "$(texts load)" oncetwice "and its replay is not recorded again"
like "$(asked load)" "session/load" "it is"
sa-session close load
agent neither 's/"resume":{},//; s/"loadSession":true/"loadSession":false/'
sa-session new --agent-command "$PWD/neither" --id lost >/dev/null
kill_supervisor lost
status 7 "an agent that can do neither is told" sa-session resume --by native lost
like "$(cat err)" "can neither resume nor load" "in words"
is "$(state lost)" interrupted "and the session is as it was"
is "$(sa-session show lost | field '.supervisorPid // "none"')" none "without a process"

# What it was started with.
export OPENAI_API_KEY=sk-fake
sa-session new --agent mock --id bare --credentials none --cwd / >/dev/null
kill_supervisor bare
is "$(sa-session prompt bare "report env:OPENAI_API_KEY; report cwd" --text)" "env: OPENAI_API_KEY is not setcwd: /" \
	"a resumed session gets no key that it was started without, and its folder"
kill_supervisor bare
sa-session resume bare --env COLOUR=red >/dev/null
is "$(sa-session prompt bare "report env:COLOUR" --text)" "env: COLOUR=red" "--env reaches a resumed session"
sa-session close bare

# The queue.
sa-session new --agent mock --id q >/dev/null
sa-session prompt q "permission first" --no-wait >/dev/null
sa-session wait q --until waiting >/dev/null
sa-session prompt q "say second" --no-wait >second
sa-session prompt q "say third" --no-wait >/dev/null
is "$(field .turns <second)" 2 "a queued prompt's record says how many turns end until it is over"
is "$(db "select count(*) from prompts")" 2 "queued prompts are in the store"
sa-session prompt q "say mine" >/dev/null & waiting=$!
ok "a prompt that its client waits for is queued too" wait_until 5 eval '[ "$(status_of q | field .queuedPrompts)" = 3 ]'
sa-events follow --until turn-end <second >followed & follower=$!
kill_supervisor q
rc=0; wait "$waiting" || rc=$?
is "$rc" 7 "who waits for a queued prompt is told that the supervisor is gone"
wait "$follower"
is "$(db "select count(*) from prompts")" 2 "kill -9 of the supervisor loses no queued prompt"
sa-session resume q >resumed
sa-session wait q >/dev/null
is "$(texts q)" secondthird "they are sent when the session is resumed, in order, and no other is"
is "$(db "select count(*) from prompts")" 0 "and leave the store"
sa-session prompt q "permission first" --no-wait >/dev/null
sa-session wait q --until waiting >/dev/null
sa-session prompt q "say fourth" --no-wait >record
sa-events follow --until turn-end --text <record >words & follower=$!
sa-session cancel q
wait "$follower"
like "$(cat words)" $'fourth\n.*end_turn' "follow --until turn-end goes on to the queued prompt's own end"
sa-session prompt q "permission first" --no-wait >/dev/null
sa-session wait q --until waiting >/dev/null
sa-session prompt q "say never" --no-wait >/dev/null
sa-session cancel --all q
is "$(state q) $(texts q)" "idle secondthirdfourth" "cancel --all drops what waits"
sa-session prompt q "permission first" --no-wait >/dev/null
sa-session wait q --until waiting >/dev/null
sa-session prompt q "say never" --no-wait >/dev/null
sa-session close q
is "$(db "select count(*) from prompts")" 0 "a session that is closed has no queue"
done_testing
