#!/usr/bin/env bash
# sa-session policy, the blocks of sa-policy(5), and prompts that interrupt.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 mandoc

# --- the page ----------------------------------------------------------------------------------
blocks() { sed -n '/^\.Bd/,/^\.Ed/{ /^\.Bd/d; s/^\.Ed/#--/; s/\\e/\\/g; p }' "$TOP/man/sa-policy.5"; }
blocks >page
is "$(grep -c "^#--" page)" 3 "sa-policy(5) has three blocks"
ok "they run as they stand" bash -euc ". ./page"
is "$(sa-session pending --settled --json | jq -r '"\(.settledBy) \(.reason)"' | paste -sd,)" \
	"policy rule 1 of $T/policy.json: no deleting,hook only staging" "and do what the page says"

# --- check ---------------------------------------------------------------------------------------
ok "a good policy" sa-session policy check policy.json read-only
echo '{"rules":[{"decision":"deny","if":".a|"}]}' >bad.json
status 2 "a jq program that does not compile" sa-session policy check policy.json bad.json
like "$(cat err)" "policy 'bad.json': rule 1: \"if\"" "the rule is named"
status 3 "a policy that is not there" sa-session policy check none.json
status 2 "neither check nor test" sa-session policy look policy.json

# --- test ----------------------------------------------------------------------------------------
sa-session new --agent mock --id s --yolo >/dev/null
sa-session prompt s "permission rm x; permission make all; ask session/request_permission {\"toolCall\":{\"kind\":\"read\"},\"options\":[{\"optionId\":\"y\",\"kind\":\"allow_once\"}]}" >/dev/null
events=$(sa-session show s | field .eventIndex)
is "$(sa-session policy test policy.json s --json | jq -r '"\(.decision) \(.settledBy) \(.rule)"' | paste -sd,)" \
	"deny policy rule 1 of policy.json,ask policy default of policy.json,allow policy rule 3 of policy.json" \
	"what it would have decided, beside what was"
is "$(sa-session policy test read-only s --text | cut -c1-5 | paste -sd,)" "deny ,deny ,allow" "in words"
is "$(sa-session show s | field .eventIndex)" "$events" "and nothing happens to the session"
status 3 "of a session that is not there" sa-session policy test read-only nonsense

# --- prompts in the middle of a turn ----------------------------------------------------------------
sa-session new --agent mock --id q >/dev/null
sa-session prompt q --no-wait "permission a" >/dev/null
sa-session wait --until waiting q --timeout 10s >/dev/null
sa-session prompt q --no-wait --queue "say second" >/dev/null
status 4 "--reject-when-busy" sa-session prompt q --reject-when-busy "say no"
is "$(timeout 20 sa-session prompt q --interrupt --text "say first")" first "--interrupt gets its own answer"
sa-session wait q --timeout 10s >/dev/null
is "$(sa-session pending q --settled --json | jq -r '"\(.state) \(.settledBy)"')" "cancelled cancel" "the turn that ran was cancelled"
is "$(sa-events show q --json | jq -r 'select(.payload.method=="session/prompt").payload.params.prompt[0].text' | paste -sd,)" \
	"permission a,say first,say second" "and those that wait come after"
is "$(timeout 20 sa-session prompt q --interrupt --text "say idle")" idle "without a turn it is an ordinary prompt"
status 2 "one way at a time" sa-session prompt q --interrupt --queue "say x"
done_testing
