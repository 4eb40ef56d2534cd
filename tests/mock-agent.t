#!/bin/bash
# sa-mock-agent over plain pipes: every method of ACP that it has, every directive.
. "$(dirname "$0")/mock-lib.sh"

# --- start, help, end
agent_start acp
call initialize '{"protocolVersion":1,"clientCapabilities":{}}'
is 'initialize tells protocol, name and capabilities' '.[0].result|.protocolVersion==1
	and .agentInfo.name=="sa-mock-agent" and .agentCapabilities.loadSession
	and .agentCapabilities.promptCapabilities.image and .agentCapabilities.mcpCapabilities.sse
	and (.agentCapabilities.sessionCapabilities|has("list") and has("resume") and has("close"))
	and .authMethods==[]'
call initialize '{"protocolVersion":"x"}'
is 'initialize refuses a version that is no integer' '.[0].error.code==-32602'
agent_end
same 'end of input ends it with status 0' "$status" 0
agent_start
call initialize '{}'
kill -TERM "$agent_pid"
agent_wait
same 'SIGTERM ends it with status 0' "$status" 0
"$mock_bin" nonsense </dev/null >/dev/null 2>&1
same 'an unknown operand is a usage error' $? 2
"$mock_bin" --help-all >"$mock_dir/help"
ok $? '--help-all succeeds'
missing=
for word in $(sed -n '/^A prompt is/,/^examples/s/^  \([a-z][a-z0-9-]*\) .*/\1/p' "$mock_dir/help"); do
	grep -q "^\.It Ic $word\( \|\$\)" "$mock_root/man/sa-mock-agent.1" || missing+=" $word"
done
same 'the manual page has each directive of --help-all' "$missing" ''

# --- sessions
agent_start
new_session
is 'session/new yields id, modes and options' '.[0].result|(.sessionId|test("^mock-[0-9a-f]{32}$"))
	and .modes.currentModeId=="normal" and [.modes.availableModes[].id]==["normal","plan"]
	and [.configOptions[].id]==["model","thought_level"]
	and .configOptions[1].currentValue=="low" and [.configOptions[0].options[].value]==["mock","mock-fast"]'
same 'the state folder and its files are private' \
	"$(stat -c %a "$SA_MOCK_STATE" "$SA_MOCK_STATE/$sid.jsonl" | tr '\n' ' ')" '700 600 '
call session/new '{"cwd":"relative","mcpServers":[]}'
is 'session/new refuses a relative cwd' '.[0].error.code==-32602'
call session/new '{"cwd":"/","mcpServers":{}}'
is 'session/new refuses mcpServers that are no array' '.[0].error.code==-32602'
call session/new '[]'
is 'session/new refuses params that are no object' '.[0].error.code==-32602'
call session/prompt '{"sessionId":"mock-none","prompt":[]}'
is 'an unknown session is -32002' '.[0].error.code==-32002'
call session/load '{"sessionId":"../../etc/passwd","cwd":"/","mcpServers":[]}'
is 'an id that is a path is -32002' '.[0].error.code==-32002'
call session/prompt "{\"sessionId\":\"$sid\",\"prompt\":[{\"text\":1}]}"
is 'a prompt without content blocks is -32602' '.[0].error.code==-32602'
call session/set_mode "{\"sessionId\":\"$sid\",\"modeId\":\"plan\"}"
is 'set_mode tells and answers' '.[0].params.update=={sessionUpdate:"current_mode_update",currentModeId:"plan"}
	and .[1].result=={}'
call session/set_mode "{\"sessionId\":\"$sid\",\"modeId\":\"none\"}"
is 'set_mode refuses an unknown mode' '.[0].error.code==-32602'
call session/set_config_option "{\"sessionId\":\"$sid\",\"configId\":\"thought_level\",\"value\":\"high\"}"
is 'set_config_option tells and answers all options' '.[0].params.update.sessionUpdate=="config_option_update"
	and .[1].result.configOptions[1].currentValue=="high" and (.[1].result.configOptions|length)==2'
