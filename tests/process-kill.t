#!/usr/bin/env bash
# kill -9, at any moment, of any of our processes: no process is left, no record lies, no output is lost.
#   STRESS_ROUNDS (1): how often each is killed
. "$(dirname "$0")/tap.sh"
need jq perl
rounds=${STRESS_ROUNDS:-1}

processes=$XDG_STATE_HOME/sandbox-agent/processes
field() { jq -r "$1"; }
# Living processes whose environment carries the mark of this process.
marked() { grep -lzsx "SANDBOX_AGENT_PROCESS_UID=$(field .tag <"$processes/$1/status.json")" /proc/[0-9]*/environ || true; }
nobody_marked() { [ -z "$(marked "$1")" ]; }
keeper() { field .supervisorPid <"$processes/$1/status.json"; }
guard() { pgrep -P "$(keeper "$1")"; }
# A tree that tries to get away: another session, a daemon, a process group of its own, no SIGTERM, no SIGHUP.
tree='trap "" TERM HUP; setsid sleep 600 & (setsid sh -c "trap \"\" TERM HUP; sleep 600 & wait" &) ; (sleep 600 &) ; echo ready; while :; do sleep 0.2; done'
start_tree() { # OPTIONS...: the id, once the whole tree is there
	local id
	id=$(sa-process start "$@" -- sh -c "$tree" | field .id)
	wait_until 5 eval '[ "$(sa-process logs '"$id"' --text | tr -d "\r")" = ready ] && [ "$(marked '"$id"' | wc -l)" -ge 5 ]'
	echo "$id"
}

looked_and_gone() { sa-process list >/dev/null && nobody_marked "$1"; }
for tty in '' --tty; do
	id=$(start_tree $tty)
	sa-process kill "$id" >/dev/null
	ok "kill leaves nothing of the tree ${tty:-with pipes}" nobody_marked "$id"
	id=$(start_tree $tty)
	kill -9 "$(sa-process show "$id" --json | field .pid)"
	ok "nor does the end of the process itself ${tty:-with pipes}" wait_until 5 nobody_marked "$id"
	is "$(sa-process show "$id" --json | field '.status + " " + .signal')" "exited SIGKILL" "and the record says how"
	for ((round = 1; round <= rounds; round++)); do
		id=$(start_tree $tty)
		kill -9 "$(keeper "$id")"
		ok "round $round: kill -9 of its supervisor leaves nothing ${tty:-with pipes}" wait_until 5 nobody_marked "$id"
		is "$(sa-process show "$id" --json | field '.status + " " + .signal')" "exited SIGKILL" "round $round: the record is put right"
		is "$(sa-process logs "$id" --text | tr -d '\r')" ready "round $round: its output is still there"
		id=$(start_tree $tty)
		kill -9 "$(guard "$id")"
		ok "round $round: kill -9 of its guard leaves nothing ${tty:-with pipes}" wait_until 5 nobody_marked "$id"
		ok "round $round: and is told" wait_until 5 eval '[ "$(sa-process show $id --json | field .signal)" = SIGKILL ]'
	done
	id=$(start_tree $tty)
	kill -9 "$(keeper "$id")" "$(guard "$id")"
	# They may still be dying at the first look.
	ok "kill -9 of both: the next look ends what is left ${tty:-with pipes}" wait_until 5 looked_and_gone "$id"
	id=$(start_tree $tty)
	kill "$(keeper "$id")"
	ok "a supervisor that is told to end takes its tree along ${tty:-with pipes}" wait_until 10 nobody_marked "$id"
done

# At any moment: while many of them write.
for ((round = 0; round <= rounds; round++)); do
	ids=()
	for i in 1 2 3 4; do
		ids+=("$(sa-process start -- sh -c 'i=0; while :; do echo "line $i"; i=$((i + 1)); done' | field .id)")
	done
	wait_until 5 eval '[ "$(sa-process logs ${ids[3]} --tail 1 | wc -l)" = 1 ]'
	for id in "${ids[@]}"; do kill -9 "$(keeper "$id")"; done
	for id in "${ids[@]}"; do
		wait_until 5 nobody_marked "$id" || break
		sa-process logs "$id" | jq -r '[.sequence, .data] | @tsv' | perl -MMIME::Base64 -ne '
			my ($n, $data) = split; die "gap at $n" if $last && $n != $last + 1; $last = $n; $text .= decode_base64($data);
			END { my @lines = split /\n/, $text, -1; pop @lines; shift @lines; my $want;
				for (@lines) { my ($i) = /^line (\d+)$/ or die "torn: $_"; die "lost before $i" if defined $want && $i != $want; $want = $i + 1 } }' || break
		wait_until 1 test "$(sa-process show "$id" --json | field .status)" = exited || break
		checked=$((${checked:-0} + 1))
	done
done
is "${checked:-0}" $((4 * (rounds + 1))) "killed in full flight, each log is whole up to its end"
is "$(ls "$processes/running")" "" "nothing counts as running"

# A starter that is killed in the middle leaves nothing half-made that counts.
for round in $(seq 20); do
	sa-process start -- sleep 600 >/dev/null 2>&1 &
	starter=$!
	perl -e 'select undef, undef, undef, rand() * 0.006'
	kill -9 "$starter" 2>/dev/null || true
	wait "$starter" 2>/dev/null || true
done
wait_until 5 eval '[ "$(ls $processes/running | wc -l)" = "$(sa-process list --json | jq -s "map(select(.status == \"running\")) | length")" ]'
is "$(ls "$processes/running" | wc -l)" "$(sa-process list --json | jq -s 'map(select(.status == "running")) | length')" "what was started is known, or was not started"
sa-process kill --all >/dev/null
is "$(ls "$processes/running")" "" "and can be ended"

# Viewers and followers do not keep anything alive, nor do they outlive it.
id=$(start_tree --tty)
start sa-process logs "$id" --follow --text >followed
follower=$started
start perl -e 'require "'"$TOP"'/tests/websocket.pl"; my $w = ws_attach($ARGV[0]); while (ws_frame($w)) {}' "$id"
viewer=$started
kill -9 "$(keeper "$id")"
ok "a follower ends with a killed supervisor" wait_until 5 eval '! kill -0 $follower'
ok "so does a viewer" wait_until 5 eval '! kill -0 $viewer'
ok "and the tree" wait_until 5 nobody_marked "$id"
id=$(sa-process start --tty -- cat | field .id)
start perl -e 'require "'"$TOP"'/tests/websocket.pl"; my $w = ws_attach($ARGV[0]); ws_frame($w); print "$w->{pid}\n"; $| = 1; print ""; sleep 60' "$id" >viewer.pid
wait_until 5 test -s viewer.pid
kill -9 "$(cat viewer.pid)"
is "$(sa-process show "$id" --json | field .status)" running "kill -9 of a viewer leaves the process alone"
sa-process kill "$id" >/dev/null
done_testing
