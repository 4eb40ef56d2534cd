#!/usr/bin/env bash
# Two at one session: who ends or forgets one that somebody else brings back does it to what comes of that, or is told.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 curl
store=$XDG_STATE_HOME/sandbox-agent/store.db

# An agent that comes when it is let: a line in the pipe for each start.
mkfifo gate
printf '#!/bin/sh\nread -r line <%s\nexec sa-mock-agent\n' "$PWD/gate" >gated
chmod +x gated
open_gate() { timeout 20 sh -c 'echo >gate'; }
resuming() { find "$XDG_RUNTIME_DIR" "$XDG_STATE_HOME" -name 'resume-*.lock' | grep -q .; }
# Has the process come to the lock?
waits() { find "/proc/$1/fd" -lname '*/resume-*.lock' | grep -q .; }
interrupted() { # ID: a session that was, and is being resumed
	open_gate & sa-session new --agent-command ./gated --id "$1" >/dev/null
	sa-session prompt "$1" "say one" >/dev/null
	kill_supervisor "$1"
	sa-session resume "$1" >resumed & resume=$!
	wait_until 10 resuming
	wait_until 10 eval '[ "$(db "select state from servers order by key desc limit 1")" = 0 ]'
}

interrupted ends
sa-session close ends & close=$!
ok "a close waits for who brings the session back" wait_until 10 waits "$close"
open_gate
wait "$resume"
ok "and is done" wait "$close"
is "$(state ends)" closed "the session is closed, not back"
is "$(sa-session show ends | jq '.supervisorPid // 0')" 0 "and has no agent"

interrupted stays
rc=0; sa-session rm stays 2>err & rm=$!
ok "so does an rm" wait_until 10 waits "$rm"
open_gate
wait "$resume"
wait "$rm" || rc=$?
is "$rc $(state stays)" "4 idle" "which is told that the session lives, as it does"
is "$(sa-session prompt stays "say two" --text)" two "whole"
sa-session close stays

# Over HTTP nobody else waits: it is told.
start sh -c 'exec sa-serve --port 0 --no-token 2>serve.err'
wait_until 10 grep -q 'listening on' serve.err
base=$(sed -n 's/^sa-serve: listening on //p' serve.err)
delete() { curl -s -X DELETE -o body -w '%{http_code}' --max-time 20 "$base$1"; }
interrupted again
is "$(delete /v1/sessions/again) $(jq -r .detail body)" "409 session 'again' is being brought back" "a DELETE of it is refused"
is "$(delete /opencode/session/again)" 409 "by OpenCode's route, too"
open_gate
wait "$resume"
is "$(state again)" idle "and the session comes back"
is "$(delete /v1/sessions/again) $(state again)" "204 closed" "then it is closed"

# A supervisor that is killed at any moment of a wait is an end like others.
ends=
for _ in 1 2 3 4 5 6 7 8; do
	sa-session new --agent mock --id killed >/dev/null
	pid=$(sa-session show killed | jq .supervisorPid)
	sa-session wait killed --until end >ended & wait=$!
	kill -9 "$pid"
	rc=0; wait "$wait" || rc=$?
	ends+="$rc $(jq -r .state ended),"
	sa-session rm killed
done
is "$ends" "$(printf '0 interrupted,%.0s' 1 2 3 4 5 6 7 8)" "a wait hears of a supervisor that is killed, whenever that is"

# A list of what may go is old when its turn comes: here the store is held while it is made.
sa-session run --agent mock --id back "say x" >/dev/null
coproc HOLD { exec sqlite3 -cmd ".timeout 20000" "$store"; }
echo "begin immediate; select 'held';" >&"${HOLD[1]}"
read -r _ <&"${HOLD[0]}"
sa-store prune --keep 0 >pruned & prune=$!
ok "a prune waits for the store" wait_until 10 eval 'find /proc/$prune/fd -lname "*/store.db-queue" | grep -q .'
echo "update sessions set state=1 where id='back'; commit;" >&"${HOLD[1]}"
eval "exec ${HOLD[1]}>&-"
ok "and goes on" wait "$prune"
is "$(db "select id from sessions" | xargs) $(grep -c back pruned)" "back 0" "what has been brought back meanwhile stays, and is not told as gone"
done_testing
