#!/usr/bin/env bash
# README.md: each block of commands runs, and prints what stands there. What cannot run says why.
. "$(dirname "$0")/tap.sh"
need jq curl perl git

# block.NN.LANGUAGE, and the comment above it in block.NN.LANGUAGE.mark
mkdir blocks
awk '/^```/ && !inside { inside = 1; file = sprintf("blocks/%02d.%s", ++n, substr($0, 4)); print mark > (file ".mark"); mark = ""; next }
	/^```$/ { inside = 0; next }
	inside { print > file; next }
	/^<!-- / { mark = $0; next }
	/./ { mark = "" }' "$TOP/README.md"
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport')
sed -i "s/\b2468\b/$port/g" blocks/*
trap 'sa-daemon stop --port "$port" >/dev/null 2>&1; tap_cleanup' EXIT

mkdir work
ln -s "$TOP/scripts" work/scripts
cd work
export SANDBOX_AGENT_LOG_DIR=$T/logs

# A console block is what a person would see: each command is printed, then run.
as_console() {
	awk '/^\$ / { printf "cat <<'"'SA_LINE'"'\n%s\nSA_LINE\n", $0; print substr($0, 3) }' "$1" >"$T/console"
	bash -uo pipefail "$T/console"
}

# make compiles, which the test of a fresh machine does; here it finds what is built.
mkdir "$T/ci-tools"
cat >"$T/ci-tools/make" <<END
#!/bin/sh
while [ \$# -gt 0 ]; do case \$1 in -C) cd "\$2"; shift ;; install) install=1 ;; PREFIX=*) prefix=\${1#*=} ;; esac; shift; done
[ -z "\${install:-}" ] || exec scripts/install-tree install '' "\$prefix" build/bin
mkdir -p build && ln -sfn '$BIN_DIR' build/bin
END
chmod +x "$T/ci-tools/make"

run_yaml() { # FILE
	export SANDBOX_AGENT_REPO=$T/repo RUNNER_TEMP=$T/runner CI_BUILDS_DIR=$T/builds GITHUB_PATH=$T/github.path
	mkdir -p "$RUNNER_TEMP" "$CI_BUILDS_DIR"
	if grep -q 'run: |' "$1"; then
		awk '/- run: \|/ { step++; next } /^          / { print > ("'"$T"'/step." step); next }' "$1"
		for step in "$T"/step.*; do
			PATH=$(tac "$GITHUB_PATH" 2>/dev/null | tr '\n' ':')$T/ci-tools:$PATH bash -euo pipefail "$step" || return
		done
	else
		sed -n 's/^    - //p' "$1" >"$T/gitlab"
		PATH=$T/ci-tools:$PATH bash -euo pipefail "$T/gitlab"
	fi && [ "$(cat review.txt)" = reviewed ] && jq -e .payload events.jsonl >/dev/null
}

# The working tree as a repository: what is committed is what is cloned.
git -C "$TOP" ls-files -z | (cd "$TOP" && xargs -0 tar c) | (mkdir "$T/repo" && tar x -C "$T/repo")
git -C "$T/repo" init -q && git -C "$T/repo" add -A && git -C "$T/repo" -c user.name=t -c user.email=t@t commit -qm all

install_sdk() { npm install --prefix "$T/work" --no-audit --no-fund --ignore-scripts --omit=optional --silent sandbox-agent@0.4.2; }
left=0 ran=0
for block in "$T"/blocks/*; do
	case $block in *.mark) continue ;; esac
	name="${block##*/}: $(grep -m1 . "$block" | cut -c1-60)"
	mark=$(cat "$block.mark")
	case $mark in
	'<!-- not run: '*)
		left=$((left + 1))
		skip "$name" "${mark#<!-- not run: }"
		continue
		;;
	'<!-- run by '*)
		other=${mark#<!-- run by }
		ok "$name: ${other% -->} reads README.md" grep -q 'README\.md' "$TOP/${other% -->}"
		left=$((left + 1))
		continue
		;;
	esac
	ran=$((ran + 1))
	case $block in
	*.console)
		as_console "$block" >"$T/said" 2>&1 || true
		is "$(cat "$T/said")" "$(cat "$block")" "$name"
		;;
	*.sh) status 0 "$name" bash -euo pipefail "$block" ;;
	*.yaml) status 0 "$name" run_yaml "$block" ;;
	*.python)
		if ! command -v python3 >/dev/null; then skip "$name" "python3 is not there"; continue; fi
		is "$(python3 "$block")" "end_turn hello" "$name"
		;;
	*.ts)
		if ! command -v npm >/dev/null || ! install_sdk >"$T/npm.out" 2>&1; then
			skip "$name" "the SDK cannot be had from npm"
			continue
		fi
		cp "$block" client.mjs
		status 0 "$name" node client.mjs
		cp "$T/out" said
		ok "... and ends its turn" grep -qx end_turn said
		ok "... with its events" grep -q '"stopReason":"end_turn"' said
		;;
	*) tap_result 1 "$name: nobody knows how to run it" ;;
	esac
done
ok "most blocks are run" test "$ran" -gt "$left"

# The table of commands is whole.
for main in "$TOP"/cmd/*/main.c; do
	command=$(basename "$(dirname "$main")")
	ok "it names $command" grep -q "^| \`$command\` |" "$TOP/README.md"
done
# Files and options that it speaks of exist.
for file in $(grep -oE '`(tests|scripts)/[a-z./-]+`' "$TOP/README.md" | tr -d '`'); do ok "$file is there" test -e "$TOP/$file"; done
done_testing
