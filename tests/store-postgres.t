#!/usr/bin/env bash
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/postgres-lib.sh"
need jq sqlite3
pg_need
pg_start
export SANDBOX_AGENT_STORE=$PG_URL

# The one suite for all stores, in two parts.
suite=${BUILD_DIR:-$TOP/build/plain}
case $suite in /*) ;; *) suite=$TOP/$suite ;; esac
for part in store store_events; do
	status 0 "the suite of all stores passes on PostgreSQL: $part" "$suite/unit/$part"
	not_ok "no check of it failed" grep '^not ok' "$T/out"
done
export SANDBOX_AGENT_STORE_SCHEMA=main_job

# The main job.
ok "a session is made" sa-session new --agent mock --id main
status 0 "it answers" sa-session prompt main "say hello"
is "$(sa-events show main --json | jq -r 'select(.payload.params.update.sessionUpdate=="agent_message_chunk").payload.params.update.content.text' | tr -d '\n')" \
	"hello" "its events are read"
# Tenants: a schema each, by variable or in the address.
as() { SANDBOX_AGENT_STORE=$PG_URL\&schema=$1 "${@:2}"; } # TENANT COMMAND...
is "$(as main_job sa-session list --json | jq -r .id)" main "a tenant's schema may stand in the address"
is "$(SANDBOX_AGENT_STORE_SCHEMA=tenant sa-session list --json)" "" "another tenant sees nothing"
is "$(as tenant sa-session list --json; as tenant sa-session servers --json; as tenant sa-events list --json; as tenant sa-session pending --all --json)" \
	"" "no session, agent, count or request"
status 3 "cannot show a session by name" as tenant sa-session show main
status 3 "nor the newest" as tenant sa-events show @last
status 3 "nor end it" as tenant sa-session close main
status 3 "nor take it away" as tenant sa-session rm main
status 3 "nor export it" as tenant sa-store export main --plain
is "$(as tenant sa-store status --json | jq -c '[.servers, .sessions, .events]')" "[0,0,0]" "and its store is empty"
as tenant sa-session new --agent mock --id main >/dev/null
as tenant sa-session prompt main "say mine" >/dev/null
like "$(as tenant sa-events show main --json)" mine "it may use the same ids"
unlike "$(sa-events show main --json)" mine "for sessions of its own"
as tenant sa-session close main
is "$(sa-session show main --json | jq -r .state)" idle "whose end is not the other's"
status 2 "a schema in the address is a name, too" as 'x;DROP' sa-session list
status 2 "a schema's name is a name" env 'SANDBOX_AGENT_STORE_SCHEMA=x; DROP' sa-session list

# The queue.
sa-session new --agent mock --id queue >/dev/null
sa-session prompt queue --no-wait "permission x" >/dev/null
sa-session wait queue --until waiting --timeout 20s >/dev/null
one=$(sa-session prompt queue --no-wait "say one" | jq -r .promptId) two=$(sa-session prompt queue --no-wait "say two" | jq -r .promptId)
sa-session queue edit queue "$one" "say other"
kill -9 "$(sa-session show queue --json | jq .supervisorPid)"
sa-session queue drop queue "$two"
is "$(sa-session queue list queue --json | jq -r '.prompt[0].text')" "say other" "queued prompts are edited and dropped here, too"
sa-session close queue
is "$(sa-session queue list queue --json)" "" "and go with their session"

# An outage in the middle of a turn: everything is kept, in order, once.
sa-session new --agent mock --id away >/dev/null
slowly() { for ((i = 0; i < $1; i++)); do printf 'repeat 20 x\nwait 20ms\n'; done; }
sa-session prompt away --no-wait "$(slowly 100)" >/dev/null
pg_stop immediate
has_spool() { ls "$XDG_STATE_HOME"/sandbox-agent/spool/*.db >/dev/null 2>&1; }
drained() { ! has_spool; }
ok "what cannot be written waits in a spool" wait_until 20 has_spool
status 8 "a command that needs the database says so" sa-session list
like "$(cat "$T/err")" "out of reach" "... in words"
status 8 "show, too" sa-session show away
like "$(cat "$T/err")" "[1-9][0-9]* events wait on this machine" "and how much waits for it"
echo '{"op":"metrics"}' | sa-session filter | jq -r .result.text >"$T/metrics"
like "$(cat "$T/metrics")" "sandbox_agent_store_up 0" "the metrics know that it is away"
like "$(cat "$T/metrics")" "sandbox_agent_store_lag_events [1-9]" "and how much waits"
pg_start
ok "the spool drains when it is back" wait_until 15 drained
ok "the turn ends" sa-events follow away --until turn-end
is "$(sa-session show away --json | jq .lagEvents)" 0 "nothing waits any more"
like "$(echo '{"op":"metrics"}' | sa-session filter | jq -r .result.text)" "sandbox_agent_store_up 1" "and the store is up"
sa-events show away --json >"$T/events"
is "$(jq -r .eventIndex "$T/events" | awk 'NR > 1 && $1 != last + 1 { bad++ } { last = $1 } END { print bad + 0 }')" 0 "no event is missing or doubled"
is "$(grep -c agent_message_chunk "$T/events")" 2000 "all updates are there"

# The supervisor dies while the database is away: its spool is drained by whoever comes next.
sa-session new --agent mock --id lost >"$T/lost"
pid=$(sa-session show lost --json | jq .supervisorPid)
as tenant sa-session new --agent mock --id other >/dev/null
other=$(as tenant sa-session show other --json | jq .supervisorPid)
sa-session prompt lost --no-wait "$(slowly 500)" >/dev/null
pg_kill
ok "a spool again" wait_until 30 has_spool
kill -9 "$other"
kill -9 "$pid"
rm -f "$PG_DIR/data/postmaster.pid"
pg_start
is "$(as tenant sa-session show other --json | jq -r .state)" interrupted "another tenant's dead supervisor is tidied up after"
ok "which takes nothing of this one" has_spool
# A database that has just been killed may refuse the first who come.
is_interrupted() { [ "$(sa-session show lost --json | jq -r .state)" = interrupted ]; }
ok "its session is interrupted" wait_until 10 is_interrupted
ok "its spool is drained" wait_until 10 drained
sa-events show lost --json >"$T/events"
is "$(jq -r .eventIndex "$T/events" | awk 'NR > 1 && $1 != last + 1 { bad++ } { last = $1 } END { print bad + 0 }')" 0 "nothing it committed is lost or doubled"
ok "all sessions are closed" eval "sa-session list --json | jq -r 'select(.state==\"idle\").id' | xargs -rn1 sa-session close"
done_testing
