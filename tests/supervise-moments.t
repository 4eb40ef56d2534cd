#!/usr/bin/env bash
# Moments that a random kill -9 seldom meets, made to come.
. "$(dirname "$0")/tap.sh"
need jq perl setsid
export SANDBOX_AGENT_CGROUP=0

# --- the guard is killed while it asks what is left to end ---
# Left is a process in a session of its own that answers SIGTERM by killing the guard, and lives on.
cat >program <<'SH'
#!/usr/bin/env bash
setsid bash -c 'trap "kill -9 $1" TERM; echo $$ >left.new; mv left.new left; while :; do sleep 600 & wait $!; done' - $PPID &
while [ ! -e left ]; do sleep 0.02; done
SH
chmod +x program

leaves_nothing() { # NAME COMMAND...
	local name=$1
	rm -f left
	shift
	"$@" >out 2>err || true
	ok "$name leaves nothing behind" wait_until 10 is_dead "$(cat left)"
	kill -9 "$(cat left)" 2>/dev/null || true
}
leaves_nothing "the supervisor of an agent" sa-supervise --server-id mine --agent mine --cwd "$T" -- ./program
leaves_nothing "the supervisor of a process" sa-keep --cwd "$T" -- ./program

# --- something is for a program that has just ended, which its supervisor has not heard of yet ---
# The supervisor stands still meanwhile, and hears of the client's bytes first when it goes on.
cat >late <<'PL'
use IO::Socket::UNIX;
my ($sock, $supervisor, $program, $end, $bytes) = @ARGV;
my $state = sub { open(my $f, "<", "/proc/$_[0]/stat") or return ""; (my $s = <$f> // "") =~ s/.*\) //; substr($s, 0, 1) };
my $until = sub { for (1 .. 3000) { return if $_[0]->(); select(undef, undef, undef, 0.01) } die "it does not come\n" };
my $s = IO::Socket::UNIX->new(Peer => $sock) or die "$sock: $!\n";
print $s "{\"op\":\"none\"}\n"; $s->flush; <$s>;
kill("STOP", $supervisor); $until->(sub { $state->($supervisor) eq "T" });
print $s $bytes; $s->flush;
system($end); $until->(sub { $state->($program) =~ /^[ZX]?$/ });
kill("CONT", $supervisor);
print while <$s>;
PL

session=$(sa-session new --agent mock --id late)
read -r supervisor agent < <(sa-session show late | jq -r '"\(.supervisorPid) \(.agentPid)"')
sock=$(find "$XDG_STATE_HOME/sandbox-agent/run" "$XDG_RUNTIME_DIR" -name sock | head -n 1)
op=$(jq -c '{op: "send", ref: 7, payload: {jsonrpc: "2.0", id: 1, method: "session/prompt",
	params: {sessionId: .agentSessionId, prompt: [{type: "text", text: "say hello"}]}}}' <<<"$session")
ok "a prompt for an agent that has just died" timeout 60 perl late "$sock" "$supervisor" "$agent" "kill -9 $agent" "$op"$'\n'
is "$(jq -r 'select(.ref == 7 and .type == "answer") | .payload.error.data.kind' "$T/out")" agent_process_exited "is answered"
is "$(sa-session show late | jq -r .state)" interrupted "and the session is settled"

id=$(sa-process start --cwd "$T" -- sh -c 'while [ ! -e ended ]; do sleep 0.02; done; exit 3' | jq -r .id)
folder=$XDG_STATE_HOME/sandbox-agent/processes/$id
ok "input for a process that has just ended" timeout 60 perl late "$folder/sock" \
	"$(jq .supervisorPid "$folder/status.json")" "$(jq .pid "$folder/status.json")" "touch $T/ended" $'{"op":"input","bytes":5}\nhello'
is "$(sa-process show "$id" --json | jq -c '[.status, .exitCode]')" '["exited",3]' "does not cost the record of its end"
done_testing
