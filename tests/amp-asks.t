#!/usr/bin/env bash
# Amp's permissions reach a person through sa-acp-amp, though Amp gives its helper ten seconds only; and what happens when
# Amp ends without a word.
# Amp is a script here that keeps to its stream-json and its "delegate" rules; the real one is in agents-abilities.t.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq
mkdir -p work "$XDG_CONFIG_HOME/amp"
cat >amp <<'SH'
#!/usr/bin/env bash
# "run FILE" and "tool Bash {...}" make a call of Bash that touches FILE, when the rules allow it.
[ "$*" != "threads new" ] || { echo T-00000000-0000-4000-8000-000000000001; exit 0; }
echo "$*" >>"$FAKE/argv"
settings=
while [ $# -gt 0 ]; do [ "$1" != --settings-file ] || settings=$2; shift; done
[ -z "$settings" ] || cp "$settings" "$FAKE/settings"
say() { # STOP-REASON BLOCK
	echo "{\"type\":\"assistant\",\"message\":{\"role\":\"assistant\",\"content\":[$2],\"stop_reason\":\"$1\"},\"parent_tool_use_id\":null}"
}
call() { # ID INPUT
	local rc=0 to
	say tool_use "{\"type\":\"tool_use\",\"id\":\"$1\",\"name\":\"Bash\",\"input\":$2}"
	if [ -n "$settings" ]; then
		to=$(jq -r '.["amp.permissions"][-1].to' "$settings")
		printf %s "$2" | AGENT_TOOL_NAME=Bash AGENT_TOOL_USE_ID=$1 "$to" 2>"$FAKE/why" || rc=$?
	fi
	why=$(cat "$FAKE/why" 2>/dev/null)
	[ $rc -ne 0 ] || { touch "$(jq -r '.cmd|ltrimstr("touch ")' <<<"$2")"; why=done; }
	jq -nc --arg i "$1" --arg w "$why" --argjson e "$([ $rc -eq 0 ] && echo false || echo true)" \
		'{type: "user", message: {role: "user", content: [{type: "tool_result", tool_use_id: $i, content: $w, is_error: $e}]}}'
}
n=0
while read -r line; do
	text=$(jq -r '.message.content[0].text' <<<"$line")
	printf '%s\n' "$text" >>"$FAKE/prompts"
	[ "$text" != "end at once" ] || [ ! -e "$FAKE/ends" ] || { sed -i 1d "$FAKE/ends"; [ -s "$FAKE/ends" ] || rm "$FAKE/ends"; exit 1; }
	[ "$text" != "be killed" ] || { # with something that has left its process tree
		exec 3< <(setsid sh -c 'echo $$; exec tail -f /dev/null' </dev/null)
		read -r left <&3
		echo "$left" >"$FAKE/left"
		kill -9 $$
	}
	[ "$text" != "end amidst" ] || { say tool_use '{"type":"text","text":"I begin"}'; exit 1; }
	n=$((n + 1))
	case $text in
	run*) call "toolu_$n" "{\"cmd\":\"touch ${text#run }\"}" ;;
	*"tool Bash "*) call "toolu_$n" "$(sed -n 's/^tool Bash //p' <<<"$text")" ;;
	esac
	say end_turn '{"type":"text","text":"so be it"}'
done
SH
chmod +x amp
cat >"$XDG_CONFIG_HOME/amp/settings.json" <<'END'
{ // with a comment
	"amp.dangerouslyAllowAll": true, "amp.x": "//",
	"amp.permissions": [{"tool": "Bash", "action": "ask", "matches": {"cmd": "git push*"}}, {"tool": "web_search", "action": "reject"},],
}
END
session() { # NAME ENV...: a session that asks, in $id
	id=$(sa-session new --id "$1" --agent-command "sa-acp-amp --agent-binary $T/amp" --cwd work --env "FAKE=$T" --mode ask "${@:2}" | field .id)
}
text_of() { sa-events show "$id" --type agent_message_chunk --jq .payload.params.update.content.text | tail -1; }
ask_for() { sa-session prompt "$id" "run $1" --no-wait >/dev/null && sa-session wait "$id" --until waiting --timeout 60s >/dev/null; }

