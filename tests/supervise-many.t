#!/usr/bin/env bash
# Many sessions at once, two clients with the same ids, and what those who wait are told when the agent dies.
#   STRESS_SESSIONS (32)   STRESS_PROMPTS (5 by a command each, then 50 over a connection)
. "$(dirname "$0")/tap.sh"
need jq perl
sessions=${STRESS_SESSIONS:-32} prompts=${STRESS_PROMPTS:-5}

folder_of() { # SESSION: where its supervisor listens
	local pid
	pid=$(sa-session show "$1" | jq .supervisorPid)
	dirname "$(grep -l "\"supervisorPid\":$pid[,}]" "$XDG_STATE_HOME"/sandbox-agent/run/*/status.json)"
}

# 32 sessions, each prompts again as soon as it is answered.
for ((i = 1; i <= sessions; i++)); do sa-session new --agent mock --id "s$i" >>records; done
is "$(jq -r .state records | sort | uniq -c | xargs)" "$sessions idle" "$sessions sessions are made"
turns() { # SESSION
	local n
	for ((n = 1; n <= prompts; n++)); do
		sa-session prompt "$1" "say $1-$n" --text >>"answers.$1" || return 1
	done
}
pids=()
for ((i = 1; i <= sessions; i++)); do
	turns "s$i" &
	pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
is "$failed" 0 "all of them prompt at once, and all are answered"
wrong=0
for ((i = 1; i <= sessions; i++)); do
	cmp -s "answers.s$i" <(for ((n = 1; n <= prompts; n++)); do echo "s$i-$n"; done) || wrong=$((wrong + 1))
done
is "$wrong" 0 "each has its own answers, in order"
# One client for all, so that only the supervisors and the store decide whose turn it is: by the time
# that one session has 50 answers, every other has had some.
for ((i = 1; i <= sessions; i++)); do
	echo "s$i $(sa-session show "s$i" | jq -r .agentSessionId) $(folder_of "s$i")"
done >list
least=$(timeout 120 perl -MIO::Socket::UNIX -MIO::Select -ane '
	chdir $F[2] or die; # the path may be too long for a socket
	my $s = IO::Socket::UNIX->new("sock") or die "$F[0]: $!";
	push @all, $s;
	$of{ fileno $s } = { id => $F[0], agent => $F[1], n => 0, text => "" };
	END {
		my $goal = 10 * ($ENV{STRESS_PROMPTS} // 5);
		sub prompt {
			my $c = $of{ fileno $_[0] };
			syswrite $_[0], qq({"op":"prompt","ref":1,"sessionId":"$c->{id}","payload":{"jsonrpc":"2.0","id":1,)
				. qq("method":"session/prompt","params":{"sessionId":"$c->{agent}","prompt":[{"type":"text","text":"say ok"}]}}}\n);
		}
		prompt($_) for @all;
		my $select = IO::Select->new(@all);
		for (;;) {
			for my $s ($select->can_read) {
				my $c = $of{ fileno $s };
				sysread($s, $c->{text}, 65536, length $c->{text}) or die "$c->{id}: gone";
				while ($c->{text} =~ s/^(.*)\n//) {
					my $line = $1;
					die $line if $line =~ /"type":"problem"/;
					next unless $line =~ /"type":"answer"/;
					if (++$c->{n} == $goal) { print((sort { $a <=> $b } map { $_->{n} } values %of)[0]); exit }
					prompt($s);
				}
			}
		}
	}' list)
ok "none starves (the last one has had $least answers)" test "$least" -gt 0
for ((i = 1; i <= sessions; i++)); do sa-session close "s$i" & done
wait
is "$(sa-session list --json | jq -r .state | sort | uniq -c | xargs)" "$sessions closed" "and all are closed"

# Two clients use the same JSON-RPC ids at the same time.
sa-session new --agent mock --id shared >record
folder=$(folder_of shared)
agent_id=$(jq -r .agentSessionId record)
client() { # WORD: 50 requests that the agent echoes, all sent before the first answer is read
	(cd "$folder" && perl -MIO::Socket::UNIX -e '
		my ($word, $n) = ($ARGV[0], 50);
		my $s = IO::Socket::UNIX->new("sock") or die;
		print $s qq({"op":"send","ref":$_,"payload":{"jsonrpc":"2.0","id":$_,"method":"x/echo","params":{"word":"$word$_"}}}\n)
			for 1 .. $n;
		$s->flush;
		while ($n && defined(my $line = <$s>)) {
			next unless $line =~ /"type":"answer"/;
			my ($ref) = $line =~ /"ref":(\d+)/;
			die "wrong: $line" unless $line =~ /"payload":\{.*"id":$ref\b/ && $line =~ /"word":"$word$ref"/;
			$n--;
		}
		exit($n ? 1 : 0)' "$1")
}
client left & left=$!
client right & right=$!
ok "a client gets the answers to its own requests" wait "$left"
ok "so does another that uses the same ids at the same time" wait "$right"
sa-session close shared

# Everybody who waits is told at once how the agent ended, with the end of its stderr.
sa-session new --agent mock --id dying >/dev/null
folder=$(folder_of dying)
agent_id=$(sa-session show dying | jq -r .agentSessionId)
(cd "$folder" && perl -MIO::Socket::UNIX -e '
	my $s = IO::Socket::UNIX->new("sock") or die;
	my $prompt = q("method":"session/prompt","params":{"sessionId":") . $ARGV[0] . q(","prompt":[{"type":"text","text":);
	print $s qq({"op":"send","ref":1,"payload":{"jsonrpc":"2.0","id":"a",$prompt"stderr first; stderr last words; daemon 1 keep; wait 60s"}]}}}\n);
	print $s qq({"op":"send","ref":2,"payload":{"jsonrpc":"2.0","id":7,$prompt"say never"}]}}}\n);
	$s->flush;
	my $n = 0;
	while (my $line = <$s>) {
		print $line if $line =~ /"type":"answer"/;
		last if ++$n && $line =~ /"type":"answer"/ && $line =~ /"ref":2/;
	}' "$agent_id") >told &
waiter=$!
wait_until 5 eval 'sa-events show dying --type agent_message_chunk | grep -q daemons'
kill -9 "$(sa-session show dying | jq .agentPid)"
wait "$waiter"
is "$(jq -c '[.ref, .payload.id, .payload.error.data.signal, .payload.error.data.code]' told | sort | xargs)" \
	'[1,a,9,null] [2,7,9,null]' "each waiting request is answered, with the signal"
is "$(jq -r .payload.error.data.stderr told | sort | uniq -c | xargs)" "2 first 2 last words" "and the end of stderr"
like "$(jq -r .payload.error.message told | head -1)" "killed by signal 9 .*: last words" "in words too"
is "$(sa-events show dying --jq 'select(.sender=="system" and .answers=="session/prompt") | .payload.error.data.signal' | xargs)" \
	"9 9" "which is in the record"
sa-session new --agent mock --id leaving >/dev/null
status 7 "an agent that exits by itself" sa-session prompt leaving "stderr bye; die 3"
like "$(cat err)" "exited with status 3: bye" "is told with its status"
done_testing
