#!/usr/bin/env bash
# What a session has used, and what it may use.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3

run() { timeout 20 sa-session run --agent mock "$@"; }
kind() { jq -r .type err | sed 's/.*://'; }
status 5 "a session with a budget of 0.01 stops at it" run --max-cost 0.01 --json "usage 10 100; permission x"
is "$(kind)" limit_reached "with a kind of its own"
is "$(sa-events show @last --json | jq -r 'select(.payload.method=="_adapter/limit_reached").payload.params|"\(.limit) \(.cost+0)"')" \
	"max-cost 0.0125" "there is an event"
is "$(sa-events show @last --json | jq -r 'select(.payload.method=="session/cancel").sender')" client "its turn was cancelled"
ok "one with more goes on" run --max-cost 0.02 "usage 10 100; say x"
status 2 "an amount is a number" run --max-cost much "say x"

sa-session new --agent mock --id turns --max-turns 2 >/dev/null
ok "a first turn" sa-session prompt turns "say 1"
ok "a second turn" sa-session prompt turns "say 2"
status 5 "a third is refused at --max-turns 2" sa-session prompt turns "say 3" --json
is "$(kind)" limit_reached "with the same kind"
kill_supervisor turns
sa-session resume turns >/dev/null
status 5 "a resumed session has had them" sa-session prompt turns "say 4"
sa-session close turns >/dev/null
sa-session resume turns --max-turns 3 >/dev/null
ok "one more is granted" sa-session prompt turns "say 5"
status 5 "and no more" sa-session prompt turns "say 6"

mkdir here
sa-session new --agent mock --id costs --cwd here >/dev/null
sa-session prompt costs "usage 10 100" >/dev/null
sa-session prompt costs "usage 20 100" >/dev/null
is "$(sa-session usage costs --json | jq -c '[.session,.turns,.contextUsed,.contextSize,.cost,.currency]')" \
	'["costs",2,20,100,0.0125,"USD"]' "a cost that is told twice is not paid twice"
sa-session close costs >/dev/null
sa-session resume costs >/dev/null
sa-session prompt costs "usage 30 100" >/dev/null
is "$(sa-session usage --by directory --json | jq -c 'select(.directory|endswith("/here"))|[.sessions,.turns]')" "[1,3]" "by directory"
is "$(sa-session usage --by agent --json | jq -r '[.agent,.turns]|join(" ")')" \
	"mock $(sa-session usage --json | jq -s 'map(.turns)|add')" "by agent"
is "$(sa-session usage --by day --json | jq -s 'map(.turns)|add')" "$(sa-session usage --json | jq -s 'map(.turns)|add')" "by day"
like "$(sa-session usage costs --text)" "^costs  3 turns  0 tokens  0.0[0-9]* USD" "in words"
status 2 "by something else" sa-session usage --by colour
done_testing
