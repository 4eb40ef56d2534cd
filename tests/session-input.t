#!/usr/bin/env bash
# What goes into a session: settings, MCP servers, prompts of all kinds; and what bad input gets.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3

prompt_of() { sa-events show "$1" --jq 'select(.payload.method=="session/prompt").payload.params.prompt' | tail -1; }

# Settings.
sa-session new --agent mock --id set --mode plan --model "mock fast" --config thought-level=high >record
is "$(field '.mode + " " + .model' <record)" "plan mock-fast" "--mode and --model set them, by value or by name"
is "$(sa-session config set thought_level | field .currentValue)" high "--config sets any option"
is "$(sa-session config set | field .id | paste -sd' ')" "mode model thought_level" "config lists what can be set"
like "$(sa-session config set model --text)" $'\\* mock-fast' "one option in words marks what is set"
like "$(sa-session mode set --text)" $'\\* plan ' "so does mode"
is "$(sa-session mode set normal | field .mode)" normal "mode sets it"
is "$(sa-session config set model mock | field .model)" mock "config sets one"
sa-session config set model=mock-fast thought_level=low >/dev/null
is "$(sa-session config set | field .currentValue | paste -sd' ')" "normal mock-fast low" "or several"
like "$(sa-session prompt set "report settings" --text)" 'mock-fast' "the agent has them"
status 2 "a mode that the agent has not is told" sa-session mode set asleep
like "$(cat err)" 'one of: normal, plan' "with those it has"
status 2 "so is a value" sa-session config set model gpt
status 2 "and an option" sa-session config set colour=red
like "$(cat err)" 'mode, model, thought_level' "with those it has"
status 3 "looking for one that is not there" sa-session config set colour
status 2 "a session is not made with a mode that is none" sa-session new --agent mock --id nomode --mode asleep
is "$(state nomode)" closed "and leaves no agent"
ok "a closed session still tells its options" sa-session config nomode model
status 4 "but takes none" sa-session config nomode model mock

# An agent of the older kind.
cat >old <<'END'
#!/bin/sh
sa-mock-agent | sed -u 's/"configOptions":\[/"models":{"currentModelId":"mock","availableModels":[{"modelId":"mock","name":"Mock"},{"modelId":"mock-fast","name":"Mock Fast"}]},"x":[/'
END
chmod +x old
sa-session new --agent-command "$PWD/old" --id old >/dev/null
is "$(sa-session config old | field .id | paste -sd' ')" "mode model" "an agent that only tells of models has an option too"
is "$(sa-session config old model mock-fast | field .model)" mock-fast "it is set"
is "$(sa-events show old --jq 'select(.payload.method=="session/set_model").payload.params.modelId')" '"mock-fast"' \
	"by session/set_model"
like "$(sa-session prompt old "report settings" --text)" 'mock-fast' "which the agent has understood"

# MCP servers.
cat >servers.json <<'END'
{ "mcpServers": {
	"files": { "command": "mcp-files", "args": ["--root", "/"], "env": { "A": "b" } },
	"web": { "type": "http", "url": "https://example.invalid/mcp", "headers": { "X": "y" } }
} }
END
sa-session new --agent mock --id mcp --mcp-config servers.json >/dev/null
servers_of() { db "select open_params from sessions where id='$1'" | jq -c .mcpServers; }
is "$(servers_of mcp)" '[{"name":"files","command":"mcp-files","args":["--root","/"],"env":[{"name":"A","value":"b"}]},{"name":"web","type":"http","url":"https://example.invalid/mcp","headers":[{"name":"X","value":"y"}]}]' \
	"a file of MCP servers by name becomes ACP's"
servers_of mcp >acp.json
sa-session new --agent mock --id mcp2 --mcp-config acp.json >/dev/null
is "$(servers_of mcp2)" "$(servers_of mcp)" "ACP's own form stays"
kill -9 "$(sa-session show mcp | field .supervisorPid)"
wait_until 5 eval '[ "$(state mcp)" = interrupted ]'
sa-session resume mcp >/dev/null
is "$(sa-events show mcp --jq 'select(.payload.method=="session/resume").payload.params.mcpServers' | jq -c)" "$(servers_of mcp2)" \
	"a resumed session gets them again"
echo '{"mcpServers":{"x":{}}}' >bad.json
status 2 "a server without a command is told" sa-session new --agent mock --mcp-config bad.json
like "$(cat err)" "bad.json: MCP server 'x'" "by file and name"
status 2 "so is a file that is not JSON" sa-session new --agent mock --mcp-config old
status 3 "and one that is not there" sa-session new --agent mock --mcp-config nowhere.json
status 2 "--env wants a value" sa-session new --agent mock --env NAME

# Prompts.
printf 'say from a file' >text
printf '\x89PNG\r\n\x1a\nxyz' >'a b.png'
is "$(sa-session run --agent mock -f text)" "from a file" "-f reads a file"
is "$(sa-session run --agent mock <text)" "from a file" "without a text it is standard input"
is "$(sa-session run --agent mock - <text)" "from a file" "so is -"
is "$(sa-session run --agent mock "say first;" -f text)" "firstfrom a file" "a text comes before a file's"
sa-session new --agent mock --id in >record
is "$(cat record text | sa-session prompt - --text)" "from a file" "a record and a prompt come on one standard input"
is "$(sa-session prompt in "report blocks" --image "a b.png" --attach text --attach "a b.png" --link text --link https://example.invalid/x --text)" \
	"blocks: text image resource resource resource_link resource_link" "images, files and links become blocks"
