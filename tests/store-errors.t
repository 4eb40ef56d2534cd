#!/usr/bin/env bash
# A store that is full, read-only, locked or damaged is told, and nothing that was stored is lost.
. "$(dirname "$0")/tap.sh"
need jq sqlite3 unshare mount
# A disk of our own that may be full or read-only, seen by nobody else.
if [ -z "${STORE_ERRORS_INSIDE:-}" ]; then
	unshare -m true 2>/dev/null || skip_all "no mount namespace may be made here"
	tap_done=1
	STORE_ERRORS_INSIDE=1 unshare -m --propagation private bash "$TOP/tests/store-errors.t"
	exit
fi
mkdir small
trap 'rc=$?; set +e; umount -l "$T/small" 2>/dev/null; (exit "$rc"); tap_cleanup' EXIT
mount -t tmpfs -o size=40m none small
export SANDBOX_AGENT_STORE=sqlite:$T/small/store.db
texts() { sa-events show "$1" --type agent_message_chunk --jq .payload.params.update.content.text | tr -d '"' | awk '{ print $2 }'; }
has() { grep -q -- "$2" "$1"; }

# Full in the middle of a turn: it waits, and goes on when there is room.
sa-session new --agent mock --id full >record
sa-session prompt full "say before" >/dev/null
head -c 39M /dev/zero >small/filler
sa-events follow full >seen &
follower=$!
rc=0
sa-session prompt full "flood 20000 200" >/dev/null 2>told || rc=$?
is "$rc" 8 "a full disk ends a waiting prompt with the store's exit status"
like "$(cat told)" 'no space left' "in words that say what to do"
# What the turn could not write has left some room in the log's file: small rows fit, until it is used.
more=0
is_refused() {
	local rc=0
	sa-session new --agent mock --id "more$((++more))" >/dev/null 2>&1 || rc=$?
	[ "$rc" -eq 8 ]
}
ok "a new session on it too" wait_until 20 is_refused
ok "the supervisor stays, and keeps what it has" kill -0 "$(sa-session show full | jq .supervisorPid)"
like "$(sa-events show full)" 'before' "what was stored can be read"
rm small/filler
ok "with room the turn goes on to its end" wait_until 20 has seen '"answers":"session/prompt".*"result"'
wait_until 20 eval '[ "$(grep -c "\"answers\":\"session/prompt\"" seen)" -eq 2 ]'
while [ "$more" -gt 1 ]; do sa-session close "more$((--more))"; done
sa-session close full
wait "$follower"
is "$(texts full | awk 'NF && $1 != ++n { exit 1 } END { print n }')" 20000 "no update is lost or doubled"
sa-events show full >stored
ok "and followers have seen what is stored" cmp seen stored
is "$(sqlite3 small/store.db 'pragma integrity_check')" ok "the store is sound"

# Read-only.
mount -o remount,ro small
status 8 "a read-only store is told by what writes" sa-session new --agent mock
like "$(cat err)" 'cannot be written' "in words"
mount -o remount,rw small
ok "and is as it was" eval 'sa-events show full | cmp - stored'

# Locked by somebody for longer than anybody should.
mkfifo hold
sqlite3 small/store.db >locked 2>&1 <hold &
exec {hold}>hold
echo 'begin immediate; select 1;' >&"$hold"
wait_until 5 test -s locked
status 8 "a store that stays locked is told" sa-session new --agent mock
like "$(cat err)" 'locked by another process' "in words"
ok "reading goes on" eval 'sa-events show full | cmp - stored'
echo 'rollback; .quit' >&"$hold"
exec {hold}>&-
ok "and writing, when it is free" sa-session run --agent mock "say free"

# Damaged: left as it is. The last who closes it takes the write-ahead log along, which has newer pages.
wait_until 20 eval '! test -s small/store.db-wal'
cp small/store.db keep.db
head -c 4096 /dev/urandom | dd of=small/store.db conv=notrunc bs=1 status=none
cp small/store.db damaged.db
status 8 "a damaged store is told" sa-session list
like "$(cat err)" 'damaged.*recover' "with what can be done"
ok "and left as it is" cmp small/store.db damaged.db
umount small
done_testing
