#!/usr/bin/env bash
# Sessions that come back when the agent, the machine or the sandbox is gone, and forks: on SQLite
# and, where there is a server, on PostgreSQL.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
. "$TOP/tests/postgres-lib.sh"
need jq sqlite3

says() { sa-events show "$1" --jq "$2" | jq -r .; }
via() { says "$1" 'select(.payload.method=="_adapter/session_resumed").payload.params.via' | paste -sd' '; }
texts() { says "$1" '.payload.params.update.content.text // empty' | tr -d '\n'; }
# What the mock agent was told in its session: its own record of it.
told() {
	local id
	id=$(sa-session show "$1" --json | field .agentSessionId)
	jq -r '.prompt // empty | .[].text' "$XDG_STATE_HOME/sandbox-agent/mock-agent/$id.jsonl"
}
mock() { # NAME ABILITIES: an agent that can do these
	sa-session new --agent-command "sa-mock-agent --abilities $2" --id "$1" >/dev/null
	sa-session prompt "$1" "say once upon a time" >/dev/null
}

# The ladder.
mock a resume,load
kill_supervisor a
sa-session resume a >/dev/null
is "$(via a)" resume "an agent that can resume resumes, and the record says so"
is "$(sa-session show a --json | field .resumedBy)" resume "show tells it, too"
like "$(sa-session show a --text)" "resumed by +resume" "in words"
sa-session close a
mock b load
kill_supervisor b
sa-session resume b >/dev/null
is "$(via b) $(texts b)" "load once upon a time" "one that can only load loads, and nothing is recorded twice"
sa-session close b
mock c list
kill_supervisor c
status 7 "--by native takes no other way" sa-session resume --by native c
is "$(state c)" interrupted "and leaves it as it was"
before=$(sa-session show c --json | field .agentSessionId)
sa-session resume c >/dev/null
is "$(via c)" transcript "one that can do neither is told what happened"
after=$(sa-session show c --json | field .agentSessionId)
ok "in a new session of its own" test "$before" != "$after"
is "$(sa-session list --json | jq -r 'select(.id=="c").id')" c "which is the same session here"
sa-session prompt c "say and then" >/dev/null
told c >told
like "$(head -n 1 told)" "^Previous session history is replayed below as JSON-RPC envelopes" \
	"the past comes before the next prompt"
sed -n '2,$p' told | grep '^{' >lines
is "$(jq -r '.sender' lines | paste -sd' ')" "client agent agent" "one envelope a line"
is "$(jq -r '.payload.params.update.content.text // empty' lines)" "once upon a time" "pieces of a message are joined"
is "$(jq -r '.payload.params.prompt[0].text // empty' lines)" "say once upon a time" "the prompts are there"
is "$(jq -r '(.createdAt|type)' lines | sort -u)" number "with their times"
is "$(tail -n 1 told)" "say and then" "then comes the prompt"
is "$(says c 'select(.payload.method=="session/prompt").payload.params.prompt|length' | paste -sd' ')" "1 1" \
	"the record has the prompts as their clients sent them"
sa-session prompt c "say third" >/dev/null
is "$(told c | grep -c '^Previous')" 1 "it is told once"

# A transcript that was never delivered is none.
kill_supervisor c
sa-session resume c >/dev/null
kill_supervisor c
sa-session resume c >/dev/null
sa-session prompt c "say fourth" >/dev/null
like "$(told c)" "once upon a time" "an agent that dies before its first prompt is told again"
sa-session close c
mock d resume
sa-session resume d >/dev/null
is "$(via d)" "" "an open session is not resumed"
sa-session close d
sa-session resume --by transcript d >/dev/null
kill_supervisor d
sa-session resume d >/dev/null
is "$(via d)" "transcript transcript" "nor does its agent resume what it was never told"
sa-session prompt d "say now" >/dev/null
kill_supervisor d
sa-session resume d >/dev/null
is "$(via d)" "transcript transcript resume" "but afterwards it does"
sa-session close d

