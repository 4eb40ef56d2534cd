#!/usr/bin/env bash
# An agent that has closed its input in the middle of a turn, and lives on.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 perl

cat >agent <<'EOF'
#!/bin/sh
read -r line
echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1}}'
read -r line
echo '{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s"}}'
read -r line
exec <&-
exec sleep 600
EOF
chmod +x agent
start sa-supervise --server-id deaf --agent mine --prompt-limit 200ms --cancel-grace 200ms --ready-fd 3 -- "$T/agent" 3>ready
supervisor=$started
wait_until 20 test -s ready
cat >client.pl <<'EOF'
use IO::Socket::UNIX;
my $s = IO::Socket::UNIX->new("sock") or die;
$s->autoflush(1);
sub op { print $s qq({"op":$_[0]}\n); while (<$s>) { return $_ if /"type":"(answer|settled|problem|bye)"/ } "" }
sub rpc { qq("send","ref":$_[0],"payload":{"jsonrpc":"2.0","id":$_[0],"method":"$_[1]","params":$_[2]}) }
op('"tie","ref":9');
op(rpc(1, "initialize", '{"protocolVersion":1}'));
op(rpc(2, "session/new", '{"cwd":"/","mcpServers":[]}'));
print op(rpc(3, "session/prompt", '{"sessionId":"s","prompt":[]}'));
EOF
folder=$(db "select socket_dir from servers where id='deaf'")
(cd "$folder" && exec timeout 30 perl "$T/client.pl") >answer || true
is "$(jq -r '"\(.ref) \(.payload.error != null)"' <answer)" "3 true" "its turn ends at the limit all the same"
ok "and the supervisor with it" wait_until 20 is_dead "$supervisor"
done_testing
