#!/usr/bin/env bash
. "$(dirname "$0")/tap.sh"
need jq sqlite3

suite=${BUILD_DIR:-build/plain}
case $suite in /*) ;; *) suite=$TOP/$suite ;; esac
events() { sa-events show "$1" --json | jq -c 'del(.serverId)'; }

# --- memory: ---
if [ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ]; then
	for part in store store_events; do
		status 0 "the suite of all stores passes in memory: $part" env XDG_STATE_HOME="$T/suite-state" SANDBOX_AGENT_STORE=memory: "$suite/unit/$part"
		not_ok "no check of it failed" grep '^not ok' "$T/out"
	done
	export SANDBOX_AGENT_STORE=memory:
	sa-session new --agent mock --id brief >/dev/null
	ok "the main job runs in memory" sa-session prompt brief "say hello"
	is "$(find "$XDG_STATE_HOME" -name '*.db*')" "" "nothing of it is on disk"
	ok "it is closed" sa-session close brief
	ok "then it is gone" wait_until 10 eval '! sa-session show brief 2>/dev/null'
	SANDBOX_AGENT_STORE_MAX_EVENTS=100 sa-session new --agent mock --id bound >/dev/null
	for i in 1 2 3 4 5; do sa-session prompt bound "repeat 40 t$i" >/dev/null; done
	sa-events show bound --json >"$T/bound"
	ok "its story is bounded" test "$(wc -l <"$T/bound")" -le 100
	is "$(head -n 1 "$T/bound" | jq -r .payload.method)" "session/prompt" "the oldest whole turns have left"
	is "$(jq -r .eventIndex "$T/bound" | awk 'NR > 1 && $1 != last + 1 { bad++ } { last = $1 } END { print bad + 0 }')" 0 "what is left has no hole"
	told=$(jq -r 'select(.payload.method=="_adapter/history_trimmed").payload.params.events' "$T/bound" | awk '{ n += $1 } END { print n + 0 }')
	ok "and that they have is told, each event of them" test "$told" -ge "$(($(head -n 1 "$T/bound" | jq .eventIndex) - 101))"
	SANDBOX_AGENT_STORE_MAX_SESSIONS=1 status 4 "so many sessions and no more" sa-session new --agent mock --id second
	like "$(cat "$T/err")" "SANDBOX_AGENT_STORE_MAX_SESSIONS" "with the name of the limit"

	# How long the file lives: while somebody uses it, or something is in it and its state directory is there.
	mine() { find "/dev/shm/sandbox-agent-$(id -u)" -lname "$1*/sandbox-agent" 2>/dev/null; } # STATE: its link
	none_is_mine() { [ -z "$(mine "$1")" ]; }
	ok "a store in use is there" test -n "$(mine "$XDG_STATE_HOME")"
	base=$(mine "$XDG_STATE_HOME")
	base=${base%.home}
	sa-session close bound
	ok "with the last that was in it, it goes" wait_until 10 none_is_mine "$XDG_STATE_HOME"
	is "$(ls "$base".* 2>/dev/null)" "" "with all its files"
	(
		export XDG_STATE_HOME=$T/brief-state
		sa-session new --agent mock --id killed >/dev/null
		pid=$(sa-session show killed --json | jq .supervisorPid)
		kill -9 "$pid"
		wait_until 5 is_dead "$pid"
		sa-session show killed --json | jq -r .state
	) >"$T/killed"
	is "$(cat "$T/killed")" interrupted "what a killed supervisor wrote can be resumed"
	sa-session list >/dev/null
	ok "and is nobody else's business" test -n "$(mine "$T/brief-state")"
	base=$(mine "$T/brief-state")
	base=${base%.home}
	rm -rf "$T/brief-state"
	flock -s "$base.lock" sa-session list >/dev/null
	ok "with its state directory gone it stays while it is used" test -e "$base.db"
	sa-session list >/dev/null
	is "$(ls "$base".* 2>/dev/null)" "" "and then goes, whoever opens another"
	unset SANDBOX_AGENT_STORE
else
	skip "memory:" "no tmpfs at /dev/shm"
fi