# Its limits.
sa-session new --agent mock --id long >/dev/null
for n in 1 2 3 4 5 6 7 8; do sa-session prompt long "say number $n" >/dev/null; done
sa-session close long
replayed() { says long 'select(.payload.method=="_adapter/session_resumed").payload.params|[.replayedEvents,.isTruncated]|@csv' | tail -n 1; }
sa-session resume long --by transcript >/dev/null
is "$(replayed)" "24,false" "all of it when it is short"
sa-session prompt long "say x" >/dev/null
sa-session close long
sa-session resume long --by transcript --replay-max-events 5 >/dev/null
is "$(replayed)" "5,true" "--replay-max-events"
sa-session prompt long "say y" >/dev/null
told long >told
is "$(sed -n 2p told)" "[history truncated]" "what is missing is told"
unlike "$(cat told)" "number 7" "the oldest are missing"
like "$(cat told)" "number 8" "the newest are there"
sa-session close long
sa-session resume long --by transcript --replay-max-chars 1000 >/dev/null
sa-session prompt long "say z" >/dev/null
told long | sed '$d' >told
ok "--replay-max-chars" test "$(wc -m <told)" -le 1000
like "$(tail -n 2 told)" "end_turn" "they are the newest"
big=$(head -c 20000 /dev/zero | tr '\0' 'b')
sa-session new --agent mock --id big >/dev/null
sa-session prompt big "say small" >/dev/null
sa-session prompt big "say $big" >/dev/null
sa-session close big
sa-session resume big --by transcript >/dev/null
sa-session prompt big "say w" >/dev/null
told big | sed '$d' >told
ok "one long message does not take all the room" test "$(wc -m <told)" -le 12000
like "$(cat told)" '"omittedBytes"' "it is cut, and that is told"
like "$(cat told)" "say small" "what came before it is there"
sa-session close big long
status 2 "limits have limits" sa-session resume long --replay-max-chars 999
status 2 "of both kinds" sa-session resume long --replay-max-events 10001
status 2 "ways have names" sa-session resume long --by magic
is "$(state long)" closed "nothing was started for those"

# Options that were set come back with a new session of the agent.
sa-session new --agent mock --id set --mode plan --model mock-fast --config thought_level=high >/dev/null
sa-session close set
sa-session resume set --by transcript >/dev/null
is "$(sa-session show set --json | field '.mode+" "+.model')" "plan mock-fast" "mode and model are set again"
is "$(sa-session config set thought_level --json | field .currentValue)" high "so are other options"
sa-session close set

# Forks.
mock f fork,resume
sa-session fork f --id f2 >forked
is "$(field '.parentId' <forked)" f "a fork names its parent"
is "$(says f2 'select(.payload.method=="_adapter/session_forked").payload.params.via')" fork "the agent's own way"
is "$(told f2)" "say once upon a time" "the agent has the past"
is "$(sa-session show f --json | field .agentPid)" "$(sa-session show f2 --json | field .agentPid)" "in one process"
is "$(sa-session prompt f2 "say left" --text) $(sa-session prompt f "say right" --text)" "left right" "both go on"
is "$(texts f2) $(texts f)" "left once upon a timeright" "each in its own record"
like "$(sa-session show f2 --text)" "forked from +f, event" "show tells it in words"
kill_supervisor f
sa-session fork f --id f3 >/dev/null
is "$(told f3 | paste -sd'|')" "say once upon a time|say right" "a fork of one that is over starts its agent again"
is "$(state f)" interrupted "and leaves it as it is"
rm -rf "$XDG_STATE_HOME/sandbox-agent/mock-agent"
sa-session fork f --id f4 >forked
is "$(says f4 'select(.payload.method=="_adapter/session_forked").payload.params.via')" transcript \
	"an agent that has lost the parent is told"
