#!/usr/bin/env bash
# sa-events follow: where it starts, when it ends, what it selects, and how it looks.
. "$(dirname "$0")/tap.sh"
need jq

indices() { jq -r .eventIndex "$1"; }
lines() { wc -l <"$1"; }
has_line() { grep -q "$2" "$1"; }
new() { sa-session new --agent mock --id "$1"; }

# Many sessions at once: as operands, as records, named twice.
for i in 1 2 3 4 5 6 7 8; do new "many$i"; done >records
while read -r id; do sa-session prompt "$id" "say from $id" >/dev/null; done < <(jq -r .id records)
sa-events follow --until turn-end --type agent_message_chunk --jq '.payload.params.update.content.text' \
	<records | tr -d '"\n ' >said
for i in 1 2 3 4 5 6 7 8; do like "$(cat said)" "frommany$i" "records on standard input: session $i is followed"; done
is "$(sa-events follow many1 many2 many1 --until turn-end --type session/prompt --jq .sessionId | sort | uniq -c | awk '{ print $1 }' | xargs)" \
	"2 2" "a session named twice is printed once"
is "$(jq -c 'select(.id=="many3")' records | sa-events follow many1 - --until turn-end --type session/prompt --jq .sessionId | sort -u | xargs)" \
	'many1 many3' "operands and records go together"
is "$(printf '%s\n' '{"id":"many1","since":100000}' | timeout 1 sa-events follow; echo $?)" 124 \
	"a record with since starts behind it, and waits"
status 2 "a line that is no record is refused" sa-events follow <<<'{"no":"id"}'
status 2 "so is --all with a session" sa-events follow --all many1
status 2 "and a time that is none" sa-events follow many1 --until later

# Where it starts, for each session.
first() { jq -r "select(.sessionId==\"$1\") | .eventIndex" "$2" | head -1; }
sa-events follow many1 many2 --tail 2 --until turn-end >out
is "$(jq -r .sessionId out | sort | uniq -c | awk '{ print $1 }' | xargs)" "2 2" "--tail counts for each session"
sa-events follow many1 many2 --since 4 --until turn-end >out
is "$(first many1 out) $(first many2 out)" "5 5" "--since holds for each session"
jq -c '.since=5' records | head -2 | sa-events follow --from-start --until turn-end >out
sa-events show many1 >shown
is "$(first many1 out) $(first many2 out)" "$(indices shown | head -1) $(indices shown | head -1)" \
	"--from-start goes before what a record says"

# --all begins with what waits for an answer, so that no approver comes too late.
sa-session new --agent mock --id waits >/dev/null
sa-session prompt waits "permission to go" --no-wait >/dev/null
sa-session wait waits --until waiting >/dev/null
sa-events follow --all --type session/request_permission >early.out &
early=$!
ok "--all begins with a request that is open" wait_until 5 has_line early.out '"sessionId":"waits"'
sa-session reply "$(jq -r .id early.out)" allow-once >/dev/null
sa-session prompt waits "permission again" --no-wait >/dev/null
ok "and goes on with later ones" wait_until 5 has_line early.out 'again'
kill "$early"
is "$(jq -r .id early.out | sort | uniq -d)" "" "each of them once"
sa-session close waits

# --all: from now on, or from where the options say; servers that come later from their first event.
sa-events follow --all >all.out &
all=$!
wait_until 5 eval '[ -n "$(ls -l /proc/$all/fd | grep -c socket)" ] && [ "$(ls -l /proc/$all/fd | grep -c socket)" -ge 8 ]'
new late >record
sa-session prompt late "say I am late" >/dev/null
sa-session prompt many1 "say once more" >/dev/null
ok "--all has a session that came later" wait_until 5 has_line all.out '"answers":"session/prompt".*"payload"'
wait_until 5 eval '[ "$(grep -c "\"answers\":\"session/prompt\"" all.out)" -eq 2 ]'
is "$(jq -r 'select(.sessionId=="late") | .eventIndex' all.out | head -1)" \
	"$(indices <(sa-events show late) | head -1)" "from its start"
is "$(jq -r 'select(.sessionId=="many1") | .payload.method // empty' all.out | head -1)" session/prompt \
	"and those that were there from now on"
is "$(grep -c 'from many2' all.out)" 0 "without their past"
ok "--all does not end by itself" kill -0 "$all"
kill "$all"
wait "$all" || true
sa-events follow --all --from-start >past &
all=$!
ok "--all --from-start has the past too" wait_until 5 has_line past many2
kill "$all"
wait "$all" || true

# When it ends.
sa-events follow many8 --until never >never.out &
never=$!
sa-session close many8
wait_until 5 has_line never.out '_adapter/agent_exited\|"answers":"session/prompt"'
ok "a session that is over ends it" sa-events follow many8
ok "--until never outlives the session" kill -0 "$never"
kill "$never"
wait "$never" || true

