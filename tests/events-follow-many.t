#!/usr/bin/env bash
# One follower for the sessions of many sandboxes that share a database.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/postgres-lib.sh"
need jq
pg_need
pg_start
export SANDBOX_AGENT_STORE=$PG_URL SANDBOX_AGENT_STORE_SCHEMA=shared

# A sandbox has a state folder of its own: another machine for everybody else.
in_sandbox() { # NAME COMMAND...
	local name=$1
	shift
	mkdir -p -m 700 "$T/$name" "$T/$name/run"
	XDG_STATE_HOME=$T/$name XDG_RUNTIME_DIR=$T/$name/run "$@"
}
leave() { # whatever is left running, in whichever sandbox
	local name
	for name in a b; do in_sandbox "$name" sa-session close a1 b1 b2 t1 >/dev/null 2>&1 || true; done
	for name in ${follower:-} ${tenant:-}; do kill "$name" 2>/dev/null || true; done
	pg_stop immediate
	rm -rf "$PG_DIR"
	tap_cleanup
}
trap leave EXIT
has() { grep -q -- "$2" "$1"; } # FILE TEXT

in_sandbox a sa-session new --agent mock --id a1 >/dev/null
in_sandbox b sa-session new --agent mock --id b1 >/dev/null
in_sandbox a sa-session prompt a1 "say before" >/dev/null

# The follower is in a third one, where nothing runs.
mkdir -p -m 700 c c/run
there=(env "XDG_STATE_HOME=$T/c" "XDG_RUNTIME_DIR=$T/c/run")
"${there[@]}" sa-events follow --all >followed & follower=$!
listening() { # it says so where the database shows its clients
	pg_as "$PG_BIN/psql" -h "$PG_DIR" -U sa -d postgres -Atc \
		"select count(*) from pg_stat_activity where state='idle' and pid<>pg_backend_pid()" | grep -qv '^0$'
}
ok "it connects" wait_until 10 listening
# From now on: it stands behind what there is when it has seen its first session.
until_heard() { # SANDBOX SESSION: something of it came through
	wait_until 20 eval "in_sandbox $1 sa-session prompt $2 'say hello-$2' >/dev/null; has followed hello-$2"
}
ok "it hears of a session in one sandbox" until_heard a a1
ok "and of one in another" until_heard b b1
in_sandbox b sa-session new --agent mock --id b2 >/dev/null
in_sandbox b sa-session prompt b2 "say new one" >/dev/null
ok "of a session that begins later" wait_until 20 has followed '"one"'
in_sandbox b sa-session prompt b2 --no-wait "permission may I" >/dev/null
ok "of what an agent asks" wait_until 20 has followed session/request_permission
unlike "$(cat followed)" before "not of what was there before"

# Each event once, in order, for each of them.
pids=()
for n in 1 2 3; do
	in_sandbox a sa-session prompt a1 "repeat 200 a" >/dev/null & pids+=($!)
	in_sandbox b sa-session prompt b1 "repeat 200 b" >/dev/null & pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
last() { in_sandbox c sa-session show "$1" --json | jq .eventIndex; }
caught_up() { has followed "\"sessionId\":\"a1\".*\"answers\":\"session/prompt\"" &&
	[ "$(jq -r 'select(.sessionId=="a1").eventIndex' followed | tail -n 1)" = "$(last a1)" ] &&
	[ "$(jq -r 'select(.sessionId=="b1").eventIndex' followed | tail -n 1)" = "$(last b1)" ]; }
ok "it catches up with a flood from both" wait_until 30 caught_up
for s in a1 b1; do
	is "$(jq -r "select(.sessionId==\"$s\").eventIndex" followed | awk 'NR>1 && $1!=last+1 {bad++} {last=$1} END {print bad+0}')" 0 \
		"$s: nothing is missing, doubled or out of order"
done

# One session from elsewhere, to its end.
"${there[@]}" sa-events follow b1 --until end >one & one=$!
in_sandbox b sa-session prompt b1 "say last words" >/dev/null
in_sandbox b sa-session close b1
ok "a session elsewhere is followed to its end" wait "$one"
like "$(cat one)" '"words"' "with what came last"

# A tenant has a schema of its own, and hears of nobody else.
"${there[@]}" SANDBOX_AGENT_STORE_SCHEMA=tenant sa-events follow --all >tenant & tenant=$!
in_sandbox a sa-session prompt a1 "say secret" >/dev/null
SANDBOX_AGENT_STORE_SCHEMA=tenant in_sandbox a sa-session new --agent mock --id t1 >/dev/null
SANDBOX_AGENT_STORE_SCHEMA=tenant in_sandbox a sa-session prompt t1 "say mine" >/dev/null
ok "a tenant's follower hears of its own sessions" wait_until 20 has tenant mine
unlike "$(cat tenant)" 'secret|"sessionId":"a1"' "and of no other tenant's"
unlike "$(cat followed)" '"t1"' "nor the others of its"
SANDBOX_AGENT_STORE_SCHEMA=tenant in_sandbox a sa-session close t1

# The database goes away and comes back: the follower goes on where it was.
pg_stop fast
pg_start
in_sandbox a sa-session prompt a1 "say again-and-again" >/dev/null
ok "it goes on when the database is back" wait_until 30 has followed again-and-again
ok "it is the same process" kill -0 "$follower"
kill "$follower" "$tenant"
ok "followers end when they are told to" wait_until 5 eval "is_dead $follower && is_dead $tenant"
in_sandbox a sa-session close a1
in_sandbox b sa-session close b2
done_testing
