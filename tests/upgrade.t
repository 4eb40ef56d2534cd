#!/usr/bin/env bash
# Upgrades: a store of the first version becomes one of today's; one of tomorrow's is refused, in words; sessions live on while
# the commands are replaced. SA_TEST_OLDER names a folder of an older build's commands, for a supervisor that is really old.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need jq sqlite3 curl

# --- forwards
db=$XDG_STATE_HOME/sandbox-agent/store.db
mkdir -p "${db%/*}"
sqlite3 "$db" <"$TOP/tests/store/version-1.sql"
# Several that come first at the same time: one of them migrates.
for i in 1 2 3 4; do sa-session list --json >"list$i" 2>"list$i.err" & pids[i]=$!; done
failed=0
for i in 1 2 3 4; do wait "${pids[i]}" || failed=$((failed + 1)); done
is "$failed" 0 "a store of the first version is read by four at once"
is "$(cat list1.err list2.err list3.err list4.err)" "" "... and nobody complains"
is "$(jq -r '.id + " " + .state' list4 | sort | paste -sd,)" "first closed,second closed" "its sessions are there"
ok "its schema is a newer one" test "$(sqlite3 "$db" 'pragma user_version')" -gt 1
is "$(sa-events show first | wc -l) $(sa-events show second | wc -l)" "5 4" "and all of their events"
is "$(sa-events show first --type agent_message_chunk --jq '.payload.params.update.content.text' | tr -d '"\n')" "one two" "as they were"
ok "the store is sound" sa-store check
schema() { sqlite3 "$1" .schema | grep -v sqlite_ | sort; }
SANDBOX_AGENT_STORE=sqlite:$T/fresh.db sa-session list >/dev/null
is "$(schema "$db")" "$(schema fresh.db)" "it has become what a new one is"
is "$(sa-session run --agent mock "say new")" new "new sessions go there"

# --- backwards
cp "$db" newer.db
sqlite3 newer.db 'pragma journal_mode=delete; pragma user_version=1000' >/dev/null
cp newer.db kept.db
export SANDBOX_AGENT_STORE=sqlite:$T/newer.db
for command in "sa-session list" "sa-session new --agent mock" "sa-events show first" "sa-store check"; do
	status 8 "a newer store is refused: $command" $command
	like "$(cat err)" "version 1000.*newer sandbox-agent made it; use that one" "... in words"
done
serve
GET /v1/sessions
is "$code" 503 "a server says so, too"
like "$(cat body)" "newer sandbox-agent made it" "... in words"
kill "$server"
ok "and leaves it as it is" cmp newer.db kept.db
unset SANDBOX_AGENT_STORE

# --- alive
mkdir commands
cp "$BIN_DIR"/* commands/
if [ -z "${SA_TEST_OLDER:-}" ]; then
	skip "the supervisor is of an older build" "SA_TEST_OLDER names no folder of older commands"
	PATH=$T/commands:$PATH sa-session new --agent mock --id old >/dev/null
	PATH=$T/commands:$PATH sa-session prompt old "permission delete; say done" --no-wait >/dev/null
else
	rm -rf "$XDG_STATE_HOME/sandbox-agent"
	PATH=$SA_TEST_OLDER:$PATH sa-session new --agent mock --id old >/dev/null
	PATH=$SA_TEST_OLDER:$PATH sa-session prompt old "permission delete; say done" --no-wait >/dev/null
	ok "the supervisor is of an older build" test "$(readlink "/proc/$(sa-session show old | jq .supervisorPid)/exe")" = "$(realpath "$SA_TEST_OLDER/sa-supervise")"
fi
read -r supervisor agent < <(sa-session show old | jq -r '"\(.supervisorPid) \(.agentPid)"')
# As packages do it: the old files are gone, others have their names.
rm -r commands && mkdir commands && cp "$BIN_DIR"/* commands/
serve
GET /v1/sessions/old/pending
is "$code $(field '.pending[0].payload.params.toolCall.title')" "200 delete" "a new server sees what the old supervisor's agent asks"
ask=$(field '.pending[0].id')
POST "/v1/sessions/old/pending/$ask" "${json[@]}" -d '{"optionId":"allow-once"}'
is "$code" 204 "... and answers it"
sa-session wait old >/dev/null
like "$(sa-events show old --text)" "allow-once.*done" "... the turn goes on to its end"
POST /v1/sessions/old/prompt "${json[@]}" -d '{"text":"say again"}'
is "$code $(field .text)" "200 again" "... and so does the next"
is "$(sa-session show old | jq -r '"\(.supervisorPid) \(.agentPid)"')" "$supervisor $agent" "... with the same supervisor and agent"
kill "$server"
ok "close" sa-session close old
done_testing
