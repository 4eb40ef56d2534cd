#!/usr/bin/env bash
# sa-config: MCP servers and skills of a folder, stored, checked, side by side.
. "$(dirname "$0")/tap.sh"
need jq

mkdir project && cd project
file=.sandbox-agent/config/mcp.json
set_mcp() { sa-config mcp set --name "$1" <<<"$2"; }
get_mcp() { sa-config mcp get --json --name "$1" | jq -cS .; }

# --- storing -----------------------------------------------------------------------
status 3 "what is not configured is not found" sa-config mcp get --name none
not_ok "and looking makes nothing" test -e .sandbox-agent
ok "removing it is no error" sa-config mcp rm --name none
not_ok "and makes nothing either" test -e .sandbox-agent
entry='{"type":"local","command":"npx","args":["-y","server"],"env":{"A":"b"},"cwd":"/w","enabled":true,"timeoutMs":5000}'
ok "a local server is stored" set_mcp files "$entry"
is "$(get_mcp files)" "$(jq -cS . <<<"$entry")" "and read back"
is "$(stat -c %a $file)" 600 "for its owner alone"
entry='{"type":"remote","url":"https://mcp.test/x","headers":{"H":"v"},"bearerTokenEnvVar":"TOK","envHeaders":{"X":"Y"},"oauth":{"clientId":"c","scope":"z"},"enabled":false,"timeoutMs":1,"transport":"sse"}'
ok "a remote server is stored" set_mcp far "$entry"
is "$(get_mcp far)" "$(jq -cS . <<<"$entry")" "and read back"
set_mcp alias '{"type":"stdio","command":["a","b"],"environment":{"K":"v"},"timeout":3,"unknown":1,"cwd":null}'
is "$(get_mcp alias)" '{"args":[],"command":["a","b"],"env":{"K":"v"},"timeoutMs":3,"type":"local"}' \
	"older names are understood, others dropped, nulls left out"
set_mcp alias2 '{"type":"http","url":"u","bearer_token_env_var":"T","env_http_headers":{"X":"Y"},"oauth":false}'
is "$(get_mcp alias2)" '{"bearerTokenEnvVar":"T","envHeaders":{"X":"Y"},"oauth":false,"type":"remote","url":"u"}' "for both types"
is "$(jq -c keys_unsorted $file)" '["alias","alias2","far","files"]' "the file is sorted"
is "$(sa-config mcp list --json | wc -l)" 4 "list has a line for each"
ok "words make an entry" sa-config mcp set --name words --env T='${TOKEN}' -- node a.mjs --flag
is "$(get_mcp words)" '{"args":["a.mjs","--flag"],"command":"node","env":{"T":"${TOKEN}"},"type":"local"}' "with its options"
ok "removing" sa-config mcp rm --name words
status 3 "removes" sa-config mcp get --name words
sa-config mcp set --name words --env 'T=  two' -- node
is "$(get_mcp words | jq -r .env.T)" "  two" "a value is what stands behind the sign"
sa-config mcp rm --name words
while read -r wish; do
	status 2 "what would not be heard is refused: $wish" eval "echo '{\"type\":\"local\",\"command\":\"x\",\"sources\":[]}' | sa-config $wish"
done <<'END'
mcp set --name words --env A=B
mcp set --name words --header 'A: b'
mcp set --name words --header 'A: b' -- node
mcp list --name words
mcp servers --name words
skills sync --name words
skills sync --cached --refresh
END
status 2 "a name as an operand is a usage error" sa-config mcp get words
like "$(cat "$T/err")" "--name" "that says how to name it"
mkdir -p by/hand/.sandbox-agent/config
printf '{"mine": {"type":"local","command":"byhand"}, "bad": 7}' >by/hand/$file
is "$(sa-config mcp get --json --directory by/hand --name mine | jq -r .command)" byhand "a file made by hand is read"
status 2 "a wrong entry in it is told" sa-config mcp get --directory by/hand --name bad
sa-config mcp set --directory by/hand --name more <<<'{"type":"local","command":"x"}'
is "$(jq -c '[.bad, .mine.command, .more.command]' by/hand/$file)" '[7,"byhand","x"]' "and kept when another one is set"
printf '{"a": {"type":"local","command":"first"}, "a": {"type":"local","command":"last"}}' >by/hand/$file
is "$(sa-config mcp get --json --directory by/hand --name a | jq -r .command)" last "of two of one name the last counts"
sa-config mcp rm --directory by/hand --name a
status 3 "and both go" sa-config mcp get --directory by/hand --name a
: >by/hand/$file
status 3 "an empty file has no entries" sa-config mcp get --directory by/hand --name mine
echo '[]' >by/hand/$file
status 2 "a file of something else is told" sa-config mcp get --directory by/hand --name mine
status 2 "and never replaced" sa-config mcp set --directory by/hand --name x -- y
is "$(cat by/hand/$file)" '[]' "as it was"

