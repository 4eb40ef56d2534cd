#!/usr/bin/env bash
# Terminals: over a WebSocket as the server hands it over, and in a real terminal (tmux).
. "$(dirname "$0")/tap.sh"
need jq perl

ws() { perl -e 'require "'"$TOP"'/tests/websocket.pl"; $| = 1;'"$1" "${@:2}"; }
tty_id() { sa-process start --tty "$@" | jq -r .id; }
state() { sa-process show "$1" --json | jq -r '[.status, (.exitCode // .signal // "")] | join(" ")'; }
text() { sa-process logs "$1" --text; }
sees() { text "$1" | grep -q "$2"; }

one=$(tty_id -- sh -c 'tty; stty size; echo "TERM=$TERM"; read x; echo "got <$x>"; exit 9')
wait_until 5 sees "$one" TERM=
like "$(text "$one")" $'^/dev/pts/[0-9]+\r\n24 80\r\nTERM=xterm-256color\r$' "a process has a terminal of 80 by 24 and a TERM"
like "$(ws 'my $w = ws_attach(@ARGV); print join(" ", ws_frame($w)), "\n"; print ws_until($w, qr/TERM=/)' "$one")" \
	'^1 \{"type":"ready","processId":"'"$one"'"\}'$'\n''/dev/pts.*TERM=xterm' "ready comes first, then what was printed before"
