#!/bin/bash
# sa-credentials: the vault, and that no secret is seen where it should not be.
. "$(dirname "$0")/tap.sh"
need jq mkfifo

for name in $(compgen -e | grep -E '_API_KEY$|_TOKEN$|^AMP_|^CLAUDE_|^CODEX_|^PI_|^ANTHROPIC_'); do unset "$name"; done
V=$T/v/keys.vault
head -c 32 /dev/urandom >key
chmod 600 key
store() { sa-credentials store "$@" --vault "$V" --key-file key; }
put() { printf '%s\n' "$2" | store set "$1" "${@:3}"; }

# --- set, get, list, rm
ok 'store set makes a vault' put ANTHROPIC_API_KEY fake-secret-one
is "$(stat -c '%a' "$V" "$T/v" | paste -sd ' ')" '600 700' 'vault and folder are private'
is "$(store get ANTHROPIC_API_KEY)" fake-secret-one 'store get'
put CLAUDE_CODE_OAUTH_TOKEN fake-token --expires 2100-01-01T00:00:00Z
put work 'fake "quoted" ä$' --provider groq
is "$(store list --json | jq -rs '.[]|"\(.name) \(.provider) \(.authType) \(.masked) \(.expiresAt)"' | paste -sd '|')" \
	'ANTHROPIC_API_KEY anthropic api_key fake...-one null|CLAUDE_CODE_OAUTH_TOKEN anthropic oauth fake...oken 2100-01-01T00:00:00.000Z|work groq api_key fake... ä$ null' \
	'store list masks; a name that is a variable tells provider and kind'
put ANTHROPIC_API_KEY fake-secret-two
is "$(store get ANTHROPIC_API_KEY) $(store list --json | wc -l)" 'fake-secret-two 3' 'set replaces'
is "$(sa-credentials extract --reveal --vault "$V" --key-file key | jq -c '[.anthropic.source,.anthropic.api_key,.other.groq.api_key]')" \
	'["vault","fake-secret-two","fake \"quoted\" ä$"]' 'extract reads the vault'
is "$(sa-credentials exec --credentials "$V" --key-file key --agent claude -- printenv ANTHROPIC_API_KEY)" fake-secret-two 'exec reads the vault'
ok 'store rm' store rm ANTHROPIC_API_KEY
is "$(sa-credentials extract-env --vault "$V" --key-file key | head -1)" CLAUDE_CODE_OAUTH_TOKEN=fake-token 'what was removed is gone'
status 3 'rm of what is not there' store rm ANTHROPIC_API_KEY
status 3 'get of what is not there' store get nothing
status 2 'a name that is no name' store get 'a b'
status 2 'an empty value is refused' put X ''
status 2 'a value with control characters is refused' put X $'a\tb'
status 2 'an unknown kind is refused' put X v --kind magic
status 2 'a time that is none is refused' put X v --expires tomorrow
status 2 'no verb is a usage error' sa-credentials store
put OLD_API_KEY v --provider openai --expires 2001-01-01T00:00:00Z
like "$(sa-credentials extract-env --vault "$V" --key-file key 2>&1)" 'skipped openai .*expired 2001' 'an expired entry is skipped and told'

# --- the usual place
export SANDBOX_AGENT_VAULT=$T/v/usual.vault
printf 'fake-usual\n' | sa-credentials store set openai --key-file key
is "$(sa-credentials extract -p openai --key-file key)" fake-usual 'the usual vault is read when a key opens it'
is "$(SANDBOX_AGENT_VAULT_KEY_FILE=$T/key sa-credentials extract -p openai)" fake-usual 'also by the variable'
status 1 'without a key it is not' sa-credentials extract -p openai
like "$(sa-credentials status --explain --json codex | jq -r '.looked[]|"\(.source) \(.reason)"')" 'vault locked' 'and that is told'
unset SANDBOX_AGENT_VAULT

