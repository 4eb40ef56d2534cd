#!/usr/bin/env bash
# 100,000 updates of one agent to one and to eight followers: each once and in order, one of them
# stopped in the middle, and the supervisor's memory stays small.
#   STRESS_EVENTS (100000)   STRESS_STOP (0): seconds that the one stays stopped behind the flood
. "$(dirname "$0")/tap.sh"
need jq
events=${STRESS_EVENTS:-100000}

private() { awk '/^Private/ { n += $2 } END { print n + 0 }' "/proc/$1/smaps_rollup" 2>/dev/null || echo 0; }
has_lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }
# The greatest private memory of the supervisor, in KiB, for as long as the prompt runs.
peak_until_end() { # SUPERVISOR PROMPT
	local now
	now=$(private "$1")
	[ "$now" -le "$peak" ] || peak=$now
	! kill -0 "$2" 2>/dev/null
}

is_stopped() { grep -q '^State:.T' "/proc/$1/status"; }

flood() { # NAME FOLLOWERS: the first one is stopped when there are two or more
	local name=$1 i prompt
	sa-session new --agent mock --id "$name" >/dev/null
	supervisor=$(sa-session show "$name" | jq .supervisorPid)
	followers=()
	for ((i = 1; i <= $2; i++)); do
		sa-events follow "$name" >"$name.$i" &
		followers+=($!)
	done
	for ((i = 1; i <= $2; i++)); do wait_until 5 test -s "$name.$i"; done
	sa-session prompt "$name" "flood $events 200" >/dev/null &
	prompt=$!
	if [ "$2" -gt 1 ]; then
		wait_until 30 has_lines "$name.1" $((events / 20))
		kill -STOP "${followers[0]}"
		# The signal is sent; the process stops a moment later.
		wait_until 5 is_stopped "${followers[0]}"
		stopped_at=$(wc -l <"$name.1")
	fi
	peak=0
	wait_until 120 peak_until_end "$supervisor" "$prompt"
	wait "$prompt"
}

finish() { # NAME FOLLOWERS
	local i
	sa-session close "$1"
	wait "${followers[@]}"
	sa-events show "$1" >stored
	for ((i = 1; i <= $2; i++)); do
		ok "$1: follower $i has what is stored" cmp "$1.$i" stored
	done
	is "$(jq -r '.payload.params.update.content.text | strings' stored | awk '{ print $2 }' |
		awk '$1 != NR { exit 1 } END { print NR }')" "$events" "$1: that is each update, once and in order"
	is "$(jq .eventIndex stored | awk 'NR > 1 && $1 != last + 1 { bad++ } { last = $1 } END { print bad + 0 }')" \
		0 "$1: event numbers have no gap"
}

small() { # NAME
	if [[ $BIN_DIR == */san/* ]]; then
		skip "$1: the supervisor's memory stays below 8 MiB" "a sanitized build"
	else
		ok "$1: the supervisor's memory stays below 8 MiB ($peak KiB)" [ "$peak" -lt 8192 ]
	fi
}

flood one 1
small one
finish one 1

flood eight 8
small eight
for i in 2 3 4 5 6 7 8; do wait_until 30 has_lines "eight.$i" $((events + 3)); done
ok "eight: one stopped follower holds up nobody" [ "$(wc -l <eight.1)" -eq "$stopped_at" ]
# So long as it is stopped: a pause of the test's own choosing, none by default.
sleep "${STRESS_STOP:-0}"
kill -CONT "${followers[0]}"
finish eight 8

# Followers from every place in the record, while it grows.
sa-session new --agent mock --id places >/dev/null
sa-session prompt places "flood 20000" --no-wait >/dev/null
for since in 0 1 100 5000 15000; do
	sa-events follow places --since "$since" --until turn-end >"from.$since" &
done
wait
sa-events show places >stored
for since in 0 1 100 5000 15000; do
	ok "a follower that starts behind $since in a flood has all from there" \
		cmp "from.$since" <(jq -c --argjson n "$since" 'select(.eventIndex > $n)' stored)
done
sa-session close places

# Lines that no queue holds go by the store, and none is missing.
sa-session new --agent mock --id large >/dev/null
sa-events follow large >large.out &
follower=$!
sa-session prompt large "say before; bigline 3M; say between; bigline 200K; bigline 150K; flood 300 9000; say behind" >/dev/null
sa-session close large
wait "$follower"
sa-events show large >stored
ok "lines of megabytes and small ones keep their order" cmp large.out stored
done_testing