sa-session prompt f4 "say on" >/dev/null
like "$(told f4)" "upon a time.*" "the past"
sa-session new --agent mock --id g >/dev/null
sa-session prompt g "say first" >/dev/null
at=$(sa-session show g --json | field .eventIndex)
sa-session prompt g "say second" >/dev/null
sa-session fork g --id g2 --at "$at" >/dev/null
sa-session prompt g2 "say other" >/dev/null
told g2 >told
like "$(cat told)" "say first" "--at: up to there"
unlike "$(cat told)" "second" "and no further"
sa-session fork g2 --id g3 >/dev/null
sa-session prompt g3 "say third" >/dev/null
like "$(told g3)" "say first.*say other" "a fork of a fork knows both pasts" || true
status 2 "--at is an event that is there" sa-session fork g --at 99999
status 7 "--by native needs the agent" sa-session fork g --by native
status 4 "an id that is taken" sa-session fork g --id g2
status 3 "a session that is not there" sa-session fork nonsense
sa-session close g g2 g3
sa-session rm g g2
sa-session resume g3 --by transcript >/dev/null
ok "a fork outlives its parents" sa-session prompt g3 "say alone"

# Another machine: the store alone travels.
elsewhere() { # NAME: from now on we are on this machine
	export XDG_STATE_HOME="$T/$1/state" XDG_DATA_HOME="$T/$1/data" XDG_RUNTIME_DIR="$T/$1/run"
	mkdir -p -m 700 "$XDG_STATE_HOME" "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR"
}
restored() { # STORE: session "far" was made on the first machine, we are on the second
	status 3 "$1: the folder is not here" sa-session resume far
	like "$(cat err)" "--cwd" "$1: what helps is told"
	mkdir -p "$T/other"
	sa-session resume far --cwd "$T/other" >resumed
	is "$(field '.resumedBy+" "+.cwd' <resumed)" "transcript $T/other" "$1: the session goes on, in another folder"
	like "$(sa-session prompt far "say here" --text)" "here$" "$1: with the agent of this machine"
	like "$(told far)" "say there" "$1: which knows the past"
	ok "$1: the store is whole" sa-store check
	sa-session close far
}
departed() { # a session is made here, and its folder and agent are gone afterwards
	mkdir -p "$T/gone"
	sa-session new --agent mock --id far --cwd "$T/gone" >/dev/null
	sa-session prompt far "say there" >/dev/null
	sa-session show far --json | field .supervisorPid >pid
	kill -9 "$(cat pid)"
	wait_until 5 is_dead "$(cat pid)"
}
sa-session list --json | jq -r 'select(.state=="idle").id' | xargs sa-session close
departed
rm -rf "$T/gone"
from=$XDG_STATE_HOME/sandbox-agent
elsewhere second
mkdir -p "$XDG_STATE_HOME/sandbox-agent"
sqlite3 "$from/store.db" ".backup '$XDG_STATE_HOME/sandbox-agent/store.db'"
# Another boot, and a command that is not on this machine.
db "update servers set boot_id='00000000-0000-0000-0000-000000000000', command='[\"/nowhere/sa-mock-agent\"]'"
restored sqlite

if pg_there; then
	pg_need
	pg_start
	export SANDBOX_AGENT_STORE=$PG_URL
	elsewhere third
	departed
	sa-session list >/dev/null # finds that it is dead, and says so to everybody
	rm -rf "$T/gone"
	elsewhere fourth
	is "$(sa-session show far --json | field .state)" interrupted "postgres: another machine sees the session"
	restored postgres
else
	skip "postgres: another machine" "no PostgreSQL server"
fi

# --- an agent that does not take its settings again ----------------------------------------------
cat >stubborn <<'END'
#!/bin/sh
[ -e refuses ] || exec sa-mock-agent
sed -u 's/"modeId":"plan"/"modeId":"none"/; s/"value":"plan"/"value":"none"/' | sa-mock-agent
END
chmod +x stubborn
sa-session new --agent-command "$PWD/stubborn" --mode plan --id stubborn >/dev/null
sa-session prompt stubborn "say x" >/dev/null
sa-session close stubborn
touch refuses
sa-session resume --by transcript stubborn >resumed 2>err
is "$(field .mode <resumed)" normal "an agent that refuses the mode it had goes on in its own"
like "$(cat err)" "mode of session 'stubborn' is 'normal', no more 'plan'" "which is told"
sa-session close stubborn
done_testing
