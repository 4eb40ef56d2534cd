#!/usr/bin/env bash
# sa(7): its table of problems is the program's, its examples run, its list of commands is whole.
. "$(dirname "$0")/tap.sh"
need jq

page=$TOP/man/sa.7
# problem.c: [KIND] = {"name", "Title", HTTP, SA_EXIT_X}; the numbers of SA_EXIT_X are in problem.h.
tr '\n\t' '  ' <"$TOP/libcommon/base/problem.c" | grep -oE '\{"[a-z_]+", *"[^"]+", *[0-9]+, *SA_EXIT_[A-Z_]+' |
	tr -d '{",' | awk '{ print $1, $(NF-1), $NF }' | while read -r name http exit; do
	echo "$name $http $(sed -n "s/^\t$exit = \([0-9]*\),$/\1/p" "$TOP/libcommon/base/problem.h")"
done | grep -v '^none ' | sort >code
sed -n 's/^\.It \([a-z_]*\) Ta \([0-9]*\) Ta \([0-9]*\)$/\1 \2 \3/p' "$page" | sort >told
ok "there is a table" test "$(wc -l <told)" -gt 20
ok "the table of problems is the program's" diff code told

awk '/^\.Bd/ { n++; shown = 1; next } /^\.Ed/ { shown = 0 } shown { print > ("example." n) }' "$page"
for example in example.*; do
	status 0 "it runs: $(head -c 60 "$example")" bash -euo pipefail "$example"
done
is "$(sa-session list --json | jq -r 'select(.state=="idle").id')" "" "the last one has closed what was idle"

# Every command for people; the others are started by these.
for main in "$TOP"/cmd/*/main.c; do
	command=$(basename "$(dirname "$main")")
	case $command in
	sa-supervise | sa-keep | sa-relay | sa-mock-agent | sa-acp-* | sa-install-desktop | sa-desktop | sa-remote) continue ;;
	esac
	ok "it names $command" grep -q "Xr $command 1" "$page"
done
done_testing