# --- wrong keys and damaged files
head -c 32 /dev/urandom >other
chmod 600 other
status 5 'another key does not open it' sa-credentials store list --vault "$V" --key-file other
chmod 644 other
status 5 'a key file that others may read is refused' sa-credentials store list --vault "$V" --key-file other
printf short >short
chmod 600 short
status 2 'a short key file is refused' sa-credentials store list --vault "$V" --key-file short
status 3 'a missing vault that was named is an error' sa-credentials extract --vault "$T/none" --key-file key
cp "$V" bad
truncate -s 70 bad
status 1 'a cut vault is refused' sa-credentials store list --vault "$T/bad" --key-file key
cp "$V" bad
printf '\002' | dd of=bad bs=1 seek=8 conv=notrunc 2>/dev/null
like "$(sa-credentials store list --vault "$T/bad" --key-file key 2>&1)" 'version 2' 'a newer version is named'
cp "$V" bad
printf 'X' | dd of=bad bs=1 seek=90 conv=notrunc 2>/dev/null
status 5 'a changed vault is refused' sa-credentials store list --vault "$T/bad" --key-file key
rm -f bad && mkfifo bad
status 8 'a vault that is a FIFO is refused' timeout 5 sa-credentials store list --vault "$T/bad" --key-file key

# --- passphrases
P=$T/v/pass.vault
printf 'value-1\n' | sa-credentials store set openai --vault "$P" --passphrase-fd 3 3<<<'correct horse'
is "$(sa-credentials store get openai --vault "$P" --passphrase-fd 3 3<<<'correct horse')" value-1 'a passphrase by a descriptor'
status 5 'a wrong passphrase' bash -c "sa-credentials store get openai --vault '$P' --passphrase-fd 3 3<<<wrong"
status 2 'an empty passphrase' bash -c "sa-credentials store get openai --vault '$P' --passphrase-fd 3 3<<<''"
status 2 'a descriptor that is not open' sa-credentials store get openai --vault "$P" --passphrase-fd 77
status 2 'value and passphrase from one descriptor' sa-credentials store set x --vault "$P" --passphrase-fd 0
status 5 'without a terminal it says what to give' setsid -w sa-credentials store get openai --vault "$P"
if command -v script >/dev/null; then
	until_prompt() { local c; while IFS= read -r -n1 -t 10 -u 5 c; do [ "$c" != : ] || return 0; done; return 1; }
	# shellcheck disable=SC2034
	coproc S { exec script -qfec "sa-credentials store get openai --vault '$P'" /dev/null; }
	exec 5<&"${S[0]}" 6>&"${S[1]}"
	until_prompt
	printf 'correct horse\n' >&6
	seen=$(cat <&5 | tr -d '\r')
	exec 5<&- 6>&-
	like "$seen" 'value-1' 'a passphrase from the terminal'
	unlike "$seen" horse 'is not echoed'
else
	skip 'a passphrase from the terminal' 'script is not there'
fi

# --- writers at the same time, writers that die
for i in $(seq 12); do put "name$i" "value$i" & done
wait $(jobs -p)
is "$(store list --json | jq -r .name | grep -c '^name')" 12 'twelve writers at once: nothing is lost'
for i in $(seq 40); do
	printf 'v\n' | sa-credentials store set "kill$i" --vault "$V" --key-file key &
	pid=$!
	sleep "0.00$((i % 10))"
	kill -9 "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
done
ok 'writers that are killed leave a vault that opens' store list
is "$(store list --json | jq -r .name | grep -c '^name')" 12 'with all that was in it'
put after v
is "$(find "$T/v" -name '*.new' | wc -l)" 0 'and the next writer tidies up'

