#!/usr/bin/env bash
# Unit tests that touch libjq run under valgrind as well: sanitizers do not see inside that library.
. "$(dirname "$0")/tap.sh"
need valgrind
[ "${BUILD_DIR:-build/plain}" = build/plain ] || skip_all "a sanitized build does not run under valgrind"

cd "${TOP:?}" || exit 1
mapfile -t sources < <(grep -l '^/\* libs:.*-ljq' tests/unit/*.c tests/fuzz/*.c || true)
[ ${#sources[@]} -gt 0 ] || skip_all "no unit test links libjq"
for source in "${sources[@]}"; do
	unit=$(basename "${source%.c}")
	[[ $source != tests/fuzz/* ]] || unit=fuzz-$unit
	ok "$unit is clean under valgrind" valgrind -q --error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite "build/plain/unit/$unit"
done
done_testing
