#!/usr/bin/env bash
# The guard is killed at the worst moment: the program has ended, and what it left behind is just being asked to
# end. It has fallen to the supervisor then, which must not end before it.
. "$(dirname "$0")/tap.sh"
need setsid
export SANDBOX_AGENT_CGROUP=0

# It leaves a process in a session of its own that answers SIGTERM by killing the guard, and lives on.
cat >program <<'SH'
#!/usr/bin/env bash
setsid bash -c 'trap "kill -9 $1" TERM; echo $$ >left.new; mv left.new left; while :; do sleep 600 & wait $!; done' - $PPID &
while [ ! -e left ]; do sleep 0.02; done
SH
chmod +x program

leaves_nothing() { # NAME COMMAND...
	local name=$1
	rm -f left
	shift
	"$@" >out 2>err || true
	ok "$name leaves nothing behind" wait_until 10 is_dead "$(cat left)"
	kill -9 "$(cat left)" 2>/dev/null || true
}
leaves_nothing "the supervisor of an agent" sa-supervise --server-id mine --agent mine --cwd "$T" -- ./program
leaves_nothing "the supervisor of a process" sa-keep --cwd "$T" -- ./program
done_testing
