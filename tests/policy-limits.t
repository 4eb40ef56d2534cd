#!/usr/bin/env bash
# What a session has used, and what it may use.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 curl
at() { jq -r "$1" <"$T/body"; } # in the last HTTP answer

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
status 4 "a higher limit is nothing that an agent which lives can get" sa-session resume turns --max-turns 3
like "$(cat err)" "max-turns" "as is told"
ok "a session that is open is open, without any wish" sa-session resume turns
sa-session new --agent-command "sa-mock-agent --abilities load,resume,fork,close" --id both >/dev/null
sa-session fork both --id other >/dev/null
kill_supervisor both
ok "two sessions of one agent that is started with it both get it" sa-session resume --max-turns 5 both other
sa-session rm --force both other
sa-session close turns >/dev/null
sa-session resume turns --max-turns 3 >/dev/null
ok "one more is granted" sa-session prompt turns "say 5"
status 5 "and no more" sa-session prompt turns "say 6"

status 2 "no turns at all are no limit that is meant" run --max-turns 0 "say x"
status 2 "nor are no tokens" run --max-tokens 0 "say x"
status 2 "nor is no cost" run --max-cost 0.0 "say x"

sa-session new --agent mock --id queued --max-turns 1 >/dev/null
sa-session prompt queued "permission x; say 1" --no-wait >/dev/null
sa-session prompt queued "say 2" --no-wait >/dev/null
sa-session prompt queued "say 3" --no-wait >/dev/null
sa-session wait queued --until waiting >/dev/null
sa-session reply queued allow >/dev/null
sa-session wait queued >/dev/null
is "$(sa-session queue list queued --json)" "" "behind the limit no prompt waits for ever"
is "$(sa-events show queued --json | jq -r 'select(.payload.method=="_adapter/prompt_dropped").payload.params.reason' | sort | uniq -c | xargs)" \
	"2 the session has had its 1 turns" "what waited is told to be dropped, and why"

# --- tokens: known at the end of a turn ------------------------------------------------------------
sa-session new --agent mock --id tokens --max-tokens 200 >/dev/null
ok "a turn below the limit" sa-session prompt tokens "tokens 90 10"
status 5 "one that reaches it ends, and says so" sa-session prompt tokens "tokens 90 11" --json
is "$(kind)" limit_reached "with the same kind"
is "$(sa-events show tokens --json | jq -r 'select(.payload.method=="_adapter/limit_reached").payload.params|"\(.limit) \(.totalTokens)"')" \
	"max-tokens 201" "and in an event"
status 5 "no other begins" sa-session prompt tokens "say x"
like "$(cat err)" "has used 201 of 200 tokens" "and the reason is told"
status 2 "a number of tokens is a number" run --max-tokens many "say x"

# --- over REST --------------------------------------------------------------------------------------
serve
rest() { # ID PROMPT
	POST "/v1/sessions/$1/prompt" "${json[@]}" -d "{\"text\":\"$2\"}"
}
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","id":"r1","maxCost":0.01}'
rest r1 "usage 10 100; permission x"
is "$code $(at .stopReason) $(at .problem.type)" "200 cancelled urn:sandbox-agent:error:limit_reached" "maxCost ends the turn that reaches it"
rest r1 "say x"
is "$code $(at .type)" "403 urn:sandbox-agent:error:limit_reached" "and refuses the next"
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","id":"r2","maxTurns":1}'
rest r2 "say one"
is "$code $(at .text) $(at .problem)" "200 one null" "maxTurns allows so many"
rest r2 "say two"
is "$code $(at .type)" "403 urn:sandbox-agent:error:limit_reached" "and no more"
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","id":"r3","maxTokens":"100"}'
rest r3 "tokens 100"
is "$(at .problem.type)" urn:sandbox-agent:error:limit_reached "maxTokens is told at the end of the turn"
rest r3 "say x"
is "$code" 403 "and counts"
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","maxTurns":{}}'
is "$code" 400 "a limit is a number"
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","maxTurns":0}'
is "$code" 400 "more than none"
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","maxCost":"much"}'
is "$code" 400 "and one that can be read"

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