# A reader that leaves.
set +o pipefail
sa-events follow many1 --tail 3 | head -n 1 >/dev/null
is "${PIPESTATUS[0]}" 0 "follow ends quietly when its reader leaves while nothing happens"
sa-session prompt many1 --no-wait "flood 50000" >/dev/null
sa-events follow many1 --tail 1 2>reader.err | head -n 3000 | tail -n 1 >/dev/null
is "${PIPESTATUS[0]}" 0 "and in the middle of a flood"
is "$(cat reader.err)" "" "without a word"
set -o pipefail
sa-events follow many1 --until turn-end --since 20 >flooded
is "$(jq -r 'select(.payload.params.update.sessionUpdate=="agent_message_chunk") | .eventIndex' flooded | wc -l)" \
	"$(grep -c agent_message_chunk flooded)" "the agent has not noticed"
status 1 "a full disk is told" bash -c 'sa-events follow many2 --until turn-end >/dev/full'
like "$(cat err)" 'No space left' "in words"

# --type and --jq.
new kinds >/dev/null
sa-session prompt kinds "think hm; say well; plan; edit a.txt; usage" >/dev/null
kinds() { sa-events show kinds "$@" --jq '.payload.params.update.sessionUpdate // .answers // .payload.method' | sort -u | xargs; }
is "$(kinds --type plan --type usage_update)" "plan usage_update" "--type takes kinds of updates, several of them"
is "$(kinds --type session/prompt)" "session/prompt" "--type takes methods, with their answers"
is "$(sa-events show kinds --type session/prompt | wc -l)" 2 "both of them"
is "$(sa-events show kinds --type session/update --jq 'select(.payload.params.update.sessionUpdate=="plan") | empty, 1' | sort -u)" 1 \
	"a filter may print nothing, or several lines"
sa-events show kinds --type plan --jq 'error("no")' >out 2>err
is "$(wc -l <out) $(grep -c 'sa-events: .*no' err)" "0 $(sa-events show kinds --type plan | wc -l)" \
	"an error of the filter is told for each record, and the rest goes on"

# Words: no colours into a pipe, wrapped where asked for, control characters harmless.
sa-session prompt kinds "say aaaa bbbb cccc dddd eeee ffff" >/dev/null
unlike "$(sa-events show kinds --text)" $'\e' "no colours in a pipe"
sa-events show kinds --tail 7 --type agent_message_chunk --text --width 10 >narrow
is "$(xargs -d '\n' printf '%s|' <narrow)" "aaaa bbbb|cccc dddd|eeee ffff|" "--width breaks lines between words"
is "$(awk 'length > 10' narrow)" "" "and no line is longer"
sa-events show kinds --type agent_message_chunk --text >wide
like "$(cat wide)" 'aaaa bbbb cccc dddd eeee ffff' "nothing is broken without it"
sa-session prompt kinds $'say \e]0;title\a and \e[2J' >/dev/null
unlike "$(sa-events show kinds --text)" "[$(printf '\001-\010\013-\037\177')]" "what agents write cannot drive the terminal"

# On a terminal.
if command -v script >/dev/null; then
	on_terminal() { script -qec "$*" /dev/null </dev/null; }
	sa-session prompt kinds 'say # Title' >/dev/null
	like "$(TERM=xterm on_terminal sa-events show kinds)" $'\e\\[' "words with colours on a terminal"
	unlike "$(TERM=xterm NO_COLOR=1 on_terminal sa-events show kinds)" $'\e' "none with NO_COLOR"
	unlike "$(TERM=dumb on_terminal sa-events show kinds)" $'\e' "none on a dumb terminal"
	like "$(on_terminal sa-events show kinds --json | head -1)" '^\{"id"' "JSON there with --json"
	on_terminal 'stty cols 12; NO_COLOR=1 sa-events show kinds --type agent_message_chunk' | tr -d '\r' >narrow
	is "$(awk 'length > 12' narrow)" "" "words are wrapped at the terminal's width"
else
	skip "words on a terminal" "script is not there"
fi

# A transcript holds one record in memory, however long the session.
sa-session prompt many2 "flood 60000 500" >/dev/null
# A sanitized build maps terabytes.
limit=60000
[[ $BIN_DIR != */san/* ]] || limit=unlimited
ok "a long session is exported in little memory" \
	bash -c "ulimit -v $limit"'; sa-events export many2 >md && sa-events export many2 --format html >html && sa-events export many2 --format jsonl >jsonl'
is "$(grep -o 'u 60000 ' md html | wc -l) $(wc -l <jsonl)" "2 $(sa-events show many2 | wc -l)" "whole"
status 1 "a transcript that cannot be written is told" bash -c 'sa-events export many2 >/dev/full'
for i in 1 2 3 4 5 6 7; do sa-session close "many$i"; done
sa-session close late kinds
done_testing