# --- sa-store ---
sa-session new --agent mock --id one >/dev/null
sa-session prompt one "say my key is sk-abcdefghijklmnopqrstuvwxyz0123 ok" >/dev/null
sa-session new --agent mock --id two >/dev/null
sa-session prompt two "say second" >/dev/null
is "$(sa-store status --json | jq -c '[.sessions, .servers, .openRequests, .waitingEvents]')" "[2,2,0,0]" "status counts"
like "$(sa-store status --text)" "2 sessions on 2 agent connections" "... in words"
status 0 "no fault is found" sa-store check
status 2 "a store of an unknown kind is refused" env SANDBOX_AGENT_STORE=mysql://u:secret@h/ sa-store status
unlike "$(cat "$T/err")" "secret" "... without repeating what may be a password"

sa-session prompt two "permission to go" --no-wait >/dev/null
ok "an agent asks" wait_until 10 eval 'sa-session pending two --json | grep -q request_permission'
sa-session cancel two >/dev/null
settled() { sa-session pending two --all --json | jq -r '"\(.state) \(.settledBy)"'; }
ok "a cancel settles its request" wait_until 10 eval '[ "$(settled)" = "cancelled cancel" ]'
here=sqlite:$XDG_STATE_HOME/sandbox-agent/store.db
status 4 "a running server is not copied" sa-store copy "$here" "sqlite:$T/copy.db"
sa-session close one two
events one >"$T/one"
status 0 "others are copied" sa-store copy "$here" "sqlite:$T/copy.db"
status 0 "... twice" sa-store copy "$here" "sqlite:$T/copy.db"
is "$(SANDBOX_AGENT_STORE=sqlite:$T/copy.db events one | cmp - "$T/one" && echo same)" same "the copy has the same events"
is "$(SANDBOX_AGENT_STORE=sqlite:$T/copy.db sa-session list --json | jq -r .id | sort | xargs)" "one two" "... and sessions"

# --- export, import ---
ok "a bundle is written" sa-store export one two -o "$T/b.sab"
unlike "$(sa-store export one --plain)" "sk-abcdefgh" "a secret is redacted"
like "$(sa-store export one --plain)" "my key is \[redacted\] ok" "... and nothing else"
like "$(sa-store export one --plain --no-redact)" "sk-abcdefghijklmnopqrstuvwxyz0123" "unless it is wanted"
export SANDBOX_AGENT_STORE=sqlite:$T/other.db
mkdir "$T/elsewhere"
ok "a bundle is read" sa-store import "$T/b.sab" --cwd "$T/elsewhere"
is "$(sa-session show two --json | jq -r .cwd)" "$T/elsewhere" "its working directory is the reader's"
is "$(events two | cmp - <(SANDBOX_AGENT_STORE=$here events two) && echo same)" same "its events are the same"
is "$(settled)" "cancelled cancel" "and so is who settled its request"
ok "read again, it changes nothing" sa-store import "$T/b.sab" --cwd "$T/elsewhere"
is "$(events two | cmp - <(SANDBOX_AGENT_STORE=$here events two) && echo same)" same "... nothing"
ok "without redaction the round trip is exact" eval "SANDBOX_AGENT_STORE=$here sa-store export one --no-redact |
	SANDBOX_AGENT_STORE=sqlite:$T/third.db sa-store import -"
is "$(SANDBOX_AGENT_STORE=sqlite:$T/third.db events one | cmp - "$T/one" && echo same)" same "... byte for byte"
unset SANDBOX_AGENT_STORE

# Every way a bundle can be wrong, and nothing of it is stored.
export SANDBOX_AGENT_STORE=sqlite:$T/none.db
sa-store status >/dev/null
SANDBOX_AGENT_STORE=$here sa-store export one --plain >"$T/plain"
sed '5s/"sender":"[a-z]*"/"sender":"client "/' "$T/plain" >"$T/changed"
head -n -1 "$T/plain" >"$T/cut"
head -c 300 "$T/b.sab" >"$T/half"
sed '1s/"version":1/"version":9/' "$T/plain" >"$T/newer"
(cat "$T/plain"; sed -n 2p "$T/plain") >"$T/longer"
: >"$T/empty"
echo '{"format":"else"}' >"$T/else"
for file in changed cut newer longer empty else; do
	status 2 "a bundle that is $file is refused" sa-store import "$T/$file"