# --- what is refused ------------------------------------------------------------------
while read -r bad; do
	status 2 "refused: $bad" set_mcp bad "$bad"
done <<'END'
{"type":"carrier-pigeon"}
{"type":"remote"}
{"type":"local"}
{"command":"x"}
{"type":"local","command":""}
{"type":"local","command":[]}
{"type":"local","command":[1]}
{"type":"local","command":["a",""],"args":"x"}
{"type":"local","command":"x","env":{"A":1}}
{"type":"local","command":"x","env":["A"]}
{"type":"local","command":"x","timeoutMs":-1}
{"type":"local","command":"x","timeoutMs":"1"}
{"type":"local","command":"x","enabled":"yes"}
{"type":"local","command":"x\u0000y"}
{"type":"remote","url":"x","transport":"carrier"}
{"type":"remote","url":"x","oauth":"yes"}
{"type":"remote","url":"x","headers":{"A":null}}
[]
7
"local"
{
END
status 3 "and nothing of it is stored" sa-config mcp get --name bad
status 2 "an empty name" sa-config mcp set --name ' ' -- x
status 2 "a name with a line end" sa-config mcp set --name $'a\nb' -- x
status 2 "a name that is too long" sa-config mcp set --name "$(printf 'n%.0s' {1..257})" -- x
status 2 "no name" sa-config mcp get
status 2 "an empty folder" sa-config mcp get --directory '' --name x
status 2 "an unknown word" sa-config mcp frobnicate --name x
jq -nc '{type: "local", command: "x", args: [range(1025) | tostring]}' >many
status 2 "more arguments than anybody means" eval 'sa-config mcp set --name x <many'
jq -nc '[range(1024) | {key: "n\(.)", value: {type: "local", command: "x"}}] | from_entries' >by/hand/$file
status 1 "an entry too many" sa-config mcp set --directory by/hand --name x -- y
ok "one of the others is still replaced" sa-config mcp set --directory by/hand --name n5 -- y
jq -nc '{a: {type: "local", command: ("x" * 5000000)}}' >by/hand/$file
status 1 "a file that is too large" sa-config mcp get --directory by/hand --name a

# --- links and roots -------------------------------------------------------------------
mkdir elsewhere trap && ln -s ../elsewhere trap/.sandbox-agent
status 5 "a project's link does not lead the configuration elsewhere" sa-config mcp set --directory trap --name x -- y
is "$(ls -A elsewhere)" "" "and nothing is there"
status 5 "a folder outside of the root is refused" env SANDBOX_AGENT_FS_ROOT="$PWD/by" sa-config mcp get --directory "$PWD" --name files
status 3 "one inside is not" env SANDBOX_AGENT_FS_ROOT="$PWD" sa-config mcp get --directory "$PWD/elsewhere" --name x

# --- side by side ----------------------------------------------------------------------
mkdir crowd
for i in {1..40}; do sa-config mcp set --directory crowd --name "n$i" -- x & done
wait
is "$(jq length crowd/$file)" 40 "forty writers at once lose nothing"
for i in {1..39}; do sa-config mcp rm --directory crowd --name "n$i" & done
wait
is "$(jq -c keys crowd/$file)" '["n40"]' "nor do those who remove"
(while :; do sa-config mcp set --directory crowd --name big --env V="$(head -c 100000 /dev/zero | tr "\0" v)" -- x || true; done) 2>/dev/null &
writer=$!
for _ in {1..30}; do
	child=$(pgrep -P $writer sa-config || true)
	[ -z "$child" ] || kill -9 "$child" 2>/dev/null || true
	jq -e . crowd/$file >/dev/null || { is broken whole "the file is whole"; break; }
done
kill -9 $writer 2>/dev/null
{ wait $writer; } 2>/dev/null || true
ok "killed writers leave a whole file" jq -e .n40 crowd/$file
sa-config mcp set --directory crowd --name last -- x
is "$(ls -A crowd/.sandbox-agent/config)" mcp.json "and nothing beside it"

# --- ACP's mcpServers ---------------------------------------------------------------------
mkdir launch && cd launch
set_mcp a '{"type":"local","command":"srv","args":["x"],"env":{"PLAIN":"v","NAMED":"${SECRET_TOKEN}","OR":"<${NOT_SET_AT_ALL:-else}>","ODD":"$x ${} ${1} ${a b} $"}}'
set_mcp b '{"type":"remote","url":"https://h/${SECRET_TOKEN}","headers":{"A":"Bearer ${SECRET_TOKEN}"},"bearerTokenEnvVar":"SECRET_TOKEN","envHeaders":{"X-Key":"SECRET_TOKEN"}}'
set_mcp c '{"type":"remote","url":"https://s","transport":"sse"}'
set_mcp d '{"type":"local","command":["one","two"],"args":["three"],"cwd":"/","enabled":true}'
set_mcp e '{"type":"local","command":"off","enabled":false}'
export SECRET_TOKEN=s3cret
sa-config mcp servers >../servers
is "$(jq -c '.[0]' ../servers)" '{"name":"a","command":"srv","args":["x"],"env":[{"name":"PLAIN","value":"v"},{"name":"NAMED","value":"s3cret"},{"name":"OR","value":"<else>"},{"name":"ODD","value":"$x ${} ${1} ${a b} $"}]}' \
	"variables become values at the launch"
is "$(jq -c '.[1]' ../servers)" '{"type":"http","name":"b","url":"https://h/s3cret","headers":[{"name":"A","value":"Bearer s3cret"},{"name":"Authorization","value":"Bearer s3cret"},{"name":"X-Key","value":"s3cret"}]}' \
	"in headers too"
is "$(jq -c '.[2]' ../servers)" '{"type":"sse","name":"c","url":"https://s","headers":[]}' "sse is told as such"
is "$(jq -c '.[3].args' ../servers)" '["enter","/","one","two","three"]' "a working folder is entered first"
is "$(jq length ../servers)" 4 "what is switched off is left out"
is "$("$(jq -r '.[3].command' ../servers)" enter / pwd)" / "and the command for it works"
unlike "$(cat $file; sa-config mcp servers --names)" s3cret "neither the file nor the names hold a value"
is "$(sa-config mcp servers --without http --without sse 2>../err | jq -c 'map(.name)')" '["a","d"]' "what an agent cannot use is left out"
like "$(cat ../err)" '2 MCP servers' "and that is told"
status 2 "a variable that is not set is an error" env -u SECRET_TOKEN sa-config mcp servers
like "$(cat "$T/err")" "variable SECRET_TOKEN is not set" "that names it"
status 2 "a line end in a header is refused" env SECRET_TOKEN=$'a\r\nX: y' sa-config mcp servers
status 2 "a name that is none too" eval "set_mcp f '{\"type\":\"remote\",\"url\":\"u\",\"bearerTokenEnvVar\":\"a b\"}' && sa-config mcp servers"
cd ..
is "$(sa-config mcp servers --directory elsewhere)" "[]" "a folder without configuration has none"

# --- skills and the filter -----------------------------------------------------------------
entry='{"sources":[{"type":"github","source":"a/b","skills":["x"],"ref":"main","subpath":"p"},{"type":"local","source":"/x"}]}'
ok "skills are stored" eval "sa-config skills set --name kit <<<'$entry'"
is "$(sa-config skills get --json --name kit)" "$entry" "and read back"
status 3 "beside the servers, not among them" sa-config mcp get --name kit
status 2 "without sources they are refused" eval "sa-config skills set --name kit <<<'{}'"
ok "an empty list is allowed" eval "sa-config skills set --name none <<<'{\"sources\":[]}'"
ask() { sa-config filter <<<"$1"; }
is "$(ask "{\"ref\":1,\"op\":\"mcp.set\",\"params\":{\"directory\":\"$PWD\",\"name\":\"f\"},\"body\":{\"type\":\"local\",\"command\":\"x\"}}")" \
	'{"ref":1,"status":204}' "the filter sets"
is "$(ask "{\"op\":\"mcp.get\",\"params\":{\"directory\":\"$PWD\",\"name\":\"f\"}}")" \
	'{"status":200,"result":{"type":"local","command":"x","args":[]}}' "and gets"
is "$(ask "{\"op\":\"mcp.delete\",\"params\":{\"directory\":\"$PWD\",\"name\":\"f\"}}")" '{"status":204}' "and deletes"
is "$(ask "{\"op\":\"skills.get\",\"params\":{\"directory\":\"$PWD\",\"name\":\"f\"}}" | jq -c '[.problem.status, .problem.sessionId]')" \
	'[404,"skills:f"]' "what is missing is told as clients expect"
is "$(ask '{"op":"mcp.get","params":{"directory":"","name":"f"}}' | jq .problem.status)" 400 "a blank folder is 400"
is "$(ask '{"op":"mcp.get"}' | jq .problem.status)" 400 "so are missing parameters"
is "$(ask "{\"op\":\"mcp.set\",\"params\":{\"directory\":\"$PWD\",\"name\":\"f\"}}" | jq .problem.status)" 400 "and a missing body"
done_testing
