# Talking to sa-mock-agent over plain pipes, and TAP. To be sourced by bash.
# Everything happens in a folder of its own, which is removed at the end.
# shellcheck shell=bash

mock_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mock_bin=$(cd "$mock_root" && cd "${BIN_DIR:-build/bin}" && pwd)/sa-mock-agent
mock_dir=$(mktemp -d) || exit 1
export SA_MOCK_STATE=$mock_dir/state
unset SA_MOCK_AUTH
count=0 last_id=100 agent_pid= sid=
trap 'agent_kill; rm -rf "$mock_dir"' EXIT

# ok STATUS NAME: one TAP line.
ok() {
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		printf '%s' "$lines" | tail -n 5 | cut -c1-300 | sed 's/^/# /'
	fi
}

done_testing() {
	echo "1..$count"
}

# is NAME FILTER: does the jq FILTER hold for the array of the lines seen last?
is() {
	printf '%s' "$lines" | jq -es "$2" >/dev/null 2>&1
	ok $? "$1"
}

# same NAME GOT WANTED
same() {
	[ "$2" = "$3" ]
	ok $? "$1"
	[ "$2" = "$3" ] || printf '# got:    %.300s\n# wanted: %.300s\n' "$2" "$3"
}

# agent_start [OPTION ...]: a new agent on descriptors $to and $from.
agent_start() {
	agent_kill
	coproc AGENT { exec "$mock_bin" "$@" 2>"$mock_dir/stderr"; }
	# shellcheck disable=SC2153
	agent_pid=$AGENT_PID
	exec {to}>&"${AGENT[1]}" {from}<&"${AGENT[0]}"
	eval "exec ${AGENT[1]}>&- ${AGENT[0]}<&-"
}

agent_kill() {
	[ -n "$agent_pid" ] || return 0
	exec {to}>&- {from}<&-
	kill -9 "$agent_pid" 2>/dev/null
	wait "$agent_pid" 2>/dev/null
	agent_pid=
}

# End its input; its exit status goes to $status.
agent_end() {
	exec {to}>&-
	agent_wait
}

agent_wait() {
	wait "$agent_pid" 2>/dev/null
	status=$?
	agent_pid=
	{ exec {to}>&-; } 2>/dev/null
	exec {from}<&-
}

send() {
	printf '%s\n' "$1" >&"$to"
}

# read_until GLOB: collect lines in $lines, the last one, which matches, in $line.
read_until() {
	lines=
	while IFS= read -r -t 5 line <&"$from"; do
		lines+=$line$'\n'
		# shellcheck disable=SC2053
		[[ $line == $1 ]] && return 0
	done
	return 1
}

# request METHOD PARAMS: without waiting. The id is $last_id.
request() {
	last_id=$((last_id + 1))
	send "{\"jsonrpc\":\"2.0\",\"id\":$last_id,\"method\":\"$1\",\"params\":$2}"
}

# call METHOD PARAMS: up to its answer, which is $line.
call() {
	request "$1" "$2"
	answer_of "$last_id"
}

answer_of() {
	read_until "{\"jsonrpc\":\"2.0\",\"id\":$1,\"*"
}

# new_session: its id goes to $sid.
new_session() {
	call session/new "{\"cwd\":\"$mock_dir\",\"mcpServers\":[]}"
	sid=${line#*\"sessionId\":\"}
	sid=${sid%%\"*}
}

prompt_params() {
	local text=${1//\\/\\\\}
	text=${text//\"/\\\"}
	text=${text//$'\n'/\\n}
	printf '{"sessionId":"%s","prompt":[{"type":"text","text":"%s"}]}' "$sid" "$text"
}

start_prompt() {
	request session/prompt "$(prompt_params "$1")"
}

prompt() {
	call session/prompt "$(prompt_params "$1")"
}

# respond RESULT: to the request of the agent that is $line.
respond() {
	local id=${line#*\"id\":}
	send "{\"jsonrpc\":\"2.0\",\"id\":${id%%,*},\"result\":$1}"
}

# For filters: what the agent said, and the stop reason.
said='([.[].params?.update?|select(.sessionUpdate=="agent_message_chunk").content.text]|join(""))'
kinds='([.[].params?.update?|select(.).sessionUpdate])'
stop='.[-1].result.stopReason'
