#!/usr/bin/env bash
# Two sessions of one agent: one ends, the agent goes on.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 perl

sa-session new --agent-command "sa-mock-agent --abilities load,resume,fork,close" --id both >/dev/null
sa-session fork both --id other >/dev/null
sa-session prompt both "permission x; say one" --no-wait >/dev/null
sa-session wait both --until waiting >/dev/null
ask=$(sa-session pending both | field .id)
sa-session close both >/dev/null
is "$(state both) $(state other)" "closed idle" "one is closed, the other goes on"
is "$(sa-session pending both)" "" "nobody is asked any more for one that is closed"
status 4 "its request is over" sa-session reply "$ask" allow
is "$(sa-session pending both --settled | field .state)" cancelled "and was told to the agent as cancelled"
sa-session resume both >/dev/null
sa-session prompt both "permission y; say two" --no-wait >/dev/null
ok "back again, it can wait again" sa-session wait both --until waiting --timeout 20s
is "$(sa-session pending both | field .payload.params.toolCall.title)" y "for the new request"
done_testing
