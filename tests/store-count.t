#!/usr/bin/env bash
# How many events each session has is kept from look to look, and stays what counting says: when events come, when
# sessions go, when they are imported. On each kind of store.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/postgres-lib.sh"
need jq sqlite3

list() { sa-events list --json | jq -cS . | sort; }
# Of each session alone: counted.
counted() { sa-session list --json | jq -r .id | while read -r id; do sa-events list "$id" --json | jq -cS .; done | sort; }
right() { is "$(list)" "$(counted)" "$1, on $kind"; } # NAME

suite() { # KIND
	kind=$1
	sa-session new --agent mock --id a >/dev/null
	sa-session prompt a "say one" >/dev/null
	right "a session that is looked at first is counted"
	sa-session prompt a "repeat 50 more" >/dev/null
	right "what came since, too"
	# A second session with the same agent.
	echo '{"jsonrpc":"2.0","id":1,"method":"session/new","params":{"cwd":"/","mcpServers":[]}}' | sa-session rpc a >/dev/null
	is "$(sa-session list --json | wc -l)" 2 "there is another one at its side"
	right "two of one agent are counted each"
	sa-session prompt a "repeat 20 again" >/dev/null
	pids=()
	for i in 1 2 3 4; do
		list >"looker.$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	is "$(sort -u looker.? | wc -l)" 2 "four who look at once see the same"
	right "and count nothing twice"
	sa-session list --json | jq -r .id | xargs -rn1 sa-session close >/dev/null
	sa-store export a --no-redact -o "$T/$kind.sab"
	sa-session rm a
	right "one that is taken away is not counted"
	sa-store import "$T/$kind.sab" --cwd / >/dev/null
	like "$(list)" '"id":"a"' "one that comes back from a file"
	right "is counted again"
	sa-store import "$T/$kind.sab" --cwd / >/dev/null
	right "and not twice when it comes twice"
}

suite sqlite
# Somebody else writes all the time: then it is counted whole.
mkfifo hold
sqlite3 -cmd '.timeout 5000' "$XDG_STATE_HOME/sandbox-agent/store.db" <hold >held &
exec 9>hold
printf 'delete from tallies; begin immediate; select 1;\n' >&9
wait_until 5 test -s held
SANDBOX_AGENT_STORE_WAIT=50ms right "even in one that cannot be written"
printf 'rollback;\n.quit\n' >&9
exec 9>&-
if [ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ]; then
	export SANDBOX_AGENT_STORE=memory: SANDBOX_AGENT_STORE_MAX_EVENTS=60
	sa-session new --agent mock --id bound >/dev/null
	for _ in 1 2 3 4; do
		sa-session prompt bound "repeat 25 words" >/dev/null
		list >/dev/null
	done
	kind=memory
	right "what has left is not counted"
	sa-session close bound
	unset SANDBOX_AGENT_STORE SANDBOX_AGENT_STORE_MAX_EVENTS
fi
pg_need
pg_start
export SANDBOX_AGENT_STORE=$PG_URL
suite postgres
done_testing
