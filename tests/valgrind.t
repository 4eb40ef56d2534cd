#!/usr/bin/env bash
# What touches libjq runs under valgrind as well: sanitizers do not see inside that library.
#   VALGRIND_ALL=1: every unit test
. "$(dirname "$0")/tap.sh"
need valgrind jq
[ "${BUILD_DIR:-build/plain}" = build/plain ] || skip_all "a sanitized build does not run under valgrind"

checked() { valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite "$@"; }

sa-session new --agent mock --id jq >/dev/null
sa-session prompt jq 'think hm; say hello; plan; edit a.txt; usage; bad-utf8; noise x; repeat 200 more' >/dev/null
events=$BIN_DIR/sa-events
ok "sa-events show --jq" checked "$events" show jq --jq '.payload.params.update.sessionUpdate // .eventIndex'
is "$(grep -c . out)" "$(sa-events show jq | wc -l)" "prints what it should there"
ok "sa-events show --jq with a filter that fails for each record" checked "$events" show jq --jq 'error("no")'
status 2 "sa-events show --jq with a filter that does not compile" checked "$events" show jq --jq '.['
ok "sa-events show --jq with many outputs" checked "$events" show jq --jq 'range(20), tostring'
ok "sa-events follow --jq" checked "$events" follow jq --until turn-end --type plan --jq .payload
ok "sa-events show in words" checked "$events" show jq --text --width 20
ok "sa-events export" checked "$events" export jq --format html
sa-session close jq

cd "${TOP:?}" || exit 1
sources=(tests/unit/*.c tests/fuzz/*.c)
[ -n "${VALGRIND_ALL:-}" ] || mapfile -t sources < <(grep -l '^/\* libs:.*-ljq' "${sources[@]}" || true)
for source in "${sources[@]}"; do
	unit=$(basename "${source%.c}")
	[[ $source != tests/fuzz/* ]] || unit=fuzz-$unit
	ok "$unit is clean under valgrind" checked "build/plain/unit/$unit"
done
done_testing