done
not_ok "half a file is refused" sa-store import "$T/half"
status 3 "a file that is not there" sa-store import "$T/nowhere"
is "$(sa-store status --json | jq .events)" 0 "nothing of them is stored"
sa-session new --agent mock --id one >/dev/null
status 4 "another session of that name stays as it is" sa-store import "$T/plain"
sa-session close one
unset SANDBOX_AGENT_STORE

# --- the file of the reference SDK's persistence driver ---
export SANDBOX_AGENT_STORE=sqlite:$T/sdk-target.db
sqlite3 "$T/sdk.db" "
CREATE TABLE sessions(id TEXT PRIMARY KEY, agent TEXT NOT NULL, agent_session_id TEXT NOT NULL, last_connection_id TEXT NOT NULL,
	created_at INTEGER NOT NULL, destroyed_at INTEGER, session_init_json TEXT);
CREATE TABLE events(id TEXT PRIMARY KEY, event_index INTEGER NOT NULL, session_id TEXT NOT NULL, created_at INTEGER NOT NULL,
	connection_id TEXT NOT NULL, sender TEXT NOT NULL, payload_json TEXT NOT NULL);
INSERT INTO sessions VALUES('s1','mock','a1','c1',1000,NULL,'{}'),('s2','mock','a2','c1',2000,2500,NULL);
INSERT INTO events VALUES('e1',1,'s1',1001,'c1','client','{\"n\":1.0}'),('e3',5,'s1',1003,'c1','agent','{\"n\":3}'),
	('e2',3,'s1',1002,'c1','agent','{\"n\":2}'),('x',1,'s2',2001,'c1','agent','{\"n\":9}');"
is "$(sa-store import "$T/sdk.db" --json | jq -c '[.sessions, .events]')" "[2,4]" "its sessions are read"
is "$(sa-store import "$T/sdk.db" --json | jq -c '[.sessions, .events]')" "[2,4]" "... twice"
is "$(sa-events show s1 --json | jq -c '[.eventIndex, .sender, .payload.n]' | xargs)" "[1,client,1] [2,agent,2] [3,agent,3]" "its events are in order"
is "$(sa-session list --json | jq -r '.id + " " + .state' | xargs)" "s1 interrupted s2 closed" "what was open can be resumed"
rm -f "$T/taken.db"
export SANDBOX_AGENT_STORE=sqlite:$T/taken.db
sa-session run --agent mock --id s2 "say mine" >/dev/null
before=$(sa-session list --json; sa-events show s2)
status 4 "another session of one's name is not written over" sa-store import "$T/sdk.db"
is "$(sa-session list --json; sa-events show s2)" "$before" "and nothing is read then"
export SANDBOX_AGENT_STORE=sqlite:$T/went.db
sa-store import "$T/sdk.db" >/dev/null
sa-session resume s1 >/dev/null
status 4 "nor one that has an agent here" sa-store import "$T/sdk.db"
sa-session close s1
before=$(sa-session show s1 --json; sa-events show s1)
ok "one that has gone on here" sa-store import "$T/sdk.db"
is "$(sa-session show s1 --json; sa-events show s1)" "$before" "is not set back"
sqlite3 "$T/foreign.db" "CREATE TABLE t(x)"
status 2 "another SQLite file is refused" sa-store import "$T/foreign.db"
unset SANDBOX_AGENT_STORE

# --- prune ---
status 2 "prune wants to be told what" sa-store prune
is "$(sa-store prune --keep 1 --dry-run --json | jq -c '[.id, .isDeleted]')" '["one",false]' "a dry run says what would go"
is "$(sa-session list --json | wc -l)" 2 "... and keeps it"
is "$(sa-store prune --older-than 1d --json)" "" "nothing is so old"
is "$(sa-store prune --keep 1 --json | jq -r .id)" one "the older one goes"
is "$(sa-session list --json | jq -r .id)" two "the newer one stays"
sa-session new --agent mock --id alive >/dev/null
is "$(sa-store prune --keep 0 --json | jq -r .id)" two "one that lives is never pruned"
ok "space is given back" sa-store vacuum
status 0 "and no fault is found" sa-store check
sa-session close alive

# --- damage ---
sqlite3 -cmd ".timeout 5000" "$XDG_STATE_HOME/sandbox-agent/store.db" "UPDATE servers SET last_index=1"
status 8 "a fault is found" sa-store check
like "$(sa-store check --json 2>/dev/null | head -n 1 | jq -r .fault)" "beyond the last" "... and told"
done_testing