session soon --env SA_ACP_AMP_WAIT_MS=60000
ok "a call that does something is asked about" ask_for allowed
is "$(sa-session pending "$id" --json | jq -c '.payload.params.toolCall | [.kind, .title]')" '["execute","touch allowed"]' "in its own words"
ok "a person allows it" sa-session reply "$id" allow
sa-session wait "$id" --timeout 60s >/dev/null
ok "and it is done" test -e work/allowed
is "$(text_of)" '"so be it"' "the turn has ended"
ask_for rejected
ok "a person rejects the next" sa-session reply "$id" reject
sa-session wait "$id" --timeout 60s >/dev/null
not_ok "and it is not done" test -e work/rejected
is "$(cat why)" "The user rejected this tool call." "the model hears who said so"
ask_for ever
ok "a person allows the tool for ever" sa-session reply "$id" allow-always
sa-session wait "$id" --timeout 60s >/dev/null
sa-session prompt "$id" "run ever-after" --timeout 60s >/dev/null
ok "and is not asked again" test -e work/ever-after

is "$(jq -c '.["amp.permissions"] | [.[0].action, .[0].matches.cmd, .[1], .[-1].tool, .[-1].action]' settings)" \
	'["delegate","git push*",{"tool":"web_search","action":"reject"},"*","delegate"]' \
	"the user's own rules come first; what would make Amp wait for ever asks, too"
is "$(jq -c '[.["amp.x"], has("amp.dangerouslyAllowAll")]' settings)" '["//",false]' "of the other settings only the one that allows all is left out"
is "$(jq -r '.["amp.permissions"][] | select(.tool == "Read").action' settings)" allow "what only reads is not asked about"
folder=$(jq -r '.["amp.permissions"][-1].to | rtrimstr("/sa-amp-ask")' settings)
is "$(stat -c %a "$folder")" 700 "the questions go through a folder of this user's own"
sa-session close "$id"
wait_until 20 test ! -e "$folder"
ok "which goes with the session" test ! -e "$folder"

session late --env SA_ACP_AMP_WAIT_MS=50
ask_for late
wait_until 30 grep -q "has not answered yet" why
like "$(cat why)" "end your turn now" "when the person takes longer than Amp waits, the model hears that"
is "$(sa-session show "$id" | field .state)" waiting "the turn goes on: it waits for the person"
ok "who allows it in the end" sa-session reply "$id" allow
sa-session wait "$id" --timeout 60s >/dev/null
ok "and it is done, at last" test -e work/late
like "$(cat prompts)" "The user has allowed this call" "since Amp was told to make the call again"
rm -f why
ask_for never
wait_until 30 grep -q "has not answered yet" why
ok "another one is rejected" sa-session reply "$id" reject
sa-session wait "$id" --timeout 60s >/dev/null
like "$(tail -1 prompts)" "The user rejected the call of Bash.*go on without it" "late, and Amp is told"
not_ok "and it is not done, either" test -e work/never
rm -f why
ask_for cancelled
ok "a cancelled turn" sa-session cancel "$id"
ok "ends with its question" sa-session wait "$id" --timeout 60s
is "$(sa-session pending "$id" --json)" "" "which nobody has to answer any more"
not_ok "undone" test -e work/cancelled

ok "back in the mode that allows all" sa-session mode "$id" allow
ok "nothing is asked" sa-session prompt "$id" "run allowed-all" --timeout 60s
ok "and all is done" test -e work/allowed-all
like "$(tail -1 argv)" "dangerously-allow-all" "by another Amp on the same thread"

# Amp ends without a word (an exception that it does not catch).
told() { grep -c "^$1$" prompts; }
echo once >ends
ok "Amp that ends before it begins" sa-session prompt "$id" "end at once" --timeout 60s
is "$(told "end at once")" 2 "is started once more, with the same prompt"
printf 'once\ntwice\n' >ends
failing() { sa-session prompt "$id" "$1" --timeout 60s >out 2>err; }
not_ok "when that does not help, the turn fails" failing "end at once"
is "$(told "end at once")" 4 "and is not tried a third time"
like "$(cat out err)" "exited with status 1 without a word.*cli.log.*next prompt goes on" "in words"
not_ok "when it ends amidst a turn, that fails" failing "end amidst"
is "$(told "end amidst")" 1 "and nothing is run twice"
like "$(cat out err)" "exited with status 1 without a word" "in words, too"
ok "and the next prompt goes on" sa-session prompt "$id" "run behind" --timeout 60s
ok "on the same thread" test -e work/behind
not_ok "when it is killed" failing "be killed"
like "$(cat err out)" "killed by signal 9" "that is what the turn says"
ok "and what it has started is killed, too, wherever it has gone" wait_until 20 is_dead "$(cat left)"
done_testing
