#!/usr/bin/env bash
# What an agent asks of its client's machine: files and terminals, done by its supervisor.
. "$(dirname "$0")/tap.sh"
need jq sqlite3

mkdir work other && cd work
W=$(pwd -P)
O=$(cd ../other && pwd -P)
sa-session new --agent mock --id host >/dev/null
# ask METHOD JSON: what the agent got, "result ..." or "error ...".
ask() { sa-session prompt "${3:-host}" "ask $1 ${2//;/\\;}" --text | sed "s|^$1: ||"; }
content() { ask fs/read_text_file "$1" | sed 's/^result //' | jq -r .content; }
processes() { sa-process list --owner agent --json; }

printf 'one\ntwo\nthree' >text
is "$(content '{"path":"'"$W"'/text"}')" $'one\ntwo\nthree' "an agent reads a file"
is "$(content '{"path":"'"$W"'/text","line":2,"limit":1}')" two "or some lines of it"
is "$(content '{"path":"'"$W"'/text","line":null,"limit":null}' | wc -l)" 3 "nulls mean nothing"
is "$(content '{"path":"'"$W"'/text","line":9}')" "" "beyond the end is nothing"
is "$(ask fs/write_text_file '{"path":"'"$W"'/deep/er/new","content":"made €\n"}')" "result {}" "it writes one"
is "$(cat deep/er/new)" "made €" "with the folders on the way"
chmod 750 text && ln -s ../other/linked outside && ln -s text inside && echo kept >../other/linked
ask fs/write_text_file '{"path":"'"$W"'/text","content":"new"}' >/dev/null
is "$(cat text) $(stat -c %a text)" "new 750" "a file that was there keeps its mode"
ask fs/write_text_file '{"path":"'"$W"'/inside","content":"through"}' >/dev/null
is "$(cat text) $(readlink inside)" "through text" "a link stays, and what it leads to is written"
for path in "$O/linked" "$W/../other/linked" "$W/outside" /etc/hostname "$W"er "$W/deep/../../other/linked"; do
	like "$(ask fs/read_text_file "{\"path\":\"$path\"}")" '^error .*-32602' "no way out to read: ${path/#"$T"/.}"
	like "$(ask fs/write_text_file "{\"path\":\"$path\",\"content\":\"x\"}")" '^error .*-32602' "nor to write: ${path/#"$T"/.}"
done
is "$(cat ../other/linked)" kept "nothing was written there"
like "$(ask fs/read_text_file '{"path":"'"$W"'/nothing"}')" '^error .*-32002' "a missing file is not found"
like "$(ask fs/read_text_file '{"path":"text"}')" '^error .*-32602' "a path is absolute"
like "$(ask fs/read_text_file '{}')" '^error .*-32602' "and wanted"
mkfifo pipe && printf 'a\377b' >bytes && head -c 17000000 /dev/zero >large
for name in pipe bytes large deep; do
	like "$(ask fs/read_text_file '{"path":"'"$W/$name"'"}')" '^error .*-32602' "refused to read: $name"
done
for name in pipe deep; do
	like "$(ask fs/write_text_file '{"path":"'"$W/$name"'","content":""}')" '^error ' "refused to write: $name"
done
like "$(ask fs/write_text_file '{"path":"'"$W"'/x"}')" '^error .*-32602' "content is wanted"
is "$(sa-session show host | jq -r .state)" idle "nobody had to be asked"
is "$(sa-session pending host --json 2>/dev/null | wc -l)" 0 "and nothing is open"

# Terminals.
id=$(ask terminal/create '{"command":"sh","args":["-c","echo $A; pwd; exit 3"],"env":[{"name":"A","value":"x y"}]}' | sed 's/^result //' | jq -r .terminalId)
is "$(ask terminal/wait_for_exit "{\"terminalId\":\"$id\"}")" 'result {"exitCode":3,"signal":null}' "a terminal runs a command to its end"
is "$(ask terminal/output "{\"terminalId\":\"$id\"}" | sed 's/^result //' | jq -c '[.output, .truncated, .exitStatus]')" \
	"[\"x y\\n$W\\n\",false,{\"exitCode\":3,\"signal\":null}]" "its output and end can be read"
is "$(processes | jq -r '[.id, .owner, .cwd] | join(" ")')" "$id agent $W" "it is a process like others, the agent's"
is "$(ask terminal/release "{\"terminalId\":\"$id\"}")" "result {}" "a release"
is "$(processes)" "" "leaves nothing of it"
like "$(ask terminal/output "{\"terminalId\":\"$id\"}")" '^error .*-32002' "a released one is not there"
id=$(ask terminal/create '{"command":"echo shell | tr a-z A-Z; exit 4"}' | sed 's/^result //' | jq -r .terminalId)
is "$(ask terminal/wait_for_exit "{\"terminalId\":\"$id\"}")" 'result {"exitCode":4,"signal":null}' "a shell's line as the command is understood"
is "$(ask terminal/output "{\"terminalId\":\"$id\"}" | sed 's/^result //' | jq -r .output)" SHELL "as a shell does"
id=$(ask terminal/create '{"command":"sh","args":["-c","printf 0123456789€; sleep 600 & sleep 600"],"outputByteLimit":5}' | sed 's/^result //' | jq -r .terminalId)
wait_until 5 eval '[ "$(sa-process logs $id --text | wc -c)" = 13 ]'
is "$(ask terminal/output "{\"terminalId\":\"$id\"}" | sed 's/^result //' | jq -c)" '{"output":"89€","truncated":true}' "output is cut to its end"
is "$(ask terminal/kill "{\"terminalId\":\"$id\"}")" "result {}" "a kill"
is "$(ask terminal/wait_for_exit "{\"terminalId\":\"$id\"}")" 'result {"exitCode":null,"signal":"SIGKILL"}' "ends it, and the signal is told"
is "$(ask terminal/output "{\"terminalId\":\"$id\"}" | sed 's/^result //' | jq -c .exitStatus)" '{"exitCode":null,"signal":"SIGKILL"}' "its output is still there"
like "$(ask terminal/create '{"command":"no-such-program"}')" '^error .*-32002.*no-such' "an unknown program is told"
like "$(ask terminal/create '{"command":"true","cwd":"/"}')" '^error .*-32602' "a folder outside is refused"
like "$(ask terminal/create '{"command":"true","cwd":"'"$W"'/outside"}')" '^error ' "through a link too"
like "$(ask terminal/create '{"args":["x"]}')" '^error .*-32602' "a command is wanted"
for wish in '"args":"-x"' '"args":{"a":"-x"}' '"env":"A=1"' '"cwd":7' '"outputByteLimit":"9"' '"outputByteLimit":-1'; do
	like "$(ask terminal/create "{\"command\":\"true\",$wish}")" '^error .*-32602' "a wish that is none is refused: $wish"
done
id=$(ask terminal/create '{"command":"sh","args":["-c","head -c 1500000 /dev/zero | tr \"\\\\0\" x"],"env":null,"cwd":null,"outputByteLimit":2000000}' | sed 's/^result //' | jq -r .terminalId)
ask terminal/wait_for_exit "{\"terminalId\":\"$id\"}" >/dev/null
is "$(ask terminal/output "{\"terminalId\":\"$id\"}" | sed 's/^result //' | jq -c '[(.output | length), .truncated]')" "[1500000,false]" \
	"a greater limit than the usual one is had"
like "$(ask terminal/dance '{"terminalId":"x"}')" '^error .*-32602' "unknown requests are refused"
unlike "$(ask terminal/create '{"command":"sh","args":["-c","env"]}'; id=$(processes | tail -1 | jq -r .id); wait_until 5 eval '[ -n "$(sa-process logs $id --text)" ]'; sa-process logs "$id" --text)" 'SANDBOX_AGENT_(STORE|SERVER|RUN_DIR)' \
	"a terminal sees no more of our environment than its agent"

# Whose they are, and how they end.
sa-session new --agent mock --id second >/dev/null
id=$(ask terminal/create '{"command":"sleep","args":["600"]}' | sed 's/^result //' | jq -r .terminalId)
like "$(ask terminal/output "{\"terminalId\":\"$id\"}" second)" '^error .*-32002' "a terminal is its session's alone"
sa-session close host
ok "closing the session ends its terminals" wait_until 5 eval '[ "$(sa-process show $id --json | jq -r .status)" = exited ] || ! sa-process show $id'
second=$(ask terminal/create '{"command":"sh","args":["-c","setsid sleep 600 & sleep 600"]}' second | sed 's/^result //' | jq -r .terminalId)
kill -9 "$(sa-session show second | jq .supervisorPid)"
ok "kill -9 of the supervisor ends them too" wait_until 10 eval '[ "$(sa-process show $second --json | jq -r .status)" = exited ]'

sa-session new --agent mock --id far --reach any >/dev/null
is "$(ask fs/read_text_file '{"path":"'"$O"'/linked"}' far)" 'result {"content":"kept\n"}' "--reach any lets it read elsewhere"
is "$(ask terminal/create '{"command":"true","cwd":"/"}' far | cut -d' ' -f1)" result "and run"
kill -9 "$(sa-session show far | jq .supervisorPid)"
ok "its supervisor is killed" wait_until 10 eval '[ "$(sa-session show far | jq -r .state)" = interrupted ]'
sa-session resume far >/dev/null
is "$(ask fs/read_text_file '{"path":"'"$O"'/linked"}' far)" 'result {"content":"kept\n"}' "a resumed session still does"
sa-session close far

# A client that claims these requests gets them.
folder=$(sa-session new --agent mock --id claimed | jq -r .serverId)
folder=$(sqlite3 "$XDG_STATE_HOME/sandbox-agent/store.db" "select socket_dir from servers where id='$folder'")
(cd "$folder" && perl -MIO::Socket::UNIX -e '
	my $s = IO::Socket::UNIX->new("sock") or die;
	print $s q({"op":"send","ref":1,"payload":{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1,"clientCapabilities":{"fs":{"readTextFile":true}}}}}), "\n";
	while (<$s>) { last if /"type":"answer"/ }')
sa-session prompt claimed "ask fs/read_text_file {\"path\":\"$W/text\"}" --no-wait >/dev/null
ok "a client that initializes the agent itself is asked" wait_until 5 eval '[ "$(sa-session show claimed | jq -r .state)" = waiting ]'
sa-session close claimed
done_testing
