#!/usr/bin/env bash
# kill -9 at random moments, on PostgreSQL: of the supervisor, a follower, a client, the database. After each
# round: what was shown is stored, once and in order; nothing waits in a spool; nothing of the agent lives.
#   STRESS_ROUNDS (4)   STRESS_SEED (of the clock): the failed round's is printed
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/postgres-lib.sh"
need jq
pg_need
pg_start
export SANDBOX_AGENT_STORE=$PG_URL
rounds=${STRESS_ROUNDS:-4}
seed=${STRESS_SEED:-$((EPOCHSECONDS % 32768))}
RANDOM=$seed
echo "# STRESS_SEED=$seed"

db() { pg_as "$PG_BIN/psql" -h "$PG_DIR" -U sa -d postgres -Atc "set search_path to sandbox_agent; $1" | tail -n 1; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }
nobody_is_marked() { [ -z "$(grep -lzsx "SANDBOX_AGENT_SERVER_UID=$uid" /proc/[0-9]*/environ)" ]; }
has_no_spool() { ! ls "$XDG_STATE_HOME"/sandbox-agent/spool/*.db >/dev/null 2>&1; }
mkfifo never
exec {never}<>never
moment() { read -rt "0.$(printf %03d $((RANDOM % $1)))" -u "$never" || true; }
fault() { faults+="$1; "; }

check_round() { # NAME
	sa-events show "$1" >stored || fault "show fails"
	# A killed follower may have written half a line, and that is a prefix too.
	cmp -n "$(stat -c %s witness)" witness stored || fault "the follower saw what is not stored"
	[ "$(db "select count(*)=count(distinct idx) and count(*)=max(idx)-min(idx)+1 and max(idx)=(select last_index
		from servers where uid='$uid') from events where server_key=(select key from servers where uid='$uid')")" = t ] ||
		fault "an event is there twice, or one is missing"
}

round() { # NUMBER VICTIM
	local name=r$1 victim=$2 server supervisor uid witness client rc=0
	server=$(sa-session new --agent mock --id "$name" | jq -r .serverId) || fault "no session"
	uid=$(db "select uid from servers where id='$server'")
	supervisor=$(sa-session show "$name" --json | jq .supervisorPid)
	sa-events follow "$name" >witness 2>witness.err & witness=$!
	# Before it has begun, a database that is away is a refusal (8), not something to wait for.
	wait_until 20 test -s witness || fault "the follower does not begin"
	sa-session prompt "$name" "repeat 300 some words; wait 300ms; repeat 300 more; say end" >/dev/null 2>&1 & client=$!
	moment 400
	case $victim in
	supervisor) kill -9 "$supervisor" ;;
	follower) kill -9 "$witness" ;;
	client) kill -9 "$client" ;;
	database)
		pg_kill
		moment 900
		rm -f "$PG_DIR/data/postmaster.pid"
		pg_start
		;;
	esac
	wait_until 60 is_gone "$client" || fault "the client hangs"
	wait "$client" || rc=$?
	wait_until 60 has_no_spool || fault "a spool is left"
	[ "$rc" -ne 0 ] || [[ $(sa-events show "$name") == *end_turn* ]] || fault "the client was told of success"
	[ "$(sa-session show "$name" --json | jq -r .state)" = interrupted ] || sa-session close "$name" || fault "it cannot be closed"
	wait_until 60 is_gone "$witness" || fault "the follower hangs"
	wait "$witness" || [ "$victim" = follower ] || fault "the follower failed: $(cat witness.err)"
	wait_until 20 nobody_is_marked || fault "something of the agent lives"
	check_round "$name"
}

victims=(supervisor follower client database)
for ((n = 1; n <= rounds; n++)); do
	faults=
	round "$n" "${victims[(n - 1) % ${#victims[@]}]}" >round.log 2>&1 || fault "the round ended early"
	is "$faults" "" "round $n: kill -9 of the ${victims[(n - 1) % ${#victims[@]}]}"
	[ -z "$faults" ] || sed 's/^/# /' round.log >&2
done
ok "the store is whole" sa-store check
done_testing
