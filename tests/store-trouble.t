#!/usr/bin/env bash
# A store that is locked, full, read-only or damaged is told, and nothing that is in it, or on its
# way to it, is lost. And how much of it is on the disk.
. "$(dirname "$0")/tap.sh"
need jq sqlite3

field() { jq -r "$1"; }
state() { sa-session show "$1" | field .state; }
# Do the events of a session go on without a gap? Their number.
count() { sa-events show "$1" | jq -r .eventIndex | awk 'NR > 1 && $1 != last + 1 { bad = 1 } { last = $1 } END { print bad ? "gap" : NR }'; }
floods() { sa-events show "$1" --jq 'select(.payload.params.update.content.text // "" | startswith("u ")) | .eventIndex' | wc -l; }
store_problem() { # SESSION: what its supervisor says about the store
	local folder
	folder=$(sqlite3 -cmd ".timeout 5000" "$1" "select socket_dir from servers where key=(select server_key from sessions where id='$2')")
	(cd "$folder" && timeout 5 perl -MIO::Socket::UNIX -e '
		my $s = IO::Socket::UNIX->new("sock") or die;
		while (<$s>) { if (/"type":"problem"/) { print; last } }')
}

# --- new -------------------------------------------------------------------------------

# Whoever comes first makes it, the others wait for that.
refused=0
for _ in {1..10}; do
	rm -rf "$XDG_STATE_HOME"
	pids=()
	for _ in {1..8}; do
		sa-session list >/dev/null 2>>first & pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || refused=$((refused + 1)); done
done
is "$refused $(sort -u first)" "0 " "eight at once open a store that is not there yet"

# --- locked ----------------------------------------------------------------------------

db=$XDG_STATE_HOME/sandbox-agent/store.db
export SANDBOX_AGENT_STORE_WAIT=100ms
sa-session new --agent mock --id busy >/dev/null
sa-session prompt busy "permission to flood; flood 2000" --no-wait >/dev/null
sa-session wait busy --until waiting >/dev/null
before=$(count busy)
mkfifo hold
sqlite3 -cmd ".timeout 5000" "$db" <hold >/dev/null & holder=$!
exec 9>hold
printf 'BEGIN IMMEDIATE; UPDATE servers SET updated_ms=updated_ms;\n.shell touch locked\n' >&9
wait_until 5 test -e locked
status 8 "a store that stays locked is told" sa-session new --agent mock
like "$(cat err)" "$db stayed locked by another process for 0.1 s" "with its name and for how long"
is "$(state busy)" waiting "what is in it can be read"
status 8 "an answer that cannot be recorded is told" sa-session reply busy allow
is "$(count busy)" "$before" "nothing is shown that is not stored"
like "$(store_problem "$db" busy)" 'stayed locked' "the supervisor says what it waits for, to whoever asks"
printf 'ROLLBACK;\n.quit\n' >&9
exec 9>&-
wait "$holder"
sa-session wait busy >/dev/null
is "$(floods busy)" 2000 "when the lock is gone, all that the agent said meanwhile is stored"
unlike "$(count busy)" gap "without a gap"
is "$(state busy)" idle "and the session goes on"
# The line of the writers: somebody in front who does not move (a stopped process) is passed in the end.
sa-session new --agent mock --id passed >/dev/null
start perl -e 'open(my $f, "+<", "$ARGV[0]-queue") or die;
	my $lock = pack("s s x4 q q l x4", 1, 0, 0, 1, 0); # F_WRLCK, the first byte
	fcntl($f, 37, $lock) or die; # F_OFD_SETLK
	open(my $t, ">", "stands"); sleep 600' "$db"
wait_until 5 test -e stands
ok "who stands still at the head of the line does not stop the others" sa-session prompt passed "say on"
kill "$started"
sa-session close passed
unset SANDBOX_AGENT_STORE_WAIT
SANDBOX_AGENT_STORE_WAIT=soon status 2 "a wait that is no duration is told" sa-session list

# --- damaged -----------------------------------------------------------------------------

sa-session close busy
sqlite3 -cmd '.timeout 5000' "$db" 'pragma wal_checkpoint(truncate)' >/dev/null
for kind in header middle cut; do
	cp "$db" damaged.db
	case $kind in
	header) printf 'not a database, at all' | dd of=damaged.db conv=notrunc status=none ;;
	middle) dd if=/dev/urandom of=damaged.db bs=4096 seek=1 count=8 conv=notrunc status=none ;;
	cut) truncate -s 10000 damaged.db ;;
	esac
	cp damaged.db kept.db
	SANDBOX_AGENT_STORE=sqlite:$PWD/damaged.db status 8 "a damaged store ($kind) is told" sa-session new --agent mock
	like "$(cat err)" 'damaged.*\.recover' "with what helps"
	ok "and left as it is" cmp -s damaged.db kept.db
	rm -f damaged.db-wal damaged.db-shm
