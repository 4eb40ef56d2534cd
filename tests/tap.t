#!/usr/bin/env bash
# The helper that all command tests stand on, tested by small tests run as children.
. "$(dirname "$0")/tap.sh"

child() { # SCRIPT: what it printed, its status last
	local rc=0
	printf '. "%s/tests/tap.sh"\n%s\n' "$TOP" "$1" >child
	bash child >child.out 2>&1 </dev/null || rc=$?
	echo "status $rc" >>child.out
	cat child.out
}

like "$(child 'ok fine true; done_testing')" $'^ok 1 - fine\n1\.\.1\nstatus 0$' "a passing test passes"
like "$(child 'ok bad false; done_testing')" $'not ok 1 - bad\n.*1\.\.1\nstatus 1$' "a failing test fails"
like "$(child 'is a b name; done_testing')" $'got: a\n.*expected: b\n1\.\.1\nstatus 1$' "a difference is shown"
like "$(child 'ok fine true; exit 0')" 'ended early.*status 1$' "a test that ends early fails"
like "$(child 'false; done_testing')" 'ended early.*status 1$' "a command that fails ends the test"
like "$(child 'skip it "no tool"; done_testing')" 'ok 1 - it # SKIP no tool' "a skip is told"
like "$(child 'ok fine true; need no-such-tool')" $'^ok 1 - fine\nok 2 - the rest # SKIP no-such-tool is not there\n1\.\.2\nstatus 0$' "in the middle, the rest of it"
like "$(child 'need no-such-tool')" $'^1\.\.0 # SKIP no-such-tool is not there\nstatus 0$' "a missing tool skips the file"
like "$(SANDBOX_AGENT_TOKEN=x child 'echo "[${SANDBOX_AGENT_TOKEN-unset}]"; done_testing')" '\[unset\]' \
	"settings of the caller do not leak in"
like "$(child 'case $HOME$TMPDIR$XDG_STATE_HOME in "$T"*"$T"*"$T"*) echo inside;; esac; done_testing')" inside \
	"homes lie inside the test's folder"
like "$(child 'wait_until 0 false || echo late; done_testing')" late "wait_until ends at its deadline"
child 'echo "$T" >&2; start bash -c "sleep 600 & echo \$! >$T/inner; wait"
	wait_until 5 test -s "$T/inner"; echo "pid $(cat "$T/inner")"; done_testing' >report
pid=$(sed -n 's/^pid //p' report)
folder=$(head -1 report)
like "$pid" '^[0-9]+$' "a started command runs"
not_ok "its whole tree is gone behind the test" kill -0 "$pid"
not_ok "and so is the folder" test -e "$folder"

child 'sa-session new --agent mock --id left >/dev/null; echo "pid $(sa-session show left | jq .supervisorPid)"; done_testing' >report
pid=$(sed -n 's/^pid //p' report)
like "$pid" '^[0-9]+$' "a session that a test leaves has a supervisor"
ok "which is gone behind the test" is_dead "$pid"
done_testing
