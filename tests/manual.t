#!/usr/bin/env bash
# The manual pages: each block of commands runs as it stands there. A comment above a block says what else is so:
#   not run: REASON      it cannot, here              run by tests/X.t     that test does, and knows the page or command
#   until: REGEX         it goes on until it is ended, and says this by then
# "all ..." at the head of a section is for all of it.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need jq perl curl

# blocks/NN and blocks/NN.mark of one page, in order; lines of .Dl that follow each other stay apart.
blocks_of() {
	rm -rf blocks
	mkdir blocks
	awk 'function out() { file = sprintf("blocks/%02d", ++n); print (mark == "" ? all : mark) > (file ".mark"); close(file ".mark"); mark = "" }
		/^\.Sh/ { all = "" }
		/^\.\\" all / { all = substr($0, 9); next }
		/^\.\\" / { mark = substr($0, 5); next }
		/^\.Dl / { out(); print substr($0, 5) > file; close(file); next }
		/^\.Bd -literal/ { out(); inside = 1; next }
		/^\.Ed/ { inside = 0; next }
		inside { print > file }' "$1"
	for file in blocks/*; do [ "$file" = 'blocks/*' ] || sed -i 's/\\(dq/"/g; s/\\e/\\/g; s/\\&//g; s/^\$ //' "$file"; done
}

port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport')
trap 'sa-daemon stop --port "$port" >/dev/null 2>&1; tap_cleanup' EXIT
mkdir tools
PATH=$T/tools:$PATH

# What a page takes for granted.
before() {
	case $1 in
	sa-api.1)
		serve
		export SANDBOX_AGENT_ENDPOINT=$base
		mkdir -p /tmp
		;;
	sa-credentials.1)
		printf '#!/bin/sh\n[ -n "$ANTHROPIC_API_KEY" ] && echo "$@"\n' >"$T/tools/claude"
		chmod +x "$T/tools/claude"
		export ANTHROPIC_API_KEY=sk-ant-api03-test OPENAI_API_KEY=sk-proj-test
		echo gsk_test >groq.txt
		;;
	sa-events.1)
		sa-session new --agent mock --id one >/dev/null
		sa-session prompt one "wait 300ms; say done" --no-wait >/dev/null
		;;
	sa-fs.1) printf 'all:\n\techo built\n' >Makefile ;;
	sa-process.1) rm -rf "$XDG_STATE_HOME/sandbox-agent/processes" ;; # sa-keep's page made some
	sa-serve.1) echo 0123456789abcdef >token ;;
	sa-store.1)
		sa-session run --agent mock "say kept" >/dev/null
		printf '#!/bin/sh\nshift\nXDG_STATE_HOME=%s exec "$@"\n' "$T/other" >"$T/tools/ssh"
		chmod +x "$T/tools/ssh"
		;;
	esac
}

until_said() { # REGEX FILE: started, says it, ends at SIGTERM
	# shellcheck disable=SC2016
	start bash -c 'exec bash -euo pipefail "$1" >"$2" 2>&1' until "$2" "$T/said"
	wait_until 20 grep -qE "$1" "$T/said" || { cat "$T/said"; return 1; }
	kill -TERM -- "-$started"
	wait_until 10 gone "$started"
}

ran=0 left=0 never=0
for page in "$TOP"/man/*.[1-8]; do
	name=${page##*/}
	blocks_of "$page"
	mkdir -p "work/$name"
	before=0
	for block in "$T"/blocks/*; do
		case $block in *.mark | *'*') continue ;; esac
		sed -i "s/\b8080\b/$port/g" "$block"
		mark=$(cat "$block.mark")
		what="$name: $(head -c 60 "$block" | head -1)"
		case $mark in
		'not run: '*)
			never=$((never + 1))
			skip "$what" "${mark#not run: }"
			continue
			;;
		'run by '*)
			left=$((left + 1))
			ok "$what: ${mark#run by } knows it" grep -qE "${name//./\\.}|${name%.*}" "$TOP/${mark#run by }"
			continue
			;;
		esac
		ran=$((ran + 1))
		cd "$T/work/$name"
		[ $before -eq 1 ] || before "$name"
		before=1
		case $mark in
		'until: '*) status 0 "$what" until_said "${mark#until: }" "$block" ;;
		*) status 0 "$what" timeout 60 bash -euo pipefail "$block" ;;
		esac
		cd "$T"
	done
	unset SANDBOX_AGENT_ENDPOINT ANTHROPIC_API_KEY OPENAI_API_KEY
	rm -f "$T"/tools/*
done
ok "most are run, here" test $ran -gt $((left + never))
ok "... and few nowhere" test $never -le 8
ok "each command's page has some" test $((ran + left)) -gt "$(find "$TOP/cmd" -name main.c | wc -l)"
echo "# $ran run here, $left by other tests, $never nowhere"
done_testing
