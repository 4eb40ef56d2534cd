#!/usr/bin/env bash
# Policies answer what agents ask; deadlines answer what nobody does; the record says who, when, why.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 curl
at() { jq -r "$1" <"$T/body"; } # in the last HTTP answer

run() { timeout 20 sa-session run --agent mock "$@"; }
# What was decided last, by whom, why.
last() { sa-session pending --settled --json | tail -1 | jq -r '"\(.state) \(.settledBy) \(.reason)"'; }
options='[{"optionId":"y","kind":"allow_once"},{"optionId":"n","kind":"reject_once"}]'
tool() { # MEMBERS-OF-TOOLCALL: a mock prompt that asks for it
	jq -nrc --argjson call "$1" --argjson options "$options" \
		'"ask session/request_permission " + ({toolCall: $call, options: $options} | tojson)'
}
chosen() { run "$@" | sed -n 's/.*"optionId":"\(.\)".*/\1/p'; }

# --- by name ---------------------------------------------------------------------------------
is "$(run --yolo "permission rm x")" "permission: allow-once" "yolo allows"
is "$(last)" "answered policy default of yolo" "and the record says so"
is "$(run --read-only "permission rm x")" "permission: reject-once" "read-only denies a command"
is "$(chosen --read-only "$(tool '{"kind":"read"}')")" y "but lets it read"
is "$(chosen --accept-edits "$(tool '{"kind":"edit","locations":[{"path":"'"$T"'/a"}]}')")" y "accept-edits: an edit in the folder"
is "$(run --yolo --read-only "permission rm x")" "permission: reject-once" "of two the stricter decides"
made=$(sa-session new --agent mock | field .id)
status 4 "a policy that would not count is refused" sa-session resume --read-only "$made"
is "$(sa-session prompt "$made" "say on" --text)" on "and the session goes on"
sa-session close "$made"
is "$(sa-session resume --read-only "$made" >/dev/null && sa-session prompt "$made" "permission rm x" --text)" \
	"permission: reject-once" "a new agent gets it"
mkdir named
echo '{"default":"allow"}' >named/read-only
is "$(cd named && run --policy read-only "permission rm x")" "permission: reject-once" "a file called as a policy is, in a folder, is not that policy"
is "$(cd named && run --policy ./read-only "permission rm x")" "permission: allow-once" "unless it is named as a file"
mode() { sa-session show "$(sa-session new --agent mock "$@" | field .id)" | field .mode; }
is "$(mode --read-only)" plan "the agent's own mode is set where it has one"
is "$(mode --read-only --mode normal)" normal "unless another is named"

# --- a file ----------------------------------------------------------------------------------
cat >p.json <<'END'
{"rules":[{"decision":"deny","command":"rm *","reason":"no deleting"},
 {"decision":"allow","kind":"edit","path":"inside"},
 {"decision":"deny","path":"outside"},
 {"decision":"allow","if":".params.toolCall.title|test(\"^safe\")"}],
 "ask":{"timeout":"200ms"}}
END
sa-session new --agent mock --id kept --policy p.json >/dev/null
sa-session prompt kept "$(tool '{"kind":"execute","rawInput":{"command":"cd x && rm -r y"}}')" >/dev/null
is "$(last)" "answered policy rule 1 of $T/p.json: no deleting" "a rule about a part of the command line decides"
is "$(chosen --policy p.json "$(tool '{"kind":"edit","locations":[{"path":"'"$T"'/a"}]}')")" y "an edit inside is allowed"
is "$(chosen --policy p.json "$(tool '{"kind":"edit","locations":[{"path":"'"$T"'/../a"}]}')")" n "one outside is denied"
is "$(chosen --policy p.json "$(tool '{"kind":"other","title":"safe thing"}')")" y "a jq program decides"
status 6 "what no rule is about is asked" run --policy p.json "permission other"
is "$(last)" "expired deadline nobody answered in 200 ms" "for as long as the policy says"
is "$(chosen --yolo --policy p.json "$(tool '{"kind":"other","title":"x"}')")" y "without an opinion it leaves the others theirs"
mv p.json moved.json
sa-session prompt kept "$(tool '{"kind":"other","title":"safe again"}')" >/dev/null
is "$(last)" "answered policy rule 4 of $T/p.json" "a policy is read, its programs compiled, when the session is opened"
mv moved.json p.json
kill_supervisor kept
sa-session resume kept >/dev/null
sa-session prompt kept "permission rm -r z" >/dev/null
is "$(last)" "answered policy rule 1 of $T/p.json: no deleting" "a resumed session has its policy again"

echo '{"rules":[{"decision":"allow","comand":"ls"}]}' >bad.json
status 2 "a policy with a typing mistake is refused" run --policy bad.json "say hi"
like "$(cat err)" 'rule 1: a rule has no member "comand"' "and the mistake is named"
status 3 "one that does not exist too" run --policy nonsense "say hi"

