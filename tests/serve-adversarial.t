#!/usr/bin/env bash
# The table of adversarial requests through the connections of a running sa-serve.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need perl curl

start bash -c 'exec sa-serve --unix "$T/s" --no-token --body-limit 1M 2>"$T/serve.err"'
server=$started
wait_until 5 test -S "$T/s"
for file in "$TOP"/tests/http/adversarial/*.txt; do
	SOCKET=$T/s perl "$TOP/tests/http/through-socket.pl" "$file" >rows 2>&1 || echo "not ok it ends: $?" >>rows
	while read -r line; do
		case $line in
		ok\ *) tap_result 0 "$(basename "$file" .txt): ${line#ok }" ;;
		*) tap_result 1 "$(basename "$file" .txt): ${line#not ok }" && true; tap_diag "$line" ;;
		esac
	done <rows
done
is "$(curl -s --unix-socket s http://x/v1/health)" '{"status":"ok"}' "the server goes on"
wait_until 10 eval '[ "$(open_files "$server")" -lt 15 ]'
ok "and holds none of the connections" eval '[ "$(open_files "$server")" -lt 15 ]'
done_testing
