#!/usr/bin/env bash
# kill -9 for the real agents in the middle of a turn: the adapter, the agent behind it, the supervisor of both. No process
# stays behind, and the session goes on. SA_TEST_AGENTS and SA_TEST_ONLY as in agents-abilities.t.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/agents-lib.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 node
need_agents
model_server node "$TOP/tests/agents/threads.mjs" "$shared/fake-llm/fake-llm.mjs"

# A process with all that it has started, one a line.
tree_of() { # PID
	local child
	echo "$1"
	for child in $(pgrep -P "$1"); do tree_of "$child"; done
}
all_dead() {
	local pid
	for pid; do is_dead "$pid" || return 1; done
}
gone() { # NAME PID...: all of them; who is not, is told
	if wait_until 20 all_dead "${@:2}"; then ok "$1" true; else ok "$1: $(ps -o pid=,args= -p "$(IFS=,; echo "${*:2}")")" false; fi
}

attack() { # NAME VICTIM: in the middle of a tool
	local id victim=$2 adapter supervisor pid tree nap=$((100000 + RANDOM))
	rm -f "$cwd/begun"
	id=$(sa-session new --agent-command "$command" "${env[@]}" --cwd "$cwd" --yolo | field .id)
	timeout 90 sa-session prompt "$id" "say before" >/dev/null
	sa-session prompt "$id" --no-wait "run: touch begun; timeout $nap tail -f /dev/null" >/dev/null
	wait_until 60 test -e "$cwd/begun" || { ok "$1: a tool runs" false; return; }
	adapter=$(sa-session show "$id" | field .agentPid) supervisor=$(sa-session show "$id" | field .supervisorPid)
	case $victim in
	adapter) pid=$adapter ;;
	agent) pid=$(pgrep -P "$adapter" | head -1) ;;
	supervisor) pid=$supervisor ;;
	esac
	mapfile -t tree < <(tree_of "$pid")
	like "$(ps -o args= -p "$(IFS=,; echo "${tree[*]}")")" "tail -f /dev/null" "$1: ${#tree[@]} processes from the $victim down to the tool"
	kill -KILL "$pid"
	gone "$1: the $victim is killed, none of them is left" "${tree[@]}"
	# The supervisor ends with its adapter; what it had in its environment is kept nowhere.
	if [ "$victim" != agent ]; then
		gone "$1: nor is the supervisor" "$supervisor"
		ok "$1: the session is resumed" timeout 90 sa-session resume "${env[@]}" --yolo "$id"
	fi
	ok "$1: and the session goes on" timeout 90 sa-session prompt "$id" "say back again"
	like "$(sa-events show "$id" --type agent_message_chunk --jq .payload.params.update.content.text | tr -d '"\n')" "before.*back again" "$1: as it was before"
	mapfile -t tree < <(tree_of "$(sa-session show "$id" | field .supervisorPid)")
	sa-session close "$id"
	gone "$1: closed, nothing is left of it" "${tree[@]}"
}

for name in claude codex opencode pi amp; do
	[[ ,${SA_TEST_ONLY:-claude,codex,opencode,pi,amp}, == *,$name,* ]] || continue
	if ! agent_home "$name" 2>missing; then
		skip "$name" "$(head -1 missing) is not there"
		continue
	fi
	attack "$name" adapter
	[ "$name" = opencode ] || attack "$name" agent # which has no adapter
	attack "$name" supervisor
done
done_testing