# --- the folder's own ------------------------------------------------------------------------
mkdir -p d/.sandbox-agent
folder() { cat >d/.sandbox-agent/policy.json; }
folder <<<'{"rules":[{"decision":"deny","command":"rm *"},{"decision":"allow","command":"ls"}]}'
is "$(run --cwd d --yolo "permission rm x")" "permission: reject-once" "the folder's policy refuses what another allows"
is "$(run --cwd d --yolo "permission mv x")" "permission: allow-once" "and leaves the rest"
status 6 "it grants nothing" run --cwd d --ask-timeout 100ms "$(tool '{"kind":"execute","rawInput":{"command":"ls"}}')"
folder <<<'{"rules":['
status 6 "while it is broken nothing is allowed" run --cwd d --yolo --ask-timeout 100ms "permission ls"
ln -sf nowhere d/.sandbox-agent/policy.json
status 6 "nor while it is a link to nothing" run --cwd d --yolo --ask-timeout 100ms "permission ls"
rm -r d

# --- for a whole server ------------------------------------------------------------------------
is "$(SANDBOX_AGENT_POLICY=yolo run "permission x")" "permission: allow-once" "the environment names a policy"
is "$(SANDBOX_AGENT_POLICY=yolo run --read-only "permission x")" "permission: reject-once" "for sessions without their own"
status 3 "a server with a bad policy does not start" sa-serve --port 0 --policy nonsense
serve --policy yolo
rest() { # BODY PROMPT: a session over REST, one turn
	POST /v1/sessions "${json[@]}" -d "$1"
	id=$(at .id)
	POST "/v1/sessions/$id/prompt" "${json[@]}" -d "{\"text\":\"$2\"}"
	at .text
}
is "$(rest '{"agent":"mock"}' "permission x")" "permission: allow-once" "sa-serve --policy is for its sessions"
is "$(rest '{"agent":"mock","policy":["read-only"]}' "permission x")" "permission: reject-once" "a session over REST has its own"
rest '{"agent":"mock"}' "permission x" >/dev/null
GET "/v1/sessions/$id/pending?all=true"
is "$(at '.pending[0]|"\(.state) \(.settledBy) \(.reason)"')" "answered policy default of yolo" "REST tells who decided"
GET "/v1/sessions/$id/pending"
is "$(at '.pending|length')" 0 "and what is open"

# --- clients that answer all the same --------------------------------------------------------
rpc proxy "$(message initialize '{"protocolVersion":1,"clientCapabilities":{}}')" "?agent=mock"
rpc proxy "$(message session/new "{\"cwd\":\"$T\",\"mcpServers\":[]}" 2)"
acp=$(at .result.sessionId)
rpc proxy "$(message session/prompt "{\"sessionId\":\"$acp\",\"prompt\":[{\"type\":\"text\",\"text\":\"permission x\"}]}" 3)"
is "$(at .result.stopReason)" end_turn "a turn of the proxy goes on by the policy"
rpc proxy '{"jsonrpc":"2.0","id":0,"result":{"outcome":{"outcome":"selected","optionId":"reject-once"}}}'
is "$code" 202 "a client that answers what was decided has done no wrong"

# --- deadlines ---------------------------------------------------------------------------------
out() { run "$@" 2>/dev/null || echo "status $?"; }
is "$(out --ask-timeout 100ms "permission x" | paste -sd,)" "permission: reject-once,status 6" "nobody answers: rejected, status 6"
is "$(out --ask-timeout 100ms --ask-default allow "permission x" | paste -sd,)" "permission: allow-once,status 6" "or allowed"
is "$(out --ask-timeout 100ms --ask-default cancel "permission x")" "status 6" "or cancelled"
is "$(out --ask-timeout 100ms "question x" | paste -sd,)" "question: decline,status 6" "a question is declined"
is "$(out --ask-timeout 100ms --ask-default allow "question x" | paste -sd,)" "question: decline,status 6" "there is nothing to allow in it"
like "$(out --ask-timeout 100ms "ask other/thing" | paste -sd,)" "error .*nobody answered.*,status 6" "another request gets an error"
status 6 "run says why" run --ask-timeout 100ms "permission x" --json
is "$(jq -r .type err)" urn:sandbox-agent:error:request_expired "with a kind of its own"
is "$(sa-events show @last --json | jq -r 'select(.payload.method=="_adapter/request_expired").payload.params.by')" deadline "there is an event"
request=$(sa-session pending --settled --json | tail -1 | field .id)
status 4 "an answer comes too late" sa-session reply "$request" allow
like "$(cat err)" "expired already" "and is told so"
status 2 "a wrong default is refused" run --ask-default maybe "say x"

