#!/usr/bin/env bash
# Following sessions: every event once and in order, however the follower, the agent or the supervisor fares.
. "$(dirname "$0")/tap.sh"
need jq sqlite3

indices() { jq -r .eventIndex "$1"; }
# Does a record file hold the indices from FIRST on without gap or duplicate?
is_gapless() { indices "$1" | awk -v n="$2" '$1 != n++ { exit 1 }'; }

sa-session new --agent mock --id talk >record
sa-session prompt - "think hm; edit a.txt; say hello" <record >prompted
sa-events follow --until turn-end --text <prompted >words
like "$(cat words)" 'hello' "follow shows the turn in words"
like "$(cat words)" 'turn ended: end_turn' "and its end"
first=$(($(jq .since prompted) + 1))
sa-events follow --until turn-end <prompted >turn
is "$(indices turn | head -1)" "$first" "a record with since starts behind it"
ok "without a gap" is_gapless turn "$first"
sa-session prompt talk "plan" >/dev/null
is "$(sa-events follow talk --until turn-end --tail 1 | wc -l)" 1 "--tail counts from the end"
is "$(sa-events follow talk --until turn-end --since "$first" | indices /dev/stdin | head -1)" \
	"$((first + 1))" "--since starts behind an index"
is "$(sa-events show talk --jq '.answers | select(. == "session/prompt")' | wc -l)" 2 "--jq selects and shapes"
status 2 "a filter that is none is a usage error" sa-events show talk --jq '.['
is "$(sa-events show talk "$first" | jq .eventIndex)" "$first" "one event is shown by its index"
for absent in 1 99999; do status 3 "an event that is not there is not found: $absent" sa-events show talk $absent; done
status 3 "a session that is not there is not found" sa-events follow nothing
for beyond in 1099511627775 1099511627776 9223372036854775807; do
	is "$(timeout 20 sa-events show talk --since $beyond; echo "$?")" 0 "nothing is behind event $beyond"
done
is "$(sa-events show talk --tail 9223372036854775807 | wc -l)" "$(sa-events show talk | wc -l)" "a tail may be longer than all"
for start in "--since 9223372036854775808" "--tail 9223372036854775808" "--since 1 --tail 1" "--from-start --since 1" "--tail 1 --from-start"; do
	# shellcheck disable=SC2086
	status 2 "one wish where to begin, within all numbers: $start" sa-events follow talk --until turn-end $start
done
status 2 "nor one beside an index" sa-events show talk 3 --tail 1
status 2 "a list is of one session or of all" sa-events list talk talk
is "$(sa-events export talk --format jsonl | wc -l)" "$(sa-events show talk | wc -l)" "export has every record"
like "$(sa-events export talk --format markdown)" 'hello' "a Markdown transcript has the text"
sa-session prompt talk 'say <b>&</b>' >/dev/null
unlike "$(sa-events export talk --format html)" '<b>&</b>' "an HTML transcript escapes what agents say"
sa-session prompt talk $'say a\e[31mb' >/dev/null
unlike "$(sa-events show talk --text)" $'\e' "control characters do not reach the terminal"
sa-session new --agent mock --id odd >/dev/null
sqlite3 "$XDG_STATE_HOME/sandbox-agent/store.db" "update sessions set id='two'||char(10)||'lines'||char(27)||'[31m' where id='odd'"
is "$(sa-session list --text | grep -c $'\e\|^lines') $(sa-events list --text | grep -c $'\e\|^lines')" "0 0" \
	"nor do those of an id, which is one line of a list"

# A flood, followed by two while a third is stopped in the middle.
sa-session new --agent mock --id flood >record
sa-events follow flood --until end >live.1 & f1=$!
sa-events follow flood --until end >live.2 & f2=$!
sa-session prompt flood "flood 20000" >/dev/null & p=$!
wait_until 5 test -s live.2
kill -STOP "$f2"
wait "$p"
kill -CONT "$f2"
sa-session close flood
wait "$f1"; wait "$f2"
sa-events show flood >stored
ok "a live follower gets what is stored" cmp -s live.1 stored
ok "so does one that was stopped in the flood" cmp -s live.2 stored
is "$(jq -r 'select(.payload.params.update.content.text != null) | .eventIndex' stored | wc -l)" 20000 "all of it"
ok "once and in order" is_gapless stored "$(indices stored | head -1)"

# The supervisor is killed under a follower.
sa-session new --agent mock --id cut >record
sa-events follow cut >cut.out & f=$!
sa-session prompt cut "say one" >/dev/null
kill -9 "$(sa-session show cut | jq .supervisorPid)"
rc=0; wait "$f" || rc=$?
is "$rc" 0 "a follower ends with an interrupted session"
sa-events show cut >stored
ok "and has all that was committed" cmp -s cut.out stored
done_testing
