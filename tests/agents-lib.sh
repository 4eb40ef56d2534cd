# shellcheck shell=bash
# For tests of the real agents, sourced behind tap.sh:
#   need_agents           skips the test without the folder of SA_TEST_AGENTS, then in $agents, or the model server; its
#                         folder (SA_TEST_SHARED, by default beside the repository) is in $shared
#   model_server COMMAND  starts one that says where it listens; its address is in $base
#   isolated COMMAND...   in a network with loopback alone, where that can be had: nothing can leave
#                         the machine; and with processes of its own, so that nothing outlives the test
#   agent_home NAME       a home for the agent below $T/homes, with $base for its model: its command in $command, its project in
#                         $cwd, options for its environment in ${env[@]}, for the mode in which it asks in ${mode[@]}; fails
#                         with what is missing
#   abilities OPTION...   tests/agents/real.mjs with the model server $model and the MCP server $echo_server,
#                         by default those of $shared

need_agents() {
	agents=${SA_TEST_AGENTS:-} shared=${SA_TEST_SHARED:-$TOP/../shared}
	[ -n "$agents" ] || skip_all "no real agents: SA_TEST_AGENTS is not set"
	[ -d "$agents" ] || skip_all "no real agents: $agents is not there"
	[ -f "$shared/fake-llm/fake-llm.mjs" ] || skip_all "no scripted model server in $shared"
}

model_server() {
	start "$@" >llm.out 2>&1
	listening() { base=$(grep -o 'http://127.0.0.1:[0-9]*' llm.out | head -1) && [ -n "$base" ]; }
	wait_until 20 listening || exit 1
}

isolated() {
	local spaces=(unshare -n -m -p -f --mount-proc --kill-child)
	if "${spaces[@]}" true 2>/dev/null; then
		"${spaces[@]}" sh -c 'ip link set lo up 2>/dev/null; "$@"' sh "$@"
	else
		"$@"
	fi
}

abilities() {
	isolated node "$TOP/tests/agents/real.mjs" --llm "${model:-${shared:?}/fake-llm/fake-llm.mjs}" \
		--mcp "${echo_server:-$shared/fake-llm/mcp-echo.mjs}" --home "$T/homes" "$@"
}

agent_home() {
	local home=$T/homes/$1
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
	' "$TOP/tests/agents/agents.mjs" "$1" "${agents:?}" "${base:?}" "$home" || return 1
	command=$(cat "$home/command") cwd=$home/project
	mapfile -t env <"$home/env"
	# Its own, where it looks for that before HOME; the state is the supervisor's, too.
	env+=(--env "XDG_CONFIG_HOME=$home/.config" --env "XDG_DATA_HOME=$home/.local/share" --env "XDG_CACHE_HOME=$home/.cache")
	mode=()
	[ ! -s "$home/mode" ] || mode=(--mode "$(cat "$home/mode")")
}
