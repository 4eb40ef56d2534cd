#!/usr/bin/env bash
# kill -9 at random moments: of the agent, the supervisor, its guard, both of them, a follower, a client. After
# each round: what was shown is stored, once and in order; the store is sound; nothing of the agent's tree lives.
#   STRESS_ROUNDS (24)   STRESS_SEED (of the clock): the failed round's is printed
. "$(dirname "$0")/tap.sh"
need jq sqlite3
rounds=${STRESS_ROUNDS:-24}
seed=${STRESS_SEED:-$((EPOCHSECONDS % 32768))}
RANDOM=$seed
echo "# STRESS_SEED=$seed"

db() { sqlite3 -cmd '.timeout 5000' "$XDG_STATE_HOME/sandbox-agent/store.db" "$1"; }
# Living processes whose environment carries the server's mark: the agent and all that it started.
marked() { grep -lzsx "SANDBOX_AGENT_SERVER_UID=$uid" /proc/[0-9]*/environ || true; }
nobody_is_marked() { [ -z "$(marked)" ]; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }
# A moment of the test's own choosing: up to $1 milliseconds.
mkfifo never
exec {never}<>never
moment() { read -rt "0.$(printf %03d $((RANDOM % $1)))" -u "$never" || true; }

# Is the record in file $1 what the store has, byte by byte, as far as it goes?
is_prefix_of_stored() { cmp -n "$(stat -c %s "$1")" "$1" stored; }
is_stored_once() {
	[ "$(db "select count(*) = count(distinct seq) and count(*) = max(seq) - min(seq) + 1 and
		max(seq) & ((1 << 40) - 1) = (select last_index from servers where uid='$uid')
		from events where seq >> 40 = (select key from servers where uid='$uid')")" = 1 ]
}

scripts=("fork 1; daemon 1 keep; flood 4000 100; wait 3s; say end"
	"daemon 2; repeat 200 some words; wait 3s; say end"
	"fork 2 keep; daemon 1; say a; permission p; say b"
	"daemon 1 keep; think hm; plan; edit a; bigline 300K; flood 1000; wait 3s")
victims=(agent supervisor guard both follower client)

# A round is one line of TAP, so that 200 of them can be read.
fault() { faults+="$1; "; }
check_round() { # NAME
	local last
	sa-events show "$1" >stored || fault "show fails"
	is_prefix_of_stored witness || fault "the witness saw what is not stored"
	is_prefix_of_stored cut || fault "the other follower saw what is not stored"
	# One that takes up where a killed one stopped has the whole.
	if [ -n "$(tail -c 1 cut)" ]; then sed '$d' cut; else cat cut; fi >whole
	last=$(tail -n 1 whole | jq .eventIndex)
	sa-events show "$1" --since "${last:-0}" >>whole
	cmp whole stored || fault "taking up again leaves something out"
	is_stored_once || fault "an event is there twice, or the count is wrong"
	[ "$(db 'pragma integrity_check')" = ok ] || fault "the store is damaged"
}

state() { sa-session show "$name" | jq -r .state; }
# A child's status, in rc; false when it does not end.
reap() { # PID
	rc=0
	wait_until 20 is_gone "$1" || { kill -9 "$1"; fault "$1 hangs"; return 1; }
	wait "$1" || rc=$?
}

# One that came after the kill has resumed the session, and may wait for an answer that nobody gives.
is_client_done() {
	local now
	is_gone "$client" && return
	now=$(sa-session show "$name" | jq .supervisorPid)
	[ "$now" = null ] || [ "$now" = "$supervisor" ] || sa-session close "$name"
	is_gone "$client"
}

round() { # NUMBER VICTIM
	local name=r$1 victim=$2 session supervisor agent guard uid witness other client rc
	session=$(sa-session new --agent mock --id "$name") || fault "no session"
	uid=$(db "select uid from servers where id='$(jq -r .serverId <<<"$session")'")
	read -r supervisor agent < <(sa-session show "$name" | jq -r '"\(.supervisorPid) \(.agentPid)"')
	guard=$(ps -o ppid= -p "$agent" | tr -d ' ')
	sa-events follow "$name" >witness & witness=$!
	sa-events follow "$name" >cut & other=$!
	sa-session prompt "$name" "${scripts[RANDOM % ${#scripts[@]}]}" >/dev/null 2>client.err & client=$!
	moment 250
	case $victim in
	agent) kill -9 "$agent" ;;
	supervisor) kill -9 "$supervisor" ;;
	guard) kill -9 "$guard" ;;
	both) kill -9 "$supervisor" "$guard" ;;
	follower) kill -9 "$other" ;;
	client) kill -9 "$client" ;;
	esac
	# Its end is told to everybody who waits.
	[[ $victim != follower ]] || sa-session close "$name" || fault "it cannot be closed"
	wait_until 20 is_client_done || true
	reap "$client" || true
	[ "$victim" = client ] || [ "$rc" -ne 0 ] || [[ $(sa-events show "$name") == *end_turn* ]] ||
		fault "the client was told of success"
	# A client that came after the kill has resumed the session; one that was killed left it running.
	case $victim in
	client) sa-session close "$name" || fault "it cannot be closed" ;;
	[asgb]*) [ "$(state)" = interrupted ] || sa-session close "$name" || fault "it cannot be closed" ;;
	esac
	reap "$witness" && [ "$rc" -eq 0 ] || fault "the witness ended with $rc"
	reap "$other" || fault "the other follower does not end"
	wait_until 10 nobody_is_marked || fault "living: $(marked | xargs)"
	wait_until 10 is_gone "$supervisor" || fault "the supervisor lives"
	wait_until 10 is_gone "$guard" || fault "the guard lives"
	case $victim-$(state) in
	[asgb]*-interrupted | [asgb]*-closed | [fc]*-closed) ;;
	*) fault "the state is $(state)" ;;
	esac
	check_round "$name"
}

for ((n = 1; n <= rounds; n++)); do
	victim=${victims[n % ${#victims[@]}]} faults= began=${EPOCHREALTIME/./}
	# The shell tells of each process that was killed.
	round "$n" "$victim" >round.out 2>round.err
	is "$faults" "" "round $n: kill -9 of $victim"
	[ -z "$faults" ] || tap_diag "$(tail -n 20 round.out round.err client.err)"
	[ -z "${STRESS_VERBOSE:-}" ] || echo "# $((${EPOCHREALTIME/./} - began)) us"
done
is "$(find "$XDG_STATE_HOME/sandbox-agent/run" "$XDG_RUNTIME_DIR" -name sock | wc -l)" 0 "no socket is left"
is "$(db "select count(*) from asks where state = 0")" 0 "no request waits for an answer"
is "$(db "select count(*) from servers where state = 0")" 0 "no server passes for running"
done_testing
