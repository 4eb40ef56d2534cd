#!/usr/bin/env bash
# The main job: sessions with the mock agent, and what is left when something is killed.
. "$(dirname "$0")/tap.sh"
need jq sqlite3

db() { sqlite3 "$XDG_STATE_HOME/sandbox-agent/store.db" "$1"; }
field() { jq -r "$1"; }
state() { sa-session show "$1" | field .state; }
# Living processes whose environment carries this server's mark.
marked() {
	local uid entry
	uid=$(db "select uid from servers where id='$1'")
	for entry in /proc/[0-9]*/environ; do
		grep -qzs "^SANDBOX_AGENT_SERVER_UID=$uid\$" "$entry" 2>/dev/null && echo "$entry"
	done
	true
}
nobody_marked() { [ -z "$(marked "$1")" ]; }

is "$(sa-session run --agent mock "say hello")" hello "run prints the agent's answer"
is "$(sa-session list --json | field .state)" closed "its session is closed behind it"
status 7 "a failed prompt is the agent's failure" sa-session run --agent mock "fail -32603 broken"
status 1 "a refusal is no success" sa-session run --agent mock refuse
status 7 "an agent that dies is told" sa-session run --agent mock "stderr oh no; die 3"
like "$(cat err)" 'exited with status 3: oh no' "with its status and the end of its stderr"
for words in false 'sh -c "echo oh no >&2; exit 3"'; do
	status 7 "an agent that ends at once is told: $words" sa-session new --agent-command "$words"
	like "$(cat err)" "agent '(false|sh)' exited with status (1|3: oh no)" "and how it ended"
done
not_ok "last words may hold control characters" sa-session run --agent mock $'stderr a\e[31mb; die 3'
unlike "$(cat err)" $'\e' "which do not reach the terminal"
status 6 "an agent that does not answer is not waited for for ever" sa-session new --agent-command cat --timeout 300ms
like "$(cat err)" "does agent 'cat' speak ACP" "in words"
for id in '' @last -x $'two\nlines' $'esc\e' $'\xff' "$(printf '%0201d' 0)"; do
	status 2 "no session can have the id '${id:0:9}'" sa-session new --agent mock --id="$id"
done
status 3 "an agent nobody knows is not found" sa-session new --agent nobody
status 3 "neither is a program that is not there" sa-session new --agent-command ./no-such-program
status 3 "nor a session" sa-session show nothing
status 2 "an unknown option is a usage error" sa-session new --wat
status 2 "stdin without a record too" sa-session show - </dev/null
ok "any program that speaks ACP is an agent" sa-session run --agent-command "sa-mock-agent" "say hi"

sa-session new --agent mock --id one --env COLOUR=blue >record
is "$(field .id <record)" one "--id names the session"
status 4 "a name is given once" sa-session new --agent mock --id one
is "$(sa-session prompt - "report env:COLOUR" --text <record)" "env: COLOUR=blue" "--env reaches the agent"
is "$(sa-session show on | field .id)" one "an unambiguous start is enough"
is "$(sa-session show @last | field .id)" one "@last is the newest"
is "$(sa-session prompt one "say again" <record | field .id)" one "prompt passes the record on in a pipe"
is "$(db "select count(*)=max(seq)-min(seq)+1 from events where seq>>40=(select server_key from sessions where id='one')")" \
	1 "event numbers have no gap"
ok "close ends it" sa-session close one
is "$(state one)" closed "and it says so"
status 4 "a closed session takes no prompt" sa-session prompt one hello

