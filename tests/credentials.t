#!/bin/bash
# sa-credentials: a table of homes and what is found in them, hostile files, quoting, exec.
. "$(dirname "$0")/tap.sh"
need jq

for name in $(compgen -e | grep -E '_API_KEY$|_TOKEN$|^AMP_|^CLAUDE_|^CODEX_|^PI_|^ANTHROPIC_'); do unset "$name"; done
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME

# home PATH CONTENT ...: a fresh home in $H with these files
home() {
	H=$(mktemp -d "$T/home.XXXXXX")
	while [ $# -gt 0 ]; do
		mkdir -p "$(dirname "$H/$1")"
		printf '%s' "$2" >"$H/$1"
		shift 2
	done
}
sac() { HOME=$H sa-credentials "$@"; }
# found NAME WANT [OPTION...]: "provider kind source secret" of each slot of extract
found() {
	local name=$1 want=$2 got
	shift 2
	got=$(sac extract --reveal "$@" 2>"$T/err" |
		jq -r '([.anthropic, .openai] + [.other[]])[] | select(.) | "\(.provider) \(.auth_type) \(.source) \(.api_key)"' | paste -sd '|')
	is "$got" "$want" "$name"
}
# env_is NAME WANT [OPTION...]: the lines of extract-env, joined by blanks
env_is() {
	local name=$1 want=$2
	shift 2
	is "$(sac extract-env "$@" 2>"$T/err" | paste -sd ' ')" "$want" "$name"
}
# why NAME AGENT PATTERN [OPTION...]: what --explain says of the places of AGENT
why() {
	local name=$1 agent=$2 pattern=$3
	shift 3
	like "$(sac status --explain --json "$agent" "$@" | jq -r '.looked[] | "\(.result) \(.place): \(.reason)"')" "$pattern" "$name"
}

OLD=2001-01-01T00:00:00Z LATE=4102444800
ant='"anthropic":{"type":"api","key":"k-ant"}'
oauth() { printf '{"claudeAiOauth":{"accessToken":"oat","expiresAt":%s%s}}' "$1" "${2:-}"; }

# --- a table of homes
home
found 'an empty home has nothing' ''
is "$(sac extract | jq -c .)" '{"anthropic":null,"openai":null,"other":{}}' 'and says so in the shape of the reference'
env_is 'and no variable' ''
home .claude.json '{"primaryApiKey":"sk-ant-1"}'
found 'Claude: key' 'anthropic api_key claude-code sk-ant-1'
env_is 'Claude: key, variables' 'ANTHROPIC_API_KEY=sk-ant-1 CLAUDE_API_KEY=sk-ant-1'
home .claude.json '{"apiKey":"other-1"}'
found 'Claude: what does not begin with sk-ant- is no key' ''
home .claude/.credentials.json "$(oauth ${LATE}000)"
found 'Claude: login, milliseconds' 'anthropic oauth claude-code oat'
env_is 'an OAuth token gets its own variable, never the key'"'"'s' 'CLAUDE_CODE_OAUTH_TOKEN=oat'
env_is '--no-oauth leaves it out' '' --no-oauth
home .claude/.credentials.json "$(oauth $LATE)"
found 'Claude: login, seconds' 'anthropic oauth claude-code oat'
home .claude/.credentials.json "$(oauth '"2100-01-01T00:00:00Z"')"
found 'Claude: login, RFC 3339' 'anthropic oauth claude-code oat'
for expired in 1000 1000000000 1000000000000 "\"$OLD\"" '"1000000000"' 1e12 -5; do
	home .claude/.credentials.json "$(oauth "$expired")" .local/share/opencode/auth.json "{$ant}"
	found "Claude: expired ($expired), the next source counts" 'anthropic api_key opencode k-ant'
	like "$(cat "$T/err")" 'expired ' "and that is told ($expired)"
done
home .claude/.credentials.json "$(oauth 1000 ',"refreshToken":"r"')"
is "$(sac status --json claude | jq -c '[.usable,.renewable,.variable]')" '[true,true,null]' \
	'an expired login that Claude renews itself is usable by Claude'
found 'but is not handed out' ''
home .claude.json '{"apiKey":"sk-ant-oat01-x"}'
env_is 'a token in a key'"'"'s place is still a token' 'CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat01-x'
home .codex/auth.json '{"OPENAI_API_KEY":"sk-o","tokens":{"access_token":"t"}}'
found 'Codex: key first' 'openai api_key codex sk-o'
home .codex/auth.json '{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{"access_token":"t"}}'
found 'Codex: login' 'openai oauth codex t'
env_is 'Codex: a login has no variable' ''
like "$(cat "$T/err")" 'no variable' 'and that is told'
is "$(sac status --json codex | jq -c '[.usable,.authType,.variable]')" '[true,"oauth",null]' 'but Codex can use it'
home .codex/auth.json '{"tokens":{"access_token":"e30.eyJleHAiOjEwMDAwMDAwMDB9.x"}}'
found 'Codex: the expiry inside a JWT counts' ''
home .codex/auth.json '{"tokens":{"access_token":"t"}}' .local/share/opencode/auth.json '{"openai":{"type":"api","key":"k-o"}}'
env_is 'a key behind a login without a variable is handed out' 'OPENAI_API_KEY=k-o CODEX_API_KEY=k-o'
home .local/share/opencode/auth.json '{"z-ai":{"type":"api","key":"z"},"groq":{"type":"api","key":"g"},"google":{"type":"api","key":"y"},"a;id":{"type":"api","key":"n"},"junk":1,"old":{"type":"oauth","access":"o","expires":1000}}'
found 'OpenCode: several providers, by name' 'a;id api_key opencode n|google api_key opencode y|groq api_key opencode g|z-ai api_key opencode z'
env_is 'OpenCode: a provider that makes no variable name is left out' \
	'GOOGLE_API_KEY=y GEMINI_API_KEY=y GOOGLE_GENERATIVE_AI_API_KEY=y GROQ_API_KEY=g Z_AI_API_KEY=z'
status 1 'OpenCode: several others are no choice' sac extract --agent opencode
like "$(cat "$T/err")" 'a;id, google, groq, z-ai' 'and they are named'
home .amp/config.json '{"apiKey":"amp-1"}'
env_is 'Amp'"'"'s token is Amp'"'"'s, not Anthropic'"'"'s' 'AMP_API_KEY=amp-1'
is "$(sac extract --reveal | jq -c '[.anthropic.api_key,.anthropic.source,.other.amp.api_key]')" '["amp-1","amp","amp-1"]' \
	'though extract shows it where scripts for the reference look'
status 1 'it is not given to Claude' sac extract --agent claude
is "$(sac extract --agent amp)" amp-1 'it is given to Amp'
home .local/share/amp/secrets.json '{"apiKey@https://ampcode.com/":"sgamp_1","apiKey@http://other/":"sgamp_2"}'
found 'Amp: the secrets file, for the server that is used' 'amp api_key amp sgamp_1'
is "$(AMP_URL=http://other sac extract -a amp)" sgamp_2 'Amp: AMP_URL chooses'
home .pi/agent/auth.json '{"anthropic":{"type":"api_key","key":"p"},"xai":{"type":"api_key","key":"!touch ran; echo x"}}'
found 'Pi: keys; a command is not run' 'anthropic api_key pi p'
found 'Pi: a command is run with --run-helpers' 'anthropic api_key pi p|xai api_key pi x' --run-helpers
home .pi/agent/auth.json '{"xai":{"type":"api_key","key":"!printf \"%s\" x"}}'
found 'Pi: a command with quotes is a command, too, and no key' ''
found 'Pi: and is run as one' 'xai api_key pi x' --run-helpers
home .pi/agent/auth.json '{"xai":{"type":"api_key","key":"a-$PI_A-${PI_B}-$$-$!-$1-${"},"groq":{"type":"api_key","key":"$PI_NONE"},"zai":{"type":"api_key","key":"$OWN","env":{"OWN":"z"}}}'
PI_A=1 PI_B='two words' found 'Pi: variables in keys are put in; what names none that is set is no key' 'xai api_key pi a-1-two words-$-!-$1-${|zai api_key pi z'
home .config/cursor/auth.json '{"accessToken":"c","refreshToken":"r"}' .gemini/.env 'GEMINI_API_KEY="g"'
found 'Cursor and Gemini' 'cursor oauth cursor c|google api_key gemini g'
home .claude/settings.json '{"apiKeyHelper":"echo sk-ant-helped"}' .claude.json '{"apiKey":"sk-ant-file"}'
found 'apiKeyHelper is named, not run' 'anthropic api_key claude-code sk-ant-file'
why 'and told so' claude 'skipped .*apiKeyHelper: a command that prints the key; run it with --run-helpers'
found 'with --run-helpers it is run, before the files' 'anthropic api_key claude-code sk-ant-helped' --run-helpers
home .claude/settings.json '{"apiKeyHelper":"exit 3"}'
why 'a failing helper is told' claude 'skipped .*it failed' --run-helpers

# --- folders that variables move
home cc/.claude.json '{"apiKey":"sk-ant-moved"}' .claude.json '{"apiKey":"sk-ant-usual"}' cx/auth.json '{"OPENAI_API_KEY":"moved"}' \
	xd/opencode/auth.json '{"groq":{"type":"api","key":"moved-g"}}'
is "$(CLAUDE_CONFIG_DIR=$H/cc sac extract -p anthropic)" sk-ant-moved 'CLAUDE_CONFIG_DIR moves Claude'
is "$(CODEX_HOME=$H/cx sac extract -p openai)" moved 'CODEX_HOME moves Codex'
is "$(XDG_DATA_HOME=$H/xd sac extract -p groq)" moved-g 'XDG_DATA_HOME moves OpenCode'
is "$(CLAUDE_CONFIG_DIR=$H/cc sa-credentials extract -d "$H" -p anthropic)" sk-ant-usual '--home-dir means that home, unmoved'

# --- the environment
home .claude.json '{"apiKey":"sk-ant-file"}'
is "$(ANTHROPIC_API_KEY=e sac extract -p anthropic)" e 'the environment comes first'
is "$(ANTHROPIC_API_KEY= sac extract -p anthropic)" sk-ant-file 'an empty variable is no credential'
is "$(ANTHROPIC_API_KEY=$'\xff' sac extract -p anthropic)" sk-ant-file 'a variable that is not UTF-8 is none'
home
is "$(ANTHROPIC_AUTH_TOKEN=t sac extract-env)" ANTHROPIC_AUTH_TOKEN=t 'a bearer token stays one'
is "$(CLAUDE_CODE_OAUTH_TOKEN=t sac extract-env)" CLAUDE_CODE_OAUTH_TOKEN=t 'an OAuth token stays one'
is "$(CLAUDE_API_KEY=$'\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4' sac extract | jq -r .anthropic.api_key)" 'ää...ää' \
	'masking keeps characters whole'

# --- files that are none
good='{"apiKey":"sk-ant-good"}'
hostile() { # NAME PATTERN: .claude.json is hostile; OpenCode's file still counts
	mkdir -p "$H/.local/share/opencode"
	printf '{%s}' "$ant" >"$H/.local/share/opencode/auth.json"
	status 0 "$1: no crash, no hang" timeout 5 env HOME="$H" sa-credentials extract
	is "$(sac extract -p anthropic)" k-ant "$1: the next place counts"
	why "$1: told" claude "$2"
}
home && mkfifo "$H/.claude.json" && hostile 'a FIFO' 'skipped .*claude.json: a FIFO'
home && truncate -s 1G "$H/.claude.json" && hostile 'a file of 1 GiB' 'larger than 8 MiB'
home && ln -s .claude.json "$H/.claude.json" && hostile 'a loop of links' 'a loop of symbolic links'
home && mkdir "$H/.claude.json" && hostile 'a directory' 'a directory'
home && ln -s /dev/zero "$H/.claude.json" && hostile 'a device' 'not a regular file'
home .claude.json '{broken' && hostile 'no JSON' 'skipped .*not JSON'
home .claude.json '' && hostile 'an empty file' 'the file is empty'
home .claude.json '[1]' && hostile 'JSON that is no object' 'no JSON object'
home .claude.json "$(printf '{"apiKey":"sk-ant-\xff"}')" && hostile 'not UTF-8' 'not UTF-8'
home .claude.json '{"apiKey":"sk-ant-1","apiKey":"sk-ant-2"}' && hostile 'duplicate keys' 'apiKey: duplicate key'
home .claude.json '{"apiKey":["sk-ant-1"]}' && hostile 'a key that is a list' 'not a string'
home .claude.json '{"apiKey":"sk-ant-\u0000x"}' && hostile 'a NUL in a key' 'control characters|not Anthropic'
home .claude.json "$(printf '%0100000d' 0 | sed 's/0/[/g')" && hostile 'deep nesting' 'not JSON'
home .claude.json "{\"apiKey\":\"sk-ant-$(printf '%0200000d' 1)\"}" && hostile 'a key of 200 kB' 'too long for a key'
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	home .claude.json "$good" && chown 12345 "$H/.claude.json" && hostile 'somebody else'"'"'s file' 'belongs to another user .uid 12345'
	home .claude.json "$good" && chmod 0 "$H/.claude.json" && chmod 755 "$T" "$H"
	like "$(HOME=$H setpriv --reuid 12345 --clear-groups "$BIN_DIR/sa-credentials" status --explain --json claude |
		jq -r '.looked[] | "\(.result) \(.place): \(.reason)"')" 'claude.json: Permission denied' 'an unreadable file is told'
