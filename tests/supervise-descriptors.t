#!/usr/bin/env bash
# More clients than a supervisor has descriptors for.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 perl

(
	ulimit -n 40
	exec sa-session new --agent mock --id few
) >/dev/null
cat >many.pl <<'EOF'
use IO::Socket::UNIX;
my @all;
for (1 .. 60) {
	my $s = IO::Socket::UNIX->new("sock") or die;
	$s->autoflush(1);
	push @all, $s;
}
my $last = $all[-1];
$_ = <$last>;
print;
EOF
folder=$(folder_of few)
(cd "$folder" && exec timeout 20 perl "$T/many.pl") >answer || true
is "$(jq -r .detail <answer)" "too many clients" "one that there is no descriptor for is told"
ok "when they have left, others are served" wait_until 20 eval '[ "$(status_of few | jq -r .life)" = running ]'
ok "and the agent works" sa-session prompt few "say x"
done_testing