prompt_of in >blocks
is "$(field '.[1].mimeType + " " + .[1].data' <blocks)" "image/png $(base64 <'a b.png')" "an image as it is"
is "$(field '.[2].resource.text' <blocks)" "say from a file" "a text as text"
is "$(field '.[3].resource.blob' <blocks)" "$(base64 <'a b.png')" "other content as a blob"
is "$(field '.[3].resource.uri' <blocks)" "file://$PWD/a%20b.png" "under its name"
is "$(field '.[4] | .name + " " + (.size | tostring)' <blocks)" "text 15" "a link without content"
printf '[{"type":"text",\n"text":"report blocks"},\n{"type":"resource_link","uri":"file:///x","name":"x"}]' >blocks.json
is "$(sa-session prompt in --blocks -f blocks.json --text)" "blocks: text resource_link" "--blocks takes an array"
is "$(jq -c '.[]' blocks.json | sa-session prompt in --blocks --text)" "blocks: text resource_link" "or lines"
status 2 "a block without a type is told" sa-session prompt in --blocks '{"text":"x"}'
status 2 "so is what is not JSON" sa-session prompt in --blocks 'hello'
status 2 "an image that is none is told" sa-session prompt in hi --image text
status 3 "a file that is not there" sa-session prompt in hi --attach nowhere
status 2 "a folder is no file" sa-session prompt in hi --attach .
status 2 "a prompt without anything is told" sa-session prompt in </dev/null
status 2 "text that is no UTF-8 is told" sa-session prompt in $'\xff\xfe'
cat >blind <<'END'
#!/bin/sh
sa-mock-agent | sed -u 's/"image":true,"embeddedContext":true/"image":false/'
END
chmod +x blind
status 2 "an agent that takes no images is told so" sa-session run --agent-command "$PWD/blind" hi --image "a b.png"
like "$(cat err)" 'takes no images' "in words"
status 2 "nor files" sa-session run --agent-command "$PWD/blind" hi --attach text
head -c $((49 << 20)) /dev/zero | tr '\0' x >huge
status 1 "a prompt above the limit is told" sa-session prompt in -f huge
like "$(cat err)" 'huge.*(48|50331648)' "with the limit"
status 1 "a file above the limit is told" sa-session prompt in hi --attach huge

# Time and interruption.
status 6 "--timeout ends a turn" sa-session prompt in "wait 60s" --timeout 100ms
ok "which is cancelled" sa-session wait in --timeout 5s
sa-session prompt in "permission x" --no-wait >/dev/null
sa-session wait in --until waiting >/dev/null
status 4 "--busy reject does not queue" sa-session prompt in "say x" --busy reject
status 6 "a queued prompt gives up in time" sa-session prompt in "say never" --timeout 100ms
sa-session cancel in
unlike "$(sa-events show in)" "say never" "and is not sent then"
status 2 "--busy has three words" sa-session prompt in "say x" --busy maybe
sa-session prompt in "wait 60s" >started & pid=$!
wait_until 5 test -s started
kill -TERM "$pid"
rc=0; wait "$pid" || rc=$?
is "$rc" 143 "prompt ends by the signal that it gets"
ok "and has cancelled its turn" sa-session wait in --timeout 5s
sa-session run --agent mock "wait 60s" & pid=$!
wait_until 5 eval '[ -n "$(sa-session list --state running)" ]'
run=$(sa-session list --state running | field .id)
kill -9 "$pid"
ok "kill -9 of run ends its agent" wait_until 5 eval '[ "$(state "$run")" = closed ]'
is "$(sa-session run --agent mock --json "say hi" | field '.text + " " + .stopReason')" "hi end_turn" "run --json prints a record"

# Bad input, as problem JSON.
status 3 "an unknown agent" sa-session new --agent nobody --json
is "$(field '.type + " " + (.exitStatus | tostring)' <err)" "urn:sandbox-agent:error:unsupported_agent 3" "is a problem document with --json"
status 3 "an unknown session" sa-session show --json nothing
is "$(field '.type + " " + (.status | tostring)' <err)" "urn:sandbox-agent:error:session_not_found 404" "too"
status 2 "an unknown option" sa-session new --json --wat
is "$(field .title <err)" "Invalid Request" "too"
status 2 "a record that is not JSON" sa-session show --json - <<<"hello"
is "$(wc -l <err)" 1 "each on one line"
say=$'say a\e[2Jb'
is "$(sa-session run --agent mock "$say")" $'a\e[2Jb' "an answer comes as the agent wrote it"
if command -v script >/dev/null; then
	is "$(script -qec "sa-session run --agent mock '$say'" /dev/null </dev/null | tr -d '\r')" 'a^[[2Jb' "... but drives no terminal"
else
	skip "an answer drives no terminal" "script is not there"
fi
sa-session new --agent mock --id same1 >/dev/null
sa-session new --agent mock --id same2 >/dev/null
status 2 "the start of several ids is told" sa-session show same
like "$(cat err)" 'same1, same2' "with some of them"
is "$(sa-session new --agent mock --id same | jq -r .id)" same "it can be an id of its own"
is "$(sa-session show same | jq -r .id)" same "... which then comes first"
for _ in 1 2 3; do start bash -c 'sa-session new --agent mock --id raced >>raced 2>>lost; echo >>over'; done
wait_until 10 eval '[ "$(wc -l <over)" -eq 3 ]'
is "$(jq -r .id raced) $(grep -c "session 'raced' exists already" lost)" "raced 2" "of several with one id at once one is made"
done_testing
