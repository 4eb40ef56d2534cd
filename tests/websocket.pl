# A WebSocket client for tests: require it, then
#   my $w = ws_attach("proc_1", OPTIONS...)  runs "sa-process attach --websocket" on a socket pair
#   ws_send($w, opcode, bytes [, fin])       ws_text($w, json text)
#   ws_frame($w)                             (opcode, payload) of the next frame; () at the end
#   ws_until($w, qr/.../)                    reads until the terminal's output matches; the output
#   ws_word($w, "exit")                      reads until a text frame of that type; its text
use strict;
use warnings;
use Socket;

$SIG{PIPE} = "IGNORE";
alarm 60; # what does not come by then will not come

sub ws_attach {
	my ($id, @options) = @_;
	socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, 0) or die "socketpair: $!";
	my $pid = fork();
	if (!$pid) {
		close $ours;
		open STDIN, "<&", $theirs;
		open STDOUT, ">&", $theirs;
		exec "sa-process", "attach", "--websocket", @options, "--", $id;
	}
	close $theirs;
	binmode $ours;
	return {fd => $ours, pid => $pid, in => "", out => ""};
}

sub ws_send {
	my ($w, $opcode, $bytes, $fin) = @_;
	my $n = length $bytes;
	my $length = $n < 126 ? pack("C", 0x80 | $n) : $n < 65536 ? pack("Cn", 0xfe, $n) : pack("CQ>", 0xff, $n);
	my $frame = pack("C", (($fin // 1) ? 0x80 : 0) | $opcode) . $length . "\x01\x02\x03\x04";
	my $mask = "\x01\x02\x03\x04" x (1 + $n / 4);
	$frame .= $bytes ^ substr($mask, 0, $n);
	while (length $frame) {
		my $done = syswrite($w->{fd}, $frame) // return 0;
		substr($frame, 0, $done) = "";
	}
	return 1;
}

sub ws_text { ws_send($_[0], 1, $_[1]) }

sub ws_fill { return sysread($_[0]{fd}, $_[0]{in}, 1 << 16, length $_[0]{in}) }

sub ws_frame {
	my ($w) = @_;
	while (1) {
		my $have = length $w->{in};
		if ($have >= 2) {
			my ($first, $n) = unpack("CC", $w->{in});
			my $head = $n == 126 ? 4 : $n == 127 ? 10 : 2;
			if ($have >= $head) {
				$n = unpack("n", substr($w->{in}, 2, 2)) if $n == 126;
				$n = unpack("Q>", substr($w->{in}, 2, 8)) if $n == 127;
				if ($have >= $head + $n) {
					my $payload = substr($w->{in}, $head, $n);
					substr($w->{in}, 0, $head + $n) = "";
					return ($first & 15, $payload);
				}
			}
		}
		ws_fill($w) or return ();
	}
}

sub ws_until {
	my ($w, $wanted) = @_;
	while ($w->{out} !~ $wanted) {
		my ($opcode, $payload) = ws_frame($w) or return "(end) $w->{out}";
		$w->{out} .= $payload if $opcode == 2;
	}
	return $w->{out};
}

sub ws_word {
	my ($w, $type) = @_;
	while (my ($opcode, $payload) = ws_frame($w)) {
		$w->{out} .= $payload if $opcode == 2;
		return $payload if $opcode == 1 && $payload =~ /"type":"$type"/;
	}
	return "(end)";
}

1;
