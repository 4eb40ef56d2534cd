#!/usr/bin/env bash
# Claude Code, Codex, Pi and Amp (OpenCode when it is named), against a scripted model server on loopback: a policy answers
# their permissions, a person their question, and the record says which. SA_TEST_AGENTS and
# SA_TEST_ONLY as in agents-abilities.t.
agents=${SA_TEST_AGENTS:-} shared=${SA_TEST_SHARED:-}
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
shared=${shared:-$TOP/../shared}
need jq sqlite3 node
[ -d "$agents" ] || skip_all "no real agents: SA_TEST_AGENTS is not set"
[ -f "$shared/fake-llm/fake-llm.mjs" ] || skip_all "no scripted model server in $shared"

start node "$shared/fake-llm/fake-llm.mjs" --port 0 >llm.out 2>&1
listening() { base=$(grep -o 'http://127.0.0.1:[0-9]*' llm.out | head -1) && [ -n "$base" ]; }
wait_until 10 listening || exit 1

# A home for the agent: NAME=VALUE lines in $home/env, its command in $command, its project in $cwd.
prepare() { # NAME
	home=$T/homes/$1
	mkdir -p "$home"
	node --input-type=module -e '
		import fs from "node:fs";
		const [lib, name, root, base, home] = process.argv.slice(1);
		const { prepare } = await import(lib);
		const p = prepare(name, { root, base, home });
		if (p.missing) { console.error(p.missing); process.exit(1); }
		const { PATH, TMPDIR, ...env } = p.env;
		fs.writeFileSync(home + "/env", Object.entries(env).map(([k, v]) => `--env\n${k}=${v}\n`).join(""));
		fs.writeFileSync(home + "/command", p.argv.join(" "));
		fs.writeFileSync(home + "/mode", p.agent.askMode || "");
	' "$TOP/tests/agents/agents.mjs" "$1" "$agents" "$base" "$home" || return 1
	command=$(cat "$home/command") cwd=$home/project
	mapfile -t env <"$home/env"
	mode=()
	[ ! -s "$home/mode" ] || mode=(--mode "$(cat "$home/mode")")
}
run() { timeout 90 sa-session run --agent-command "$command" "${env[@]}" --cwd "$cwd" "$@"; }
last() { sa-session pending --settled --json | tail -1 | jq -r '"\(.state) \(.settledBy) \(.reason)"'; }

try() { # NAME
	echo '{"rules":[{"decision":"deny","command":"touch refused*","reason":"not this"},{"decision":"allow","kind":"execute"}]}' >"$T/p.json"
	run --policy "$T/p.json" "${mode[@]}" "run: touch refused" >out 2>err || true
	is "$(last)" "answered policy rule 1 of $T/p.json: not this" "$1: a rule denies a command by its words"
	not_ok "$1: and nothing was done" test -e "$cwd/refused"
	run --policy "$T/p.json" "${mode[@]}" "run: touch made" >out 2>err || true
	is "$(last)" "answered policy rule 2 of $T/p.json" "$1: another allows one"
	ok "$1: and it was done" test -e "$cwd/made"
	run --ask-timeout 500ms "${mode[@]}" "run: touch late" >out 2>err && rc=0 || rc=$?
	is "$rc $(last)" "6 expired deadline nobody answered in 500 ms" "$1: without an answer the deadline rejects"
	not_ok "$1: and nothing was done then" test -e "$cwd/late"
}

question() { # NAME: a form, answered by a person
	local id
	id=$(sa-session new --agent-command "$command" "${env[@]}" --cwd "$cwd" --yolo --mode default | field .id)
	sa-session prompt "$id" --no-wait "ask Which one? red | blue" >/dev/null
	ok "$1: a question is a request" sa-session wait --until waiting "$id" --timeout 60s
	is "$(sa-session pending "$id" --json | field .method)" elicitation/create "$1: a form, that no policy answers"
	name=$(sa-session pending "$id" --json | jq -r '.payload.params.requestedSchema.properties|keys_unsorted[0]')
	ok "$1: a person does" sa-session answer "$id" "$name=blue" --as alice
	sa-session wait "$id" --timeout 60s >/dev/null
	is "$(last)" "answered alice null" "$1: and is in the record"
	sa-session close "$id"
}

# OpenCode looks for hosts of its own at start and takes minutes where the network swallows that.
for name in claude codex pi amp opencode; do
	[[ ,${SA_TEST_ONLY:-claude,codex,pi,amp}, == *,$name,* ]] || continue
	if ! prepare "$name" 2>missing; then
		skip "$name" "$(head -1 missing) is not there"
		continue
	fi
	try "$name"
	[ "$name" != claude ] || question "$name"
done
done_testing
