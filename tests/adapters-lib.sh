# An adapter in front of a script of ours, $T/native: begin, say, answer, choose.

begin() { # AGENT ARGUMENT...: sa-acp-AGENT, with a session in $session
	coproc ADAPTER { exec "sa-acp-$1" --agent-binary "$T/native" "${@:2}" 2>"$T/adapter.err"; }
	# A coprocess's own descriptors are closed in subshells, and ADAPTER_PID vanishes with it.
	adapter=$ADAPTER_PID
	exec {from}<&"${ADAPTER[0]}" {to}>&"${ADAPTER[1]}"
	exec {ADAPTER[0]}<&- {ADAPTER[1]}>&-
	say '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1}}'
	answer 1 >/dev/null
	say "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"session/new\",\"params\":{\"cwd\":\"$T/work\",\"mcpServers\":[]${more_params-}}}"
	session=$(answer 2 | jq -r .result.sessionId)
}
say() { printf '%s\n' "$1" >&"$to"; }
answer() { # ID: the response to it; what comes before is in $T/told, too
	local line
	while IFS= read -r -t 20 line <&"$from"; do
		echo "$line" >>"$T/told"
		if [ "$(jq -c 'select(.method == null) | .id' <<<"$line")" = "$1" ]; then
			echo "$line"
			return 0
		fi
	done
	return 1
}
asked() { # the next request of the adapter's own
	local line
	while IFS= read -r -t 20 line <&"$from"; do
		if [ "$(jq '.method != null and .id != null' <<<"$line")" = true ]; then
			echo "$line"
			return 0
		fi
	done
	return 1
}
choose() { # OPTION: answer the next permission request with it
	local id
	id=$(asked | jq -c .id)
	say "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"outcome\":{\"outcome\":\"selected\",\"optionId\":\"$1\"}}}"
}
call() { # ID METHOD MEMBERS: a request about the session
	say "{\"jsonrpc\":\"2.0\",\"id\":$1,\"method\":\"$2\",\"params\":{\"sessionId\":\"$session\"$3}}"
}
prompt() { # ID TEXT
	call "$1" session/prompt ",\"prompt\":[{\"type\":\"text\",\"text\":\"$2\"}]"
}
finish() { # close the input: the exit status is in $rc
	exec {to}>&-
	rc=0
	wait "$adapter" || rc=$?
}
