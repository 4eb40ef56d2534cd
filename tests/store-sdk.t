#!/usr/bin/env bash
# The official SDK with a persistence driver of the client's: sessions outlive our server in the client's own
# file, and that file can be imported.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need node npm jq sqlite3
with_sdk || skip_all "the SDK cannot be had from npm"
cp "$TOP/tests/sdk/persist.mjs" "$T/"

serve
ok "a session of the SDK with a driver" node persist.mjs "$base" kept.json
is "$(jq -r .stopReason out)" end_turn "answers"
id=$(jq -r .id out)
first=$(jq .events out)
kill -TERM "$server"
wait_until 10 is_dead "$server"
rm -rf "$XDG_STATE_HOME"
serve
ok "a new server that knows nothing of it brings it back" node persist.mjs "$base" kept.json "$id"
is "$(jq -r .stopReason out)" end_turn "and it goes on"
ok "with its history in the client's file" test "$(jq .events out)" -gt "$first"
kill -TERM "$server"
wait_until 10 is_dead "$server"

sqlite3 kept.db <kept.json.sql
mkdir here
export SANDBOX_AGENT_STORE=sqlite:$T/imported.db
is "$(sa-store import kept.db --cwd here --json | jq -c '[.sessions, .events]')" "[1,$(jq '.events[] | length' kept.json)]" "its SQLite file is imported"
is "$(sa-session show "$id" --json | jq -r '.agent + " " + .cwd')" "mock $T/here" "with its agent, in a folder of ours"
sa-events show "$id" --json | jq -cS '[.sender, .payload]' >got
jq -cS '.events[] | sort_by(.eventIndex)[] | [.sender, .payload]' kept.json >want
ok "every event is there, in order" cmp got want
like "$(sa-events export "$id")" 'it is "kept"' "and in the transcript"
ok "it can be resumed" sa-session resume "$id" --by transcript
sa-session prompt "$id" "say back" >/dev/null
like "$(sa-events show "$id" --tail 3)" back "and goes on here"
sa-session close "$id"
done_testing