else
	skip 'foreign and unreadable files' 'needs root'
fi
home .local/share/opencode/auth.json "$(jq -nc '[range(5000)|{key:"p\(.)",value:{type:"api",key:"k"}}]|from_entries')"
is "$(sac extract | jq '.other|length')" 256 'a file with 5000 logins is read up to a limit'

# --- quoting, proven by reading it back
nasty=(plain 'a b;$(id)' "it's" '"$HOME`id`\' "'; touch pwned; '" '~' '#x' '=x' '*?[a]{b,c}' '!!' 'ä€😀' '\\n' "''" ' x' '-n')
for value in "${nasty[@]}"; do
	home .codex/auth.json "$(jq -nc --arg k "$value" '{OPENAI_API_KEY:$k}')"
	trimmed=${value# }
	for shell in sh bash dash "busybox sh" zsh; do
		command -v ${shell% *} >/dev/null || continue
		got=$(sac extract-env --export | $shell -c 'eval "$(cat)"; printf %s "$OPENAI_API_KEY"')
		is "$got" "$trimmed" "$shell reads back: $value"
	done
	if command -v fish >/dev/null; then
		is "$(sac extract-env --export --format fish | fish -c 'source; printf %s "$OPENAI_API_KEY"')" "$trimmed" "fish reads back: $value"
	fi
	is "$(sac extract-env --format json | jq -r .OPENAI_API_KEY)" "$trimmed" "JSON reads back: $value"
	is "$(sac extract-env --format docker | sed -n 's/^OPENAI_API_KEY=//p')" "$trimmed" "docker's format has it as it is: $value"
	sac extract-env --format dotenv >"$T/env"
	is "$(sac exec --credentials "$T/env" -- printenv OPENAI_API_KEY)" "$trimmed" "dotenv reads back: $value"
	is "$(sac exec -- printenv OPENAI_API_KEY)" "$trimmed" "exec hands over: $value"
done
[ ! -e pwned ]
is $? 0 'nothing was run by quoting'
command -v fish >/dev/null || skip 'fish reads it back' 'fish is not there'

# --- exec
home .claude.json '{"apiKey":"sk-ant-c"}' .codex/auth.json '{"OPENAI_API_KEY":"sk-o"}' .amp/config.json '{"apiKey":"amp-1"}' \
	.local/share/opencode/auth.json '{"groq":{"type":"api","key":"g"},"my-own":{"type":"api","key":"m"}}'
keys() { # OPTION...: the keys that a program sees, sorted
	(export GROQ_API_KEY=env-g SANDBOX_AGENT_TOKEN=st MY_OWN_API_KEY=mo STRIPE_API_KEY=user
	 sac exec "$@" -- env | grep -E '_API_KEY|TOKEN' | sort | paste -sd ' ')
}
is "$(keys --agent claude)" 'ANTHROPIC_API_KEY=sk-ant-c CLAUDE_API_KEY=sk-ant-c STRIPE_API_KEY=user' 'Claude sees Anthropic'"'"'s key only'
is "$(keys --agent codex)" 'CODEX_API_KEY=sk-o OPENAI_API_KEY=sk-o STRIPE_API_KEY=user' 'Codex sees OpenAI'"'"'s key only'
is "$(keys --agent amp)" 'AMP_API_KEY=amp-1 STRIPE_API_KEY=user' 'Amp sees its own only'
is "$(keys --agent opencode)" 'ANTHROPIC_API_KEY=sk-ant-c CLAUDE_API_KEY=sk-ant-c CODEX_API_KEY=sk-o GROQ_API_KEY=env-g MY_OWN_API_KEY=m OPENAI_API_KEY=sk-o STRIPE_API_KEY=user' \
	'OpenCode sees every model provider, not Amp'
is "$(keys --agent cursor)" 'STRIPE_API_KEY=user' 'an agent without a key sees nobody else'"'"'s'
is "$(keys --credentials none)" 'MY_OWN_API_KEY=mo STRIPE_API_KEY=user' '--credentials none takes the known keys away'
printf 'OPENAI_API_KEY=f-o\nGROQ_API_KEY=f-g\nPATH=/nowhere\nLD_PRELOAD=x\n' >keys.env
is "$(keys --credentials keys.env --agent codex)" 'CODEX_API_KEY=f-o MY_OWN_API_KEY=mo OPENAI_API_KEY=f-o STRIPE_API_KEY=user' \
	'--credentials FILE: its keys and no others, and only those of the agent'
is "$(keys --credentials none --keep GROQ_API_KEY)" 'GROQ_API_KEY=env-g MY_OWN_API_KEY=mo STRIPE_API_KEY=user' '--keep leaves a key in'
is "$(keys --credentials keys.env --provider groq --keep GROQ_API_KEY)" 'GROQ_API_KEY=env-g MY_OWN_API_KEY=mo STRIPE_API_KEY=user' \
	'as it is, whatever was found'
status 3 'a file that is not there is an error' sac exec --credentials nowhere.env -- true
status 7 'exec hands on the exit status' sac exec -- sh -c 'exit 7'
status 3 'a program that is not there is status 3' sac exec -- no-such-program-here
status 2 'no program is a usage error' sac exec
is "$(keys --agent my-agent 2>"$T/err")" 'STRIPE_API_KEY=user' 'an agent that is not known sees no key'
like "$(cat "$T/err")" "agent 'my-agent' is not known" 'and that is told'
is "$(keys --agent my-agent --provider openai)" 'CODEX_API_KEY=sk-o OPENAI_API_KEY=sk-o STRIPE_API_KEY=user' \
	'unless its provider is named'
for verb in 'extract-env --provider opneai' 'exec --provider opneai -- true'; do
	like "$(env -i HOME="$HOME" PATH="$PATH" sa-credentials $verb 2>&1)" 'no key of provider opneai' "a provider that has none is told: ${verb%% *}"
	is "$(env -i HOME="$HOME" PATH="$PATH" sa-credentials ${verb/ / --quiet } 2>&1)" "" "but not with --quiet"
done
status 2 'elsewhere an unknown agent is a usage error' sac extract --agent nobody
ok 'options behind the program are its own' sac exec -- sh -c '[ "$1" = --agent ]' sh --agent
if [ "$BIN_DIR" = "$TOP/build/bin" ]; then
	is "$(ulimit -S -c 4; sac exec -- bash -c 'ulimit -S -c')" 4 'the program gets its core limit back'
else
	skip 'the program gets its core limit back' 'the sanitizers set one of their own'
fi
status 2 'an unknown verb is a usage error' sac steal
status 2 'an unknown format is a usage error' sac extract-env --format cmd
if [ -c /dev/full ]; then
	not_ok 'a full disk is an error' bash -c "HOME=$H sa-credentials extract >/dev/full"
	not_ok 'also for variables' bash -c "HOME=$H sa-credentials extract-env >/dev/full"
fi

# --- the keyring, by a secret-tool of ours
home
mkdir -p tools
printf '#!/bin/sh\n[ "$1 $2 $3 $4" = "lookup application sandbox-agent provider" ] || exit 2\n[ "$5" = openai ] && echo ring-o\n' >tools/secret-tool
chmod +x tools/secret-tool
is "$(PATH=$T/tools:$PATH sac extract-env --keyring)" $'OPENAI_API_KEY=ring-o\nCODEX_API_KEY=ring-o' 'the keyring is asked with --keyring'
is "$(PATH=$T/tools:$PATH sac extract-env)" '' 'and not without'
if ! command -v secret-tool >/dev/null; then
	why 'a machine without secret-tool is told' codex 'secret-tool is not on PATH' --keyring
fi

# --- foreign names before people's eyes
home .local/share/opencode/auth.json "$(printf '{"\\u001b[31mred\\u009b":{"type":"x"},"\\u001b]0;t":{"type":"api","key":"k"}}')"
is "$(sac status --text --explain | tr -d '\n' | LC_ALL=C grep -c '[[:cntrl:]]')" 0 'no control character gets to the terminal'
like "$(sac status --text --explain)" '[?].31mred' 'the name is told all the same'
if [ "$(id -u)" = 0 ]; then
	home .claude/settings.json '{"apiKeyHelper":"echo sk-ant-helped"}'
	chown 12345 "$H" "$H/.claude/settings.json"
	is "$(sa-credentials extract-env -d "$H" --run-helpers)" '' 'root does not run the helpers of another user'
fi

# --- status
home
is "$(sac status --json | jq -r '.agent' | paste -sd ' ')" 'claude codex opencode amp pi cursor gemini qwen mock' 'status tells of each agent'
status 1 'an agent without credentials that is asked for: status 1' sac status claude
status 0 'the mock agent needs none' sac status mock
status 0 'all agents: status 0' sac status

# --- the examples of the manual page and of --help do what they say
home .claude.json '{"apiKey":"sk-ant-x"}' .codex/auth.json '{"OPENAI_API_KEY":"sk-o"}'
mkdir bin && printf '#!/bin/sh\necho "key $ANTHROPIC_API_KEY $OPENAI_API_KEY args $*"\n' >bin/claude && chmod +x bin/claude
cp bin/claude bin/codex && cp bin/claude bin/docker && cp bin/claude bin/make
echo fake-groq >groq.txt && cp groq.txt key.txt && cp keys.env "$H/" && rm -f key
manual() { sed -n 's/^\.Dl //p' "$TOP/man/sa-credentials.1" | sed 's/\\(dq/"/g'; }
helps() { for verb in extract extract-env status exec; do sac "$verb" --help-all | sed -n '/^examples:/,$s/^  //p'; done; }
while IFS= read -r line; do
	ok "example: $line" env HOME="$H" PATH="$T/bin:$PATH" bash -c "set -e; $line"
done < <(manual; helps)
is "$(HOME=$H PATH=$T/bin:$PATH bash -c "$(manual | grep 'claude -p')")" 'key sk-ant-x  args -p hello' 'exec gives claude its key only'
done_testing
