#!/usr/bin/env bash
# scripts/check itself: a few small programs, and what it says of them; the reader of CI sees the end only.
. "$(dirname "$0")/tap.sh"
need prove

program() { # NAME BODY
	printf '#!/usr/bin/env bash\n. "%s/tests/tap.sh"\n%s\n' "$TOP" "$2" >"$1"
	chmod +x "$1"
}
check() { # NAME...: its output in "said", its status in "rc"
	rc=0
	BUILD_DIR=$T/build "$TOP/scripts/check" "${@/#/$T/}" >said 2>&1 || rc=$?
}

program good 'ok fine true; skip one "no tool"; skip two "no tool"; done_testing'
program bad $'is 1 2 "one is\ntwo"; done_testing'
program early 'ok fine true; cat "$NOWHERE"; done_testing'
program sometimes "ok 'the first try' test -e '$T/tried'; touch '$T/tried'; done_testing"
program slow 'sleep 600; done_testing'

check good
is "$rc" 0 "what passes passes"
is "$(tail -1 said)" "1 passed, 0 failed, 2 skipped" "counts are the last line"
like "$(cat said)" 'SKIPPED +[^ ]*good: no tool \(2 checks\)' "skips with one reason are one line"
like "$(cat said)" 'SLOWEST +good [0-9]+ s' "the slowest are told"

CHECK_SECONDS=2 check good bad early slow
is "$rc" 1 "what fails fails"
is "$(tail -1 said)" "2 passed, 3 failed, 2 skipped" "a program that ends badly or late is one failure"
sed -n '/^FAILED/,$p' said >failures
like "$(cat failures)" 'failed at bad:3: one is two.*got: 1.*expected: 2' "the end says where and what differed"
like "$(cat failures)" 'NOWHERE: unbound variable.*ended early with status 1' "and the last words of what ended badly"
like "$(cat failures)" 'not done within 2 s' "and what took too long"
unlike "$(cat failures)" 'good' "and nothing of what passed"

CHECK_RETRY=1 check sometimes good
is "$rc" 0 "a second try counts"
like "$(cat said)" $'RETRIED +[^\n]*sometimes\n *# failed at sometimes:3: the first try' "and the first one's failure is told"
check good
unlike "$(cat said)" sometimes "nothing of an earlier run comes back"
done_testing