# --- nothing secret where it should not be
# Of this run alone: tests of another checkout may run beside it.
S1=sk-ant-fake-$$-$RANDOM-LEAK1 S2=fake-vault-$$-$RANDOM-LEAK2 S3=fake-$$-$RANDOM-LEAK3
printf '%s\n' "$S1" "$S2" "$S3" >needles
mkdir -p "$HOME/.claude" "$HOME/.codex" "$HOME/.local/share/opencode"
printf '{"apiKey":"%s"}' "$S1" >"$HOME/.claude.json"
printf '{"apiKeyHelper":"echo %s"}' "$S3" >"$HOME/.claude/settings.json"
printf '{"OPENAI_API_KEY":"%s"' "$S3" >"$HOME/.codex/auth.json"
printf '{"x":{"type":"api","key":"%s\\n%s"}}' "$S3" "$S3" >"$HOME/.local/share/opencode/auth.json"
store rm CLAUDE_CODE_OAUTH_TOKEN # a key of the vault comes before those of the files
put LEAK_API_KEY "$S2" --provider openai
{ # everything that a person or a log may see
	sa-credentials extract --vault "$V" --key-file key
	sa-credentials status --explain --text
	sa-credentials status --explain --json
	sa-credentials status --explain --json --run-helpers --vault "$V" --key-file key
	sa-credentials extract-env --vault "$V" --key-file key >/dev/null
	sa-credentials extract -p groq
	store list
	put "$S3" "bad"$'\t'"$S3"
	sa-credentials exec --agent claude -- no-such-program
} >seen 2>&1 || true
is "$(grep -v "'$S3'" seen | grep -cFf needles)" 0 'masked output, explanations and errors hold no secret'
mkfifo hold
exec 9<>hold
start sa-credentials exec --agent claude --vault "$V" --key-file key -- cat hold
child=$started
wait_until 5 grep -q cat "/proc/$child/comm"
is "$(grep -alFf needles /proc/[0-9]*/cmdline 2>/dev/null | wc -l)" 0 'no argv holds a secret'
is "$(grep -alFf needles /proc/[0-9]*/environ 2>/dev/null)" "/proc/$child/environ" 'no environment but the program'"'"'s does'
unlike "$(tr '\0' '\n' <"/proc/$child/environ")" LEAK2 'and there only the keys of the agent'
is "$(find "/proc/$child/fd" -lname "$T/*key*" -o -lname "$T/*vault*" | wc -l)" 0 'the program inherits no descriptor of ours'
is "$(find "$TMPDIR" "$XDG_RUNTIME_DIR" -type f | wc -l)" 0 'no temporary file is left'
is "$(grep -rlaFf needles "$T" --exclude=needles --exclude-dir=home | wc -l)" 0 'no file outside the home holds one, the vault included'

# --- the process itself
as=() look=$T/open.vault
cp "$P" "$look"
if command -v setpriv >/dev/null && [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid 12345 --clear-groups)
	chmod 755 "$T" "$HOME"
	chown 12345 "$look"
fi
start "${as[@]}" "$BIN_DIR/sa-credentials" store get openai --vault "$look" --passphrase-fd 9
waiting() { grep -q '^VmLck:[[:space:]]*[1-9]' "/proc/$started/status"; }
if [ "$BIN_DIR" = "$TOP/build/bin" ]; then
	ok 'what opens the vault lies in locked memory' wait_until 5 waiting
else
	skip 'what opens the vault lies in locked memory' 'the sanitizers do not lock memory'
fi
is "$(awk '/Max core file size/{print $5}' "/proc/$started/limits")" 0 'no core file while secrets are held'
if [ ${#as[@]} -gt 0 ]; then
	is "$(stat -c %u "/proc/$started/mem")" 0 'not dumpable: the same user may not look into it'
else
	skip 'not dumpable' 'needs root'
fi

if command -v valgrind >/dev/null && [ "$BIN_DIR" = "$TOP/build/bin" ]; then
	vg() { valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect "$BIN_DIR/sa-credentials" "$@"; }
	ok 'valgrind: extract' vg extract --vault "$V" --key-file key --run-helpers
	ok 'valgrind: extract-env' vg extract-env --vault "$V" --key-file key
	ok 'valgrind: status' vg status --explain --vault "$V" --key-file key
	ok 'valgrind: store set' vg store set v --vault "$V" --key-file key --value-fd 3 3<<<value
	ok 'valgrind: store list' vg store list --vault "$V" --key-file key
	status 3 'valgrind: exec that fails' vg exec --agent claude -- no-such-program
	status 5 'valgrind: a wrong key' vg store list --vault "$P" --passphrase-fd 3 3<<<wrong
else
	skip 'valgrind' 'valgrind is not there, or this is another variant'
fi
done_testing