done
mkdir folder
SANDBOX_AGENT_STORE=sqlite:$PWD/folder status 8 "a store that is a folder is told" sa-session list
SANDBOX_AGENT_STORE=sqlite:$PWD/nowhere/store.db status 8 "one in a folder that is not there, too" sa-session list
SANDBOX_AGENT_STORE=sqlite:relative status 2 "a relative path is told" sa-session list
cp "$db" newer.db
sqlite3 newer.db 'pragma user_version=1000'
SANDBOX_AGENT_STORE=sqlite:$PWD/newer.db status 8 "a newer program's store is told" sa-session list
like "$(cat err)" 'newer' "in words"

# --- full, read-only ------------------------------------------------------------------------

remount() { # OPTION; read-only it cannot be before the supervisors that end have closed it
	wait_until 20 mount -o "remount,$1" small || { ls -l /proc/[0-9]*/fd/* 2>/dev/null | grep "$T/small" >&2; exit 1; }
}
mkdir small
if mount -t tmpfs -o size=1m,mode=700 tmpfs small 2>/dev/null; then
	trap 'status=$?; set +e; umount -l "$T/small"; (exit "$status"); tap_cleanup' EXIT
	small=$PWD/small/store.db
	export SANDBOX_AGENT_STORE=sqlite:$small
	sa-session new --agent mock --id full >/dev/null
	status 8 "a full store is told" timeout 20 sa-session prompt full "flood 3000 400"
	like "$(cat err)" 'no space left.*nothing stored is lost' "in words"
	stored=$(count full)
	unlike "$stored" gap "what is stored can be read"
	# What the refused commit had written ahead is room for small ones: take it, and all that is left.
	for ((i = 0; i < 50; i++)); do timeout 20 sa-session new --agent mock --id "small$i" >/dev/null 2>&1 || break; done
	ok "the room that is left takes few more ($i)" test "$i" -lt 50
	status 8 "no session is made in it" timeout 20 sa-session new --agent mock
	status 8 "the session that waits for space is told by name" timeout 20 sa-session prompt full "say more"
	is "$(count full)" "$stored" "nothing is shown that is not stored"
	is "$(sqlite3 -cmd '.timeout 5000' "$small" 'pragma integrity_check')" ok "the store is sound"
	remount size=64m
	ok "when there is space the turn goes on by itself" timeout 30 sa-session wait full
	is "$(floods full)" 3000 "nothing that the agent said is lost"
	unlike "$(count full)" gap "or out of order"
	is "$(sqlite3 -cmd '.timeout 5000' "$small" 'pragma integrity_check')" ok "the store is sound"
	ok "the session works" sa-session prompt full "say on"
	for id in $(sa-session list --json | jq -r 'select(.state != "closed").id'); do sa-session close "$id"; done
	sum=$(sqlite3 -cmd '.timeout 5000' "$small" 'select count(*), max(seq) from events')
	remount ro
	status 8 "a read-only store is told" sa-session new --agent mock
	like "$(cat err)" 'cannot be written|read-only|readonly|unable to open' "in words"
	remount rw
	is "$(sqlite3 -cmd '.timeout 5000' "$small" 'select count(*), max(seq) from events')" "$sum" "nothing in it has changed"
	unset SANDBOX_AGENT_STORE
else
	skip "a full store" "no right to mount a tmpfs"
	skip "a read-only store" "no right to mount a tmpfs"
fi

# --- how much is on the disk ------------------------------------------------------------------

mkdir busy
SANDBOX_AGENT_STORE=sqlite:$PWD/busy/store.db sa-session new --agent mock --id opens >/dev/null # and keeps it open
floods=()
for i in 1 2 3 4 5 6; do
	SANDBOX_AGENT_STORE=sqlite:$PWD/busy/store.db sa-session run --agent mock --id "floods$i" "flood 30000 600" >/dev/null &
	floods+=($!)
done
for pid in "${floods[@]}"; do wait "$pid"; done
bytes() { stat -c %s "busy/store.db$1"; }
ok "the log of many writers at once is begun anew ($(bytes '') bytes, log $(bytes -wal))" test "$(bytes -wal)" -lt "$(($(bytes '') / 2))"
SANDBOX_AGENT_STORE=sqlite:$PWD/busy/store.db sa-session close opens >/dev/null

SANDBOX_AGENT_STORE_SYNC=often status 2 "a synchronous that is none is told" sa-session list
if command -v strace >/dev/null && strace -f -o trace true 2>/dev/null; then
	syncs() { # MODE PROMPT: how often the disk is waited for while a session is made and asked
		strace -f --seccomp-bpf -e trace=fsync,fdatasync -o trace env SANDBOX_AGENT_STORE_SYNC="$1" \
			sa-session run --agent mock "$2" >/dev/null
		grep -c 'fdatasync(\|fsync(' trace || true
	}
	sa-session list >/dev/null
	few="say one; say two; say three" many="flood 9000 2000" # more than the log holds
	off=$(syncs off "$many") normal=$(syncs normal "$few") full=$(syncs full "$few")
	is "$off" 0 "with off the disk is never waited for"
	ok "with full each commit waits for it ($normal, $full)" test "$full" -gt "$((normal + 3))"
	ok "normal is the default: the disk is waited for" test "$(syncs '' "$many")" -gt 0
	ok "... but not for each commit" test "$(syncs '' "$few")" -lt "$((full - 3))"
else
	skip "synchronous" "no strace"
fi
done_testing