is "$(out --ask-unattended reject "permission x" | paste -sd,)" "permission: reject-once,status 6" "nobody is attached: at once"
is "$(last)" "expired unattended nobody is attached" "and the record says so"
sa-session new --agent mock --id watched --ask-unattended reject >/dev/null
start sa-events follow watched >/dev/null
wait_until 10 eval '[ "$(sed -n "s/.*\"clients\":\([0-9]*\).*/\1/p" <<<"$(status_of watched)")" = 2 ]'
sa-session prompt watched --no-wait "permission x" >/dev/null
ok "somebody is: it waits" sa-session wait --until waiting watched --timeout 10s
kill "$started"
ok "that one leaves: it does not" sa-session wait watched --timeout 20s
is "$(last)" "expired unattended nobody is attached" "as if nobody had been there"

# --- one answer ----------------------------------------------------------------------------------
sa-session new --agent mock --id race >/dev/null
sa-session prompt race --no-wait "permission x" >/dev/null
sa-session wait --until waiting race --timeout 10s >/dev/null
sock=$(folder_of race) request=$(sa-session pending race --json | field .id)
cat >racer.pl <<'END'
use IO::Socket::UNIX;
my ($request, $n) = @ARGV;
my @all = map { IO::Socket::UNIX->new("sock") or die } 1 .. $n;
for my $i (0 .. $n - 1) {
	my $option = $i % 2 ? "allow-once" : "reject-once";
	syswrite $all[$i], qq({"op":"reply","ref":1,"eventId":"$request","by":"racer-$i","result":{"outcome":{"outcome":"selected","optionId":"$option"}}}\n);
}
for my $i (0 .. $n - 1) { my $s = $all[$i]; my $line = <$s>; print "racer-$i $1\n" if $line =~ /"(?:kind|type)":"(settled|conflict)"/ or $line =~ /"kind":"(\w+)"/ }
END
(cd "$sock" && perl "$T/racer.pl" "$request" 50) >raced
is "$(grep -c conflict raced)" 49 "of 50 clients that answer at once 49 get a conflict"
is "$(grep -c settled raced)" 1 "one wins"
is "$(sa-session pending race --settled --json | field .settledBy)" "$(sed -n 's/ settled//p' raced)" "the record says who"
sa-session wait race --timeout 10s >/dev/null
is "$(sa-events show race --json | jq -r 'select(.answers=="session/request_permission").payload.id' | wc -l)" 1 "the agent heard one answer"

POST /v1/sessions "${json[@]}" -d '{"agent":"mock","id":"webrace","policy":"ask"}'
sa-session prompt webrace --no-wait "permission x" >/dev/null
sa-session wait --until waiting webrace --timeout 10s >/dev/null
request=$(sa-session pending webrace --json | field .id)
for i in $(seq 50); do
	[ "$i" = 1 ] || echo next
	printf 'url="%s"\nrequest=POST\nheader="content-type: application/json"\ndata="{\\"optionId\\":\\"allow-once\\",\\"by\\":\\"web-%s\\"}"\noutput="%s"\nwrite-out="web-%s %%{http_code}\\n"\n' \
		"$base/v1/sessions/webrace/pending/$request" "$i" /dev/null "$i"
done >race.curl
curl -s -Z --parallel-max 50 -K race.curl >raced 2>raced.err
is "$(grep -c ' 409$' raced) $(grep -c ' 204$' raced)" "49 1" "of 50 over HTTP one wins and 49 get 409"
is "$(sa-session pending webrace --settled --json | field .settledBy)" "$(sed -n 's/ 204$//p' raced)" "the record says who"

# --- whoever is killed ----------------------------------------------------------------------------
POST /v1/sessions "${json[@]}" -d '{"agent":"mock","policy":"ask"}'
id=$(at .id)
POST "/v1/sessions/$id/prompt?wait=false" "${json[@]}" -d '{"text":"question what?"}'
sa-session wait --until waiting "$id" --timeout 10s >/dev/null
kill -9 "$server"
wait_until 5 is_dead "$server"
serve
GET "/v1/sessions/$id/pending"
is "$(at '.pending[0].state')" open "the server is killed: the next one lists the question"
request=$(at '.pending[0].id')
POST "/v1/sessions/$id/pending/$request" "${json[@]}" -d '{"result":{"action":"accept","content":{"answer":"42"}},"by":"alice","reason":"asked her"}'
is "$code" 204 "and takes the answer"
sa-session wait "$id" --timeout 10s >/dev/null
is "$(last)" "answered alice asked her" "with who gave it and why"
POST "/v1/sessions/$id/prompt?wait=false" "${json[@]}" -d '{"text":"question again?"}'
sa-session wait --until waiting "$id" --timeout 10s >/dev/null
request=$(sa-session pending "$id" --json | field .id)
kill_supervisor "$id"
GET "/v1/sessions/$id/pending?all=true"
is "$(at '.pending[1].state')" lost "the supervisor is killed: the question is told as lost"
status 4 "and cannot be answered" sa-session reply "$request" decline
like "$(cat err)" "lost already" "with these words"
done_testing