call session/set_config_option "{\"sessionId\":\"$sid\",\"configId\":\"none\",\"value\":\"high\"}"
is 'set_config_option refuses an unknown id' '.[0].error.code==-32602'
call session/set_model "{\"sessionId\":\"$sid\",\"modelId\":\"mock-fast\"}"
is 'set_model is accepted' '.[-1].result=={}'
call session/fork "{\"sessionId\":\"$sid\",\"cwd\":\"/\"}"
is 'a method of ACP that it lacks is -32601' '.[0].error.code==-32601'

# --- what it says
prompt 'hello; how "are" you'
is 'a text that is no script is repeated' "$said==\"You said: hello; how \\\"are\\\" you\" and $stop==\"end_turn\""
prompt 'say one two three; think deep thought
nothing known; say a\;b'
is 'say, think, an unknown line and an escaped semicolon' "$said==\"one two threeYou said: nothing knowna;b\"
	and ($kinds|map(select(.==\"agent_thought_chunk\"))|length)==2"
call session/prompt "{\"sessionId\":\"$sid\",\"prompt\":[{\"type\":\"text\",\"text\":\"say a\"},{\"type\":\"image\",\"data\":\"\",\"mimeType\":\"image/png\"},{\"type\":\"text\",\"text\":\"report blocks\"}]}"
is 'text blocks are joined by newlines, others are seen' "$said==\"ablocks: text image text\""
prompt plan
is 'plan entries move through their states' "[.[].params.update?.entries[0]?.status]|
	map(select(.))==[\"pending\",\"in_progress\",\"completed\",\"completed\",\"completed\",\"completed\",\"completed\"]"
prompt 'tool build; run ls -l; edit src/a.c'
is 'tool calls go from pending to completed' "[.[].params.update?.status]|map(select(.))==
	[range(3)|(\"pending\",\"in_progress\",\"completed\")]"
is 'an edit shows a diff with an absolute path' "[.[].params.update?.content?[0]?|select(.type==\"diff\")][0]|
	.path==\"$mock_dir/src/a.c\" and .oldText and .newText"
prompt 'exec sh -c "pwd\; echo out\; exit 3"'
is 'exec runs a command in cwd and tells its end' ".[-2].params.update|.status==\"failed\"
	and .rawOutput.exitCode==3 and .content[0].content.text==\"$mock_dir\nout\n\""
prompt 'exec /nonexistent/command'
is 'exec of nothing fails with 127' '.[-2].params.update.rawOutput.exitCode==127'
prompt 'usage 5 10; title New name; commands; update {"sessionUpdate":"notice","n":1.50}'
is 'usage, title, commands, update' ".[0].params.update.used==5 and .[0].params.update.cost.currency==\"USD\"
	and .[1].params.update.title==\"New name\" and (.[2].params.update.availableCommands|length)==2
	and .[3].params.update.sessionUpdate==\"notice\""
prompt 'report settings; report cwd; report pid; report env:SA_MOCK_STATE'
is 'report tells of the process' "$said==\"settings: mode=plan model=mock-fast thought_level=highcwd: ${mock_dir}pid: ${agent_pid}env: SA_MOCK_STATE=$SA_MOCK_STATE\""
prompt 'repeat 3 x'
is 'repeat' "$said==\"xxx\""
prompt 'wait 30ms; say x'
is 'wait, and on it goes' "$said==\"x\""
prompt 'fail -32603 went wrong'
is 'fail answers with an error' '.[-1].error=={code:-32603,message:"went wrong"}'
prompt 'say a; refuse; say b'
is 'refuse ends the turn' "$said==\"a\" and $stop==\"refusal\""
prompt maxtokens
is maxtokens "$stop==\"max_tokens\""
prompt maxrequests
is maxrequests "$stop==\"max_turn_requests\""
prompt 'flood x'
is 'bad arguments of a directive are -32602' '.[-1].error.code==-32602'

# --- questions
permit() { # DIRECTIVE OUTCOME
	start_prompt "$1"
	read_until '*session/request_permission*'
	first=$line
	respond "{\"outcome\":$2}"
	answer_of "$last_id"
}
for option in allow-once allow-always reject-once reject-always; do
	permit 'permission rm -r x' "{\"outcome\":\"selected\",\"optionId\":\"$option\"}"
	is "permission: $option" "$said==\"permission: $option\" and $stop==\"end_turn\""
	[ $option = allow-once ] && lines=$first is 'ids of its requests start at 0' '.[0].id==0
		and ([.[0].params.options[].kind]==["allow_once","allow_always","reject_once","reject_always"])
		and .[0].params.toolCall.title=="rm -r x"'
done
permit permission '{"outcome":"cancelled"}'
is 'a cancelled permission cancels the turn' "$stop==\"cancelled\""
permit permission '{"outcome":"selected","optionId":"none"}'
is 'an option that was not offered is told' "$said==\"permission: invalid\""
start_prompt 'question Which one?'
read_until '*elicitation/create*'
is 'question asks with a schema' '.[-1].params|.mode=="form" and .message=="Which one?" and .requestedSchema.type=="object"'
respond '{"action":"accept","content":{"answer":"this"}}'
answer_of "$last_id"
is 'question tells the answer' "$said==\"question: accept {\\\"answer\\\":\\\"this\\\"}\""
start_prompt 'ask fs/read_text_file {"path":"/x"}; notify mock/note {"a":1}'
read_until '*fs/read_text_file*'
is 'ask sends any request' ".[-1].params=={sessionId:\"$sid\",path:\"/x\"}"
respond '{"content":"data"}'
answer_of "$last_id"
is 'ask tells the answer, notify sends' "$said==\"fs/read_text_file: result {\\\"content\\\":\\\"data\\\"}\"
	and (map(select(.method==\"mock/note\").params.a)==[1])"
start_prompt reuse-ids
read_until '*request_permission*'
id=$(jq .id <<<"$line")
respond '{"outcome":{"outcome":"selected","optionId":"allow-once"}}'
read_until '*request_permission*'
same 'reuse-ids uses one id twice' "$(jq .id <<<"$line")" "$id"
respond '{"outcome":{"outcome":"selected","optionId":"reject-once"}}'
answer_of "$last_id"
is 'reuse-ids ends' "$said==\"permission: reject-once\""

# --- cancel, queue, several sessions
cancel() { send "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":{\"sessionId\":\"$sid\"}}"; }
start_prompt 'wait 60s'
one=$last_id
start_prompt 'say never'
cancel
answer_of "$one"
is 'cancel ends a waiting turn' "$stop==\"cancelled\""
answer_of "$last_id"
is 'cancel ends the queued prompts too' "$stop==\"cancelled\" and length==1"
start_prompt permission
read_until '*request_permission*'
cancel
answer_of "$last_id"
is 'cancel ends a question' "$stop==\"cancelled\""
send '{"jsonrpc":"2.0","id":8,"result":{"outcome":{"outcome":"cancelled"}}}'
start_prompt 'exec sleep 60'
read_until '*in_progress*'
cancel
answer_of "$last_id"
is 'cancel ends a command' "$stop==\"cancelled\""
start_prompt stall
cancel
answer_of "$last_id"
is 'cancel ends a stalled turn' "$stop==\"cancelled\""
start_prompt 'ignore-cancel; say on; wait 50ms; say done'
read_until '*"on"*'
cancel
answer_of "$last_id"
is 'ignore-cancel' "$stop==\"end_turn\" and $said==\"done\""
start_prompt 'wait 60s'
send "{\"jsonrpc\":\"2.0\",\"method\":\"\$/cancel_request\",\"params\":{\"requestId\":$last_id}}"
answer_of "$last_id"
is '$/cancel_request is -32800' '.[-1].error.code==-32800'
start_prompt 'wait 40ms; say first'
start_prompt 'say second'
answer_of "$last_id"
is 'a second prompt waits for the first' "$said==\"firstsecond\""
start_prompt 'wait 60s'
one=$last_id first=$sid
new_session
prompt 'say other'
is 'another session works meanwhile' "$said==\"other\""
sid=$first
call session/close "{\"sessionId\":\"$sid\"}"
is 'close cancels and answers' ".[0].id==$one and .[0].result.stopReason==\"cancelled\" and .[1].result=={}"
prompt 'say x'
is 'a closed session is not there' '.[0].error.code==-32002'
start_prompt 'x'
sid=$first

# --- another process
agent_end
same 'it ends while sessions are open' "$status" 0
agent_start
call session/list '{}'
is 'list has sessions of other processes, with titles' ".[0].result.sessions|length==2 and
	(map(select(.sessionId==\"$sid\"))[0]|.title==\"New name\" and .cwd==\"$mock_dir\" and .updatedAt)"
call session/list '{"cwd":"/nowhere"}'
is 'list heeds cwd' '.[0].result.sessions==[]'
call session/load "{\"sessionId\":\"$sid\",\"cwd\":\"$mock_dir\",\"mcpServers\":[]}"
is 'load replays the history, then answers' ".[0].params.update=={sessionUpdate:\"user_message_chunk\",
	content:{type:\"text\",text:\"hello; how \\\"are\\\" you\"}}
	and .[1].params.update.sessionUpdate==\"agent_message_chunk\" and length>50
	and .[-1].result.modes.currentModeId==\"plan\" and .[-1].result.configOptions[1].currentValue==\"high\""
case $lines in *'"n":1.50'*) ok 0 'load replays foreign numbers as they were' ;; *) ok 1 'load replays foreign numbers as they were' ;; esac
call session/resume "{\"sessionId\":\"$sid\",\"cwd\":\"/\"}"
is 'resume does not replay' 'length==1 and .[0].result.modes.currentModeId=="plan"'
prompt 'report cwd; tool'
is 'resume takes the new cwd; tool call ids go on' "$said==\"cwd: /\" and (.[1].params.update.toolCallId|ltrimstr(\"call-\")|tonumber)>9"
call session/delete "{\"sessionId\":\"$sid\"}"
is 'delete' '.[-1].result=={}'
call session/delete "{\"sessionId\":\"$sid\"}"
is 'a deleted session is gone' '.[-1].error.code==-32002'

# --- what ACP does not know
send 'this is no JSON'
send '{"half":'
message='{"id":"a\u0041", "method" : "unknown/thing","params":{"n":12345678901234567890}}'
send "$message"
read_until '*echoed*'
same 'an unknown request is echoed as it came' "$lines" \
	"{\"jsonrpc\":\"2.0\",\"method\":\"mock/echo\",\"params\":{\"message\":$message}}
{\"jsonrpc\":\"2.0\",\"id\":\"a\\u0041\",\"result\":{\"echoed\":$message}}
"
send '{"jsonrpc":"2.0","id":{"x":1.0},"method":"initialize"}'
read_until '*agentInfo*'
case $line in '{"jsonrpc":"2.0","id":{"x":1.0},'*) ok 0 'ids come back as they are' ;; *) ok 1 'ids come back as they are' ;; esac
send '{"jsonrpc":"2.0","id":77,"result":[1.10]}'
read_until '*client_response*'
same 'a response that nothing asked for' "$lines" \
	'{"jsonrpc":"2.0","method":"mock/echo","params":{"message":{"jsonrpc":"2.0","id":77,"result":[1.10]}}}
{"jsonrpc":"2.0","method":"mock/client_response","params":{"id":77,"result":[1.10],"error":null}}
'
send '{"jsonrpc":"2.0","method":"unknown/note"}'
call initialize '{}'
is 'an unknown notification is echoed only' '.[0].method=="mock/echo" and .[1].result and length==2'

# --- rules broken
new_session
prompt 'noise hello raw; badjson; emptylines; nonobject; wrong-session; say x'
same 'raw lines' "$(printf %s "$lines" | head -7)" $'hello raw\n{"jsonrpc":"2.0","method":"session/upd\n\n  \n\n[1,2]\n"str"'
case $lines in *'"sessionId":"mock-unknown"'*) ok 0 wrong-session ;; *) ok 1 wrong-session ;; esac
prompt bad-utf8
printf %s "$lines" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1
same 'bad-utf8 is no UTF-8' $? 1
prompt 'split; say small pieces; split off'
is 'split writes the same bytes' "$said==\"small pieces\""
prompt 'bigline 20000'
same 'bigline has exactly that size' "$(printf %s "$lines" | awk '{print length; exit}')" 20000
prompt 'flood 50 100'
is 'flood numbers and pads' '.[16].params.update.content.text|startswith("u 17 ..") and length==100'
prompt 'late 2; twice; say x'
is 'twice: the first answer' "$stop==\"end_turn\""
read_until '*late*'
is 'twice and late: another answer, then updates' "$stop==null and .[0].result and .[1].params"
prompt 'stderr a word; stderr-flood 1000'
same stderr "$(head -1 "$mock_dir/stderr") $(wc -c <"$mock_dir/stderr")" 'a word 1007'
prompt 'fork 2; daemon 2'
pids=$(printf %s "$lines" | grep -oE '(forked|daemons):[ 0-9]*' | tr -dc '0-9 ')
alive=0
for pid in $pids; do
	kill -TERM "$pid" && alive=$((alive + 1))
done
same 'fork and daemon leave processes' "$alive" 4
last=${pids##* }
read -r _ _ _ _ pgrp session _ <"/proc/$last/stat"
[ "$session" = "$last" ] && [ "$pgrp" = "$last" ] && kill -0 "$last"
ok $? 'a daemon has its own session and survives TERM'
for pid in $pids; do
	kill -9 "$pid" 2>/dev/null
done

# --- ends
ends() { # NAME SCRIPT STATUS
	agent_start
	new_session
	start_prompt "$2"
	read_until 'never'
	agent_wait
	same "$1" "$status" "$3"
}
ends 'die with a status' 'say last; die 42' 42
is 'what was said before it dies comes through' "$said==\"last\""
ends 'die-after counts updates' 'die-after 3 7; repeat 10 x' 7
is 'die-after lets N through' "$said==\"xxx\""
ends 'kill by name' 'kill SEGV' 139
ends 'kill by number' 'kill 9' 137

agent_start
new_session
prompt 'ignore-term; say deaf'
kill -TERM "$agent_pid"
prompt 'say here'
is 'ignore-term' "$said==\"here\""
exec {to}>&-
kill -0 "$agent_pid"
ok $? 'ignore-term ignores the end of input'

agent_start
new_session
start_prompt 'stop-reading; say x'
two=$last_id
send '{"jsonrpc":"2.0","id":1,"method":"unread"}'
answer_of "$two"
is 'stop-reading ends its turn' "$said==\"x\""
kill -TERM "$agent_pid"
read_until never
agent_wait
same 'stop-reading reads no more' "$lines$status" 0

# --- amounts
agent_start
new_session
start_prompt 'flood 1000000'
read_until '*"u 10 "*'
cancel
exec {to}>&-
lines=$(tail -n 1 <&"$from")
is 'cancel comes through a full pipe' "$stop==\"cancelled\""
agent_wait
same 'and it ends' "$status" 0
agent_start
new_session
start_prompt 'flood 1000000'
read_until '*"u 10 "*'
kill -TERM "$agent_pid"
agent_wait
same 'SIGTERM ends it while nobody reads' "$status" 0
"$mock_bin" --no-state -p 'flood 300000' </dev/null | wc -l >"$mock_dir/lines"
same 'all of a flood arrives' "$(cat "$mock_dir/lines")" 300001
"$mock_bin" --no-state -p 'bigline 64M' </dev/null | head -1 | wc -c >"$mock_dir/lines"
same 'bigline 64M' "$(cat "$mock_dir/lines")" 67108865
{ echo '{"id":1,"method":"x","params":"'"$(head -c 4000000 /dev/zero | tr '\0' x)"'"}'; head -c 70000000 /dev/zero | tr '\0' y; echo; echo '{"id":2,"method":"initialize"}'; } |
	"$mock_bin" | awk '{print length}' | tr '\n' ' ' >"$mock_dir/lines"
same 'large input lines: 4 MB is echoed, 70 MB is skipped' \
	"$(cut -d' ' -f1,2 "$mock_dir/lines") $(wc -w <"$mock_dir/lines")" '4000093 4000078 3'

# --- auth
SA_MOCK_AUTH=1 agent_start
call initialize '{"protocolVersion":1}'
is 'with SA_MOCK_AUTH there is a method' '.[0].result.authMethods[0].id=="mock-login"'
call session/new '{"cwd":"/","mcpServers":[]}'
is 'without authenticate it is -32000' '.[0].error.code==-32000'
call authenticate '{"methodId":"other"}'
is 'authenticate refuses other methods' '.[0].error.code==-32602'
call authenticate '{"methodId":"mock-login"}'
call session/new '{"cwd":"/","mcpServers":[]}'
is 'after authenticate a session is made' '.[0].result.sessionId'
call logout '{}'
call session/new '{"cwd":"/","mcpServers":[]}'
is 'after logout it is -32000 again' '.[0].error.code==-32000'

done_testing