# Two sessions of one agent, the second made by a client of the supervisor's socket.
sa-session new --agent mock --id first >record
folder=$(db "select socket_dir from servers where id='$(field .serverId <record)'")
(cd "$folder" && perl -MIO::Socket::UNIX -e '
	my $s = IO::Socket::UNIX->new("sock") or die;
	print $s q({"op":"send","ref":1,"sessionName":"second","payload":{"jsonrpc":"2.0","id":"x",),
		q("method":"session/new","params":{"cwd":"/","mcpServers":[]}}}), "\n";
	while (<$s>) { last if /"type":"answer"/ }')
is "$(state second)" idle "a session is recorded whoever made it"
ok "one of two sessions is closed" sa-session close first
is "$(state first) $(state second)" "closed idle" "and the other goes on"
ok "with its agent" sa-session prompt second "say still here"
ok "the last one closes the agent" sa-session close second
unlike "$(sa-session servers)" "$(field .serverId <record)" "and no server is left behind"

id=$(sa-session new --agent mock --env HOME="$T/else" --env XDG_STATE_HOME="$T/else" | jq -r .id)
is "$(sa-session prompt "$id" "report env:HOME; report env:SANDBOX_AGENT_OWN_HOME" --text)" "env: HOME=$T/elseenv: SANDBOX_AGENT_OWN_HOME is not set" \
	"an agent may have another home"
is "$(sa-session show "$id" | jq -r .state)" idle "its session is where all are"
sa-session close "$id"

# Keys: only the agent's own reach the session, in whatever process, file or record.
export OPENAI_API_KEY=sk-fake-openai ANTHROPIC_API_KEY=sk-ant-fake
agent=$BIN_DIR/sa-mock-agent
sa-session new --agent codex --agent-command "$agent" --credentials auto --id keys >record
is "$(sa-session prompt keys "report env:OPENAI_API_KEY" --text)" "env: OPENAI_API_KEY=sk-fake-openai" \
	"--credentials auto gives an agent its provider's key"
supervisor=$(sa-session show keys | field .supervisorPid)
guard=$(pgrep -P "$supervisor")
agent_pid=$(sa-session show keys | field .agentPid)
for pid in "$supervisor" "$guard" "$agent_pid"; do
	like "$(tr '\0' '\n' <"/proc/$pid/environ")" OPENAI_API_KEY "process $pid of the session can be looked into"
	unlike "$(tr '\0' '\n' <"/proc/$pid/environ")" sk-ant "and holds no other provider's key"
	unlike "$(tr '\0' ' ' <"/proc/$pid/cmdline")" sk- "nor any in its arguments"
done
sa-session prompt keys "say nothing secret" >/dev/null
is "$(grep -rlaF sk-ant "$XDG_STATE_HOME" | wc -l)" 0 "no record, status file or log holds a key"
sa-session close keys
unlike "$(sa-session run --agent codex --agent-command "$agent" --credentials none "report env:OPENAI_API_KEY")" \
	sk-fake "--credentials none gives it nothing"
is "$(sa-session run --agent codex --agent-command "$agent" --credentials none --env OPENAI_API_KEY=mine "report env:OPENAI_API_KEY")" \
	"env: OPENAI_API_KEY=mine" "but what --env names is given"
status 3 "a credentials file that is not there is told" sa-session new --agent mock --credentials nowhere.env
like "$(cat err)" 'nowhere.env' "by name"
unset OPENAI_API_KEY ANTHROPIC_API_KEY

# kill -9 of the supervisor: the agent's whole tree goes, the session is told as interrupted.
for round in 1 2 3; do
	sa-session new --agent mock --id "k$round" >record
	server=$(field .serverId <record)
	sa-session prompt "k$round" "fork 2; daemon 2 keep; say ready" >/dev/null
	before=$(db "select count(*) from events")
	kill -9 "$(sa-session show "k$round" | field .supervisorPid)"
	ok "round $round: nothing of the tree survives kill -9 of its supervisor" \
		wait_until 5 nobody_marked "$server"
	is "$(state "k$round")" interrupted "round $round: the session is interrupted"
	is "$(db "select count(*) from events")" "$before" "round $round: no committed event is lost"
done

# kill -9 of the agent: those who wait are answered, what it started is gone.
sa-session new --agent mock --id dead >record
server=$(field .serverId <record)
sa-session prompt dead "daemon 2; wait 60s" >/dev/null 2>prompt.err &
waiter=$!
wait_until 5 eval '[ "$(state dead)" = running ]'
kill -9 "$(sa-session show dead | field .agentPid)"
rc=0; wait "$waiter" || rc=$?
is "$rc" 7 "a waiting prompt is answered when the agent is killed"
like "$(cat prompt.err)" 'killed by signal 9' "and told how it ended"
ok "and its daemons are gone" wait_until 5 nobody_marked "$server"
is "$(db "pragma integrity_check")" ok "the store is sound"

printf 'not a database, at all %4096s' x >broken
SANDBOX_AGENT_STORE=sqlite:$PWD/broken status 8 "a damaged store is told" sa-session list
like "$(cat err)" 'damaged' "in words"
done_testing