out=$(ws 'my $w = ws_attach(@ARGV); ws_text($w, q({"type":"input","data":"a line\n"})); print ws_word($w, "exit"), "|";
	my @close = ws_frame($w); print "$close[0] ", length $close[1], "|", $w->{out}; ws_send($w, 8, ""); print "|", defined ws_frame($w) ? "more" : "end"' "$one")
like "$out" '\{"type":"exit","exitCode":9\}\|8 0\|.*got <a line>.*\|end$' "input arrives, the exit is told, the socket closes without a code"
unlike "$(text "$one" | tail -1)" "error" "no false error is at the end"
is "$(state "$one")" "exited 9" "and the record agrees"
like "$(ws 'my $w = ws_attach(@ARGV); print ws_word($w, "exit"), $w->{out}' "$one")" 'exitCode":9.*got <a line>' "an exited one shows what it was and its end"

# Two viewers, junk, sizes.
cat=$(tty_id -- sh -c 'stty -echo; echo ready; exec cat')
wait_until 5 sees "$cat" ready
is "$(ws 'my ($a, $b) = (ws_attach(@ARGV), ws_attach(@ARGV)); ws_text($a, q({"type":"input","data":"c2hhcmVkCg==","encoding":"base64"}));
	my $seen = ws_until($a, qr/shared\r/) && ws_until($b, qr/shared\r/); ws_text($b, q({"type":"input","data":"screen\n","encoding":"utf8"}));
	print ws_until($a, qr/screen\r/) eq ws_until($b, qr/screen\r/) ? "same" : "different"' "$cat")" \
	same "two viewers see and type the same"
for frame in 'not json' '[]' '{}' '{"type":"dance"}' '{"type":"input"}' '{"type":"input","data":7}' '{"type":"input","data":"!","encoding":"base64"}' \
	'{"type":"input","data":"x","encoding":"hex"}' '{"type":"resize","cols":0,"rows":24}' '{"type":"resize","cols":80}' '{"type":"resize","cols":80,"rows":65536}'; do
	like "$(ws 'my ($id, $frame) = @ARGV; my $w = ws_attach($id); ws_text($w, $frame); print ws_word($w, "error");
		ws_text($w, q({"type":"input","data":"still here\n"})); print " ", ws_until($w, qr/still here/) =~ /(still here)/' "$cat" "$frame")" \
		'"message":.* still here$' "forgiven: $frame"
done
like "$(ws 'my $w = ws_attach(@ARGV); ws_send($w, 2, "bytes"); print ws_word($w, "error")' "$cat")" 'text frames' "a binary frame is told"
like "$(ws 'my $w = ws_attach(@ARGV); ws_text($w, q({"type":"input","data":") . "x" x 65537 . q("})); print ws_word($w, "error")' "$cat")" 'more than 65536' "too much input too"
is "$(ws 'my $w = ws_attach(@ARGV); ws_text($w, "x" x 600000); while (my ($o, $p) = ws_frame($w)) { if ($o == 8) { print unpack("n", $p); last } }' "$cat")" 1009 "a frame beyond all measure ends the socket"
is "$(ws 'my $w = ws_attach(@ARGV); ws_send($w, 3, "x"); while (my ($o, $p) = ws_frame($w)) { if ($o == 8) { print unpack("n", $p); last } }' "$cat")" 1002 "so does a frame of no kind"
is "$(ws 'my $w = ws_attach(@ARGV); ws_send($w, 1, q({"type":"in), 0); ws_send($w, 9, "p"); ws_send($w, 0, q(put","data":"in pieces\n"})); print ws_until($w, qr/in pieces/) =~ /(in pieces)/' "$cat")" \
	"in pieces" "a message in fragments with a ping between is one"
is "$(ws 'my $w = ws_attach(@ARGV); ws_send($w, 9, "hello"); while (my ($o, $p) = ws_frame($w)) { if ($o == 10) { print $p; last } }' "$cat")" hello "a ping is answered"
ws 'my $w = ws_attach(@ARGV); ws_text($w, q({"type":"resize","cols":123,"rows":45})); ws_text($w, q({"type":"close"})); while (ws_frame($w)) {}' "$cat"
is "$(state "$cat")" "running " "a close frame ends the socket, not the process"
is "$(stty size -F "/proc/$(sa-process show "$cat" --json | jq .pid)/fd/0")" "45 123" "a resize frame counts"
ok "resize by hand" sa-process resize "$cat" 77 33
is "$(stty size -F "/proc/$(sa-process show "$cat" --json | jq .pid)/fd/0")" "33 77" "counts too"
printf '\x81\x9d\0\0\0\0{"type":"input","data":"pre"}' >early
like "$(ws 'open my $f, "<", "early"; require Fcntl; fcntl($f, 2, 0); my $w = ws_attach($ARGV[0], "--preread-fd", fileno $f); ws_text($w, q({"type":"input","data":"read\n"})); print ws_until($w, qr/preread/)' "$cat")" \
	preread "bytes that came before us count"
sa-process kill "$cat" >/dev/null
like "$(ws 'my $w = ws_attach(@ARGV); print ws_word($w, "exit")' "$cat")" '"exitCode":null,"signal":"SIGKILL"' "a killed one has no code but a signal"
pipe=$(sa-process start -- cat | jq -r .id)
status 4 "a process without a terminal is refused" sa-process attach --websocket "$pipe"
status 3 "an unknown one too" sa-process attach --websocket nope
ok "its input can be ended, as end-of-file by its key" sh -c "sa-process start --tty -- cat | jq -r .id >eof && sa-process input --close \$(cat eof) </dev/null"
ok "which ends cat" wait_until 5 eval '[ "$(state "$(cat eof)")" = "exited 0" ]'
closed=$(sa-process start --tty -- sh -c 'exec <&- >&- 2>&-; sleep 0.3; exit 3' | jq -r .id)
ok "one that closes its terminal is not ended by that" wait_until 5 eval '[ "$(state "$closed")" = "exited 3" ]'

# What the terminal was asked before is not asked again; all else is shown as it was.
ask=$(tty_id -- sh -c 'stty raw -echo; printf "a\033[6nb\033[cc\033]11;?\007d\033[>0qe\033P\$qm\033\\\\f\033[?1049h\033]0;title\007\033[1;31mred\033[18tg\005h\033[?u\033[5 qend\033[6n"; exec cat')
wait_until 5 sees "$ask" end
is "$(ws 'my $w = ws_attach(@ARGV); print ws_until($w, qr/end/)' "$ask" | cat -v)" 'abcdef^[[?1049h^[]0;title^G^[[1;31mredgh^[[5 qend^[7^[[r^[8' \
	"questions are left out of the scrollback"
is "$(ws 'my $w = ws_attach(@ARGV); ws_until($w, qr/end/); ws_text($w, q({"type":"input","data":"\u001b[6nlive"})); print ws_until($w, qr/live/)' "$ask" | cat -v | sed 's/.*end^\[7^\[\[r^\[8//')" \
	'^[[6nlive' "but live ones are passed on"
is "$(ws 'my $w = ws_attach(@ARGV, "--scrollback", 10); print ws_until($w, qr/live/)' "$ask" | cat -v)" 'live' "the scrollback has a limit, in whole entries"

# Nothing is lost, however much and however slowly it is read.
flood=$(tty_id -- sh -c 'stty raw -echo; printf R; read x; yes 0123456789abcde | head -c 30000000; printf E')
is "$(ws 'my $w = ws_attach(@ARGV); ws_until($w, qr/R/); ws_text($w, q({"type":"input","data":"\n"})); my ($n, $bad, $end, $rest) = (0, 0, 0, "");
	while (my ($o, $p) = ws_frame($w)) { last if $o == 8; next if $o != 2; $rest .= $p; $n += length $p; $end = 1 if $p =~ /E$/;
	$rest =~ s/^(?:0123456789abcde\n)+//; $bad = 1 if length $rest > 64; select undef, undef, undef, 0.0005 if rand() < 0.2 } print "$n $bad $end"' "$flood")" \
	"30000001 0 1" "a flood arrives whole, log limit or not"
is "$(ws 'my $slow = ws_attach(@ARGV); ws_word($slow, "ready"); print -s "/dev/null" ? "" : "ok"' "$flood")" ok "a viewer may leave at any time"
log=$(du -sb "$XDG_STATE_HOME/sandbox-agent/processes/$flood" | cut -f1)
ok "and the log stayed within its bound ($log)" test "$log" -lt 13000000

# A viewer that stands still is not waited for, and is told.
still=$(tty_id -- sh -c 'stty raw -echo; printf R; read x; head -c 30000000 /dev/zero; printf E')
like "$(ws 'my $still = ws_attach(@ARGV); ws_until($still, qr/R/); my $w = ws_attach(@ARGV); ws_text($w, q({"type":"input","data":"\n"})); print ws_word($w, "exit") =~ /exitCode":0/, " ";
	print ws_word($still, "error"), ws_word($still, "exit")' "$still")" '^1 .*bytes of output were dropped.*exitCode":0' "one that stands still holds nobody up for ever, and hears of what it missed"

# A person at a terminal.
if command -v tmux >/dev/null; then
	t() { tmux -f /dev/null -S "$T/tmux" "$@"; }
	screen() { t capture-pane -p -t x; }
	shows() { screen >"$T/screen" && grep -q "$1" "$T/screen"; }
	start tmux -f /dev/null -S "$T/tmux" -D
	wait_until 5 test -S "$T/tmux"
	PS1='$ ' t new-session -d -s x -x 90 -y 20 sh
	wait_until 5 shows '^[#$]'
	t send-keys -t x "PATH='$PATH' XDG_STATE_HOME='$XDG_STATE_HOME'; export PATH XDG_STATE_HOME; clear; echo re\"ady\"" Enter
	wait_until 5 shows '^ready'
	t send-keys -t x 'sa-process start --tty --attach -- sh -c "stty size; echo begin; exec sh"' Enter
	ok "a terminal starts attached" wait_until 10 shows '^begin'
	ok "as large as ours" shows '^20 90'
	t send-keys -t x 'echo in"side"' Enter
	ok "keys reach it" wait_until 5 shows '^inside'
	t resize-window -t x -x 70 -y 25
	t send-keys -t x 'stty size' Enter
	ok "it follows our size" wait_until 5 shows '^25 70'
	t send-keys -t x "sh -c \"trap 'echo interrupted; exit' INT; echo waiting; while :; do sleep 0.05; done\"" Enter
	wait_until 5 shows '^waiting'
	t send-keys -t x C-c
	ok "an interrupt goes to it, not to us" wait_until 5 shows '\^Cinterrupted'
	t send-keys -t x 'C-]'
	ok "the key detaches, and how to come back is told" wait_until 5 shows '^\[detached; back with'
	t send-keys -t x 'echo out"side"; stty -a | grep -o " -\?icanon"' Enter
	ok "keys are for us again" wait_until 5 shows '^outside'
	ok "and our terminal is as it was" wait_until 5 shows '^ icanon'
	inside=$(sa-process list --json | jq -r 'select(.command == "sh" and .status == "running" and (.args[1] // "" | startswith("stty size"))).id')
	t send-keys -t x "clear; sa-process attach --detach-key ctrl-q $inside; echo \"status \$?\"" Enter
	ok "attaching again shows the screen" wait_until 5 shows '^inside'
	t send-keys -t x 'exit 3' Enter
	ok "its end is ours, with its status" wait_until 5 shows '^status 3'
	if command -v vim >/dev/null; then
		seq -f 'line %g' 100 >lines
		vim=$(tty_id -- vim -u NONE -N "$T/lines")
		wait_until 5 sees "$vim" 'line 23'
		t send-keys -t x "clear; sa-process attach $vim" Enter
		ok "a program that fills the screen fills ours" wait_until 5 shows '^line 24'
		t send-keys -t x 'C-]'
		wait_until 5 shows 'back with'
		t resize-window -t x -x 60 -y 30
		t send-keys -t x "clear; sa-process attach $vim" Enter
		ok "whatever the size when we come back" wait_until 5 shows '^line 29'
		t send-keys -t x ':q' Enter
	else
		skip "a full-screen program survives a reconnect" "vim is not there"
	fi
	t kill-server
else
	skip "attach in a real terminal" "tmux is not there"
fi
printf 'one\ntwo\n' | sa-process attach "$(sa-process start -- sh -c 'cat; exit 5' | jq -r .id)" >piped || rc=$?
is "$(cat piped) ${rc:-0}" $'one\ntwo 5' "attach in a pipeline passes input on and takes the status"
done_testing
