#!/usr/bin/env bash
# sa-events follow --interactive: permissions and questions are answered on the terminal.
. "$(dirname "$0")/tap.sh"
need jq script sqlite3

# A follower on a pseudo-terminal: what is written to $keys is typed, what it prints is in screen.
mkfifo keys.fifo
exec {keys}<>keys.fifo
terminal() { # SESSION [OPTION ...]
	: >screen
	# script ends with its command; no key is taken from the fifo behind that.
	script -qefc "stty -echo; NO_COLOR=1 exec sa-events follow --interactive $*" /dev/null <keys.fifo >screen &
	follower=$!
}
type_in() { printf "$1" >&"$keys"; }
has() { grep -q -- "$1" screen; }
shows() { wait_until 5 has "$1" || { cat -v screen >&2; false; }; }
ends() { local rc=0; wait "$follower" || rc=$?; is "$rc" 0 "$1"; }
prompt() { since=$(sa-session prompt "$1" "$2" --no-wait --json | jq .since); }
said() { sa-events show "$1" --type agent_message_chunk --jq .payload.params.update.content.text | tr -d '"\\\n'; }

sa-session new --agent mock --id ask >/dev/null
prompt ask 'permission remove it'
terminal ask --until turn-end
ok "a permission is asked on the terminal" shows 'number .*? $'
ok "with its options" has '1) Allow once'
type_in 'seven\n'
ok "an answer that is none is asked again" shows 'a number from the list'
type_in '1\n'
ends "an answer ends it, and the turn goes on"
like "$(said ask)" 'permission: allow-once' "the agent has the answer"

prompt ask 'permission again; say on'
terminal ask --until turn-end --since "$since"
shows 'number .*? $'
type_in 'reject-once\n'
ends "the option's id is an answer too"
like "$(said ask)" 'permission: reject-once' "and reaches the agent"

prompt ask 'permission more; say never'
terminal ask --until turn-end --since "$since"
shows 'number .*? $'
type_in '\004'
ends "the end of input cancels"
is "$(sa-events show ask --type session/prompt --jq '.payload.result.stopReason // empty' | tail -1)" '"cancelled"' "and the turn with it"

prompt ask 'question Which colour?'
terminal ask --until turn-end --since "$since"
ok "a question is asked field by field" shows 'Answer: $'
type_in '\n'
ok "what is wanted cannot be left out" shows 'this one is wanted'
type_in 'a "quoted" one\n'
ok "choices have numbers" shows '3) blue'
type_in '9\n'
ok "others are refused" shows 'a number from the list'
type_in '3\n'
ends "the last field sends the form"
like "$(said ask)" 'question: accept \{answer:a quoted one,color:blue\}' "as the schema wants it"

prompt ask 'question Which colour?'
terminal ask --until turn-end --since "$since"
shows 'Answer: $'
type_in '\004'
ends "the end of input declines a form"
like "$(said ask)" 'question: decline' "which the agent is told"

prompt ask 'ask elicitation/create {"mode":"form","message":"Types?","requestedSchema":{"type":"object","required":["n","ok"],"properties":{"n":{"type":"integer"},"f":{"type":"number","default":1.50},"ok":{"type":"boolean"},"many":{"type":"array","items":{"enum":["x","y","z"]}}}}}'
terminal ask --until turn-end --since "$since"
shows ' n: $'
type_in '1.5\n'
ok "a number that is not whole is none for an integer" shows 'a whole number'
type_in '12345678901234567\n'
shows '(Enter: 1.50)'
type_in '\n'
shows 'y/n'
type_in 'maybe\n'
ok "a boolean is y or n" shows 'y or n, please'
type_in 'y\n'
shows 'many'
type_in 'x, 3\n'
ends "each type has its own form"
like "$(said ask)" 'content:\{n:12345678901234567,f:1.50,ok:true,many:\[x,z\]\}' "and numbers keep their digits"

prompt ask 'ask elicitation/create {"mode":"url","message":"Log in","url":"https://example.org/x","elicitationId":"e"}'
terminal ask --until turn-end --since "$since"
ok "a page to visit is shown" shows 'https://example.org/x'
shows 'go on'
type_in 'n\n'
ends "and may be refused"
like "$(said ask)" 'elicitation/create: result \{action:decline\}' "which the agent is told"

# Somebody else was quicker.
prompt ask 'permission slow; say fine'
terminal ask --until turn-end --since "$since"
shows 'number .*? $'
sa-session show ask | jq -r .serverId >server
folder=$(sqlite3 "$XDG_STATE_HOME/sandbox-agent/store.db" "select socket_dir from servers where id='$(cat server)'")
id=$(sa-events show ask --type session/request_permission --jq .id | tail -1)
(cd "$folder" && perl -MIO::Socket::UNIX -e '
	my $s = IO::Socket::UNIX->new("sock") or die;
	print $s q({"op":"reply","ref":1,"eventId":), $ARGV[0],
		q(,"result":{"outcome":{"outcome":"selected","optionId":"allow-always"}}}), "\n";
	while (<$s>) { last if /"type":"settled"/ }' "$id")
ends "a question that somebody else answers is withdrawn"
ok "and that is told" has 'answered elsewhere'
like "$(said ask)" 'permission: allow-always' "the first answer counts"

# Two sessions, one after the other; the past is not asked again.
sa-session new --agent mock --id two >/dev/null
prompt ask 'permission first'
prompt two 'permission second'
terminal ask two --until turn-end
shows 'number .*? $'
type_in '1\n'
wait_until 5 eval '[ "$(grep -c "number .*?" screen)" -ge 2 ]'
type_in '2\n'
ends "questions of two sessions are asked in turn"
is "$(grep -o 'answer: [fs]' screen | wc -l)" 2 "and what was answered long ago is not"
like "$(said ask)$(said two)" 'allow-(once|always)$' "each agent has its answer"

# The agent dies over a question.
prompt two 'permission last'
terminal two --since "$since"
shows 'number .*? $'
kill -9 "$(sa-session show two | jq .agentPid)"
ends "a question of a dead agent ends with it"
ok "and that is told" has 'the agent is gone'

status 2 "without a terminal it says so" setsid sa-events follow ask --interactive
like "$(cat err)" 'wants a terminal' "in words"
status 2 "and --jq excludes it" sa-events follow ask --interactive --jq .
sa-session close ask
done_testing
