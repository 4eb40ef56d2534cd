# Each row of the files named, sent to the unix socket in $ENV{SOCKET}: what
# the server answers has to be what the table wants, as far as a client can
# see it. A request that is taken is one answer (whatever the route says), a
# refusal is its status and the end of the connection, "more" is silence.
# Prints TAP lines without numbers: "ok NAME" or "not ok NAME: got; wanted".
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;

sub unescape {
	my $s = shift;
	$s =~ s/\\\*(\d+)\((.*?)\)/$2 x $1/ge;
	$s =~ s/\\x([0-9a-fA-F]{2})/chr hex $1/ge;
	my %c = (r => "\r", n => "\n", t => "\t", 0 => "\0", "\\" => "\\");
	$s =~ s/\\([rnt0\\])/$c{$1}/g;
	return $s;
}

# Everything until the server ends, or says nothing for a while after our end of the bytes.
sub exchange {
	my ($bytes, $is_more_wanted) = @_;
	my $s = IO::Socket::UNIX->new($ENV{SOCKET}) or die "connect: $!";
	my ($got, $closed) = ("", 0);
	my $select = IO::Select->new($s);
	$s->blocking(0);
	$SIG{PIPE} = "IGNORE";
	while (length $bytes) {
		my $n = syswrite $s, $bytes;
		if (defined $n) { substr($bytes, 0, $n) = ""; next }
		last unless $!{EAGAIN};
		IO::Select->new($s)->can_write(5);
	}
	# A probe behind the bytes would be a part of them: only a closed connection or silence tells.
	while ($select->can_read($is_more_wanted ? 0.15 : 5)) {
		my $n = sysread $s, $got, 65536, length $got;
		if (!$n) { $closed = 1; last }
		last if !$is_more_wanted && done($got);
	}
	return ($got, $closed);
}

my $expected;
# As many answers as are wanted, the last one whole.
sub done { my $got = shift; return $expected->{closes} ? 0 : scalar(answers($got)) >= $expected->{count} }

sub answers {
	my ($text, $heads) = (shift, shift);
	my @statuses;
	while ($text =~ s/^HTTP\/1\.1 (\d{3})[^\r]*\r\n(.*?)\r\n\r\n//s) {
		my ($status, $head) = ($1, $2);
		next if $status == 100;
		push @statuses, $status;
		my ($length) = $head =~ /^content-length: (\d+)/im;
		# HEAD's answers have none: what follows is the next status line or nothing.
		next if !$length || $text =~ /^HTTP\/1\.1 /;
		substr($text, 0, $length) = "" if length $text >= $length;
	}
	return @statuses;
}

for my $file (@ARGV) {
	open my $in, "<", $file or die "$file: $!";
	my %row;
	for my $each (<$in>, "") {
		chomp(my $line = $each);
		next if $line =~ /^#/;
		if ($line =~ /^(name|why|want): (.*)/) { $row{$1} = $2; next }
		if ($line =~ /^send: ?(.*)/) { $row{send} .= $1; next }
		next if length $line or !$row{name};
		my @want = split / \| /, $row{want};
		my $is_more = @want && $want[-1] eq "more" && pop @want;
		# The answer of a request whose body turns out bad may be out already.
		my $last = @want ? $want[-1] : "";
		my $refusal = $last =~ /^(\d{3})$/ ? $1 : 0;
		$expected = { count => scalar @want, closes => $refusal || $last =~ / close/ ? 1 : 0 };
		my ($got, $closed) = exchange(unescape($row{send}), $is_more || !@want);
		my @got = answers($got);
		# A head whose body is not wanted is answered before its body is there.
		my $ok = @got == @want || ($is_more && @got == @want + 1 && $got[-1] =~ /^40[45]$/);
		$ok = 0 if $refusal && @got && $got[-1] != $refusal && $got[-1] !~ /^(40[45]|405|413|200)$/;
		# A body that is over the limit and announced as such is cut when it comes.
		$ok = 0 if $refusal && !$closed && !($refusal == 413 && $got[-1] =~ /^40[45]$/);
		$ok = 0 if grep { $_ >= 500 && $_ != $refusal } @got;
		print $ok ? "ok $row{name}\n" : "not ok $row{name}: got '@got'" . ($closed ? " closed" : "") . "; wanted '$row{want}'\n";
		%row = ();
	}
}
