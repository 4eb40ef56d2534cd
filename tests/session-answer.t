#!/usr/bin/env bash
# approve, deny, answer: what people say to what agents ask.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 script

sa-session new --agent mock --id s >/dev/null
asks() { # PROMPT: until it is asked
	since=$(sa-session prompt s --no-wait "$1" | field .since)
	sa-session wait --until waiting s --timeout 10s >/dev/null
}
says() { # what the agent says in the end
	sa-session wait s --timeout 10s >/dev/null
	sa-events show s --json |
		jq -rj --argjson since "$since" 'select(.eventIndex > $since and .payload.params.update.sessionUpdate=="agent_message_chunk").payload.params.update.content.text'
}
last() { sa-session pending s --settled --json | tail -1 | jq -r '"\(.state) \(.settledBy) \(.reason)"'; }

asks "permission x"
ok "approve" sa-session approve s
is "$(says)" "permission: allow-once" "allows once"
asks "permission x"
ok "approve --always" sa-session approve --always s --as alice --reason "trusted"
is "$(says)" "permission: allow-always" "allows for good"
is "$(last)" "answered alice trusted" "the record says who and why"
asks "permission x"
ok "deny by id" sa-session deny "$(sa-session pending s --json | field .id)"
is "$(says)" "permission: reject-once" "rejects"
status 4 "there is nothing more to deny" sa-session deny s

asks "question x"
status 2 "a question with fields is not approved" sa-session approve s
status 2 "an unknown field" sa-session answer s nothing=1
status 2 "two values of a field" sa-session answer s answer=1 color=green answer=2
status 2 "a wrong choice" sa-session answer s answer=1 color=black
status 2 "a missing field" sa-session answer s color=red
ok "fields as operands" sa-session answer s answer=42 color=green
is "$(says)" 'question: accept {"answer":"42","color":"green"}' "are the content"
asks "question x"
ok "JSON on standard input" sa-session answer s <<<'{"answer":"7"}'
is "$(says)" 'question: accept {"answer":"7"}' "is the content"
asks "question x"
ok "or an answer" sa-session answer s <<<'{"action":"decline","reason":"no time"}'
is "$(says) $(last)" 'question: decline answered cli no time' "with its reason"
asks "question x"
ok "deny" sa-session deny s
is "$(says)" 'question: decline' "declines a question"
asks "question What is it?"
printf '\nblue\n9\n3\n' | script -qec "sa-session answer s" /dev/null >typed 2>&1
like "$(cat typed)" "What is it\?.*this one is wanted.*number from the list" "a terminal is asked field by field"
is "$(says)" 'question: accept {"answer":"blue","color":"blue"}' "and what was typed is the content"
asks 'ask elicitation/create {"mode":"url","message":"Sign in","url":"https://example.com/x","elicitationId":"1"}'
printf 'y\n' | script -qec "sa-session answer s" /dev/null >typed 2>&1
like "$(cat typed)" "Sign in.*open https://example.com/x" "an address is shown"
like "$(says)" '"action":"accept"' "and agreed to"
asks 'ask elicitation/create {"mode":"url","message":"Sign in","url":"https://example.com/x","elicitationId":"1"}'
ok "approve works for an address" sa-session approve s
like "$(says)" '"action":"accept"' "too"
done_testing
