# shellcheck shell=bash
# For tests of sessions, after ". tap.sh":
#   field FILTER               jq -r            state SESSION    its state
#   db SQL                     in the default store
#   op FOLDER TYPE LINE        what a supervisor says to one op, its line of that type
#   folder_of SESSION          the folder of its supervisor's socket
#   status_of SESSION          what its supervisor says about itself
#   kill_supervisor SESSION    kill -9, and wait until it is no more

field() { jq -r "$1"; }
state() { sa-session show "$1" | field .state; }
db() { sqlite3 -cmd ".timeout 5000" "$XDG_STATE_HOME/sandbox-agent/store.db" "$1"; }
folder_of() { db "select socket_dir from servers where key=(select server_key from sessions where id='$1')"; }
op() {
	(cd "$1" && perl -MIO::Socket::UNIX -e '
		my $s = IO::Socket::UNIX->new("sock") or die;
		print $s "$ARGV[1]\n";
		while (<$s>) { if (/"type":"$ARGV[0]"/) { print; last } }' "$2" "$3")
}
status_of() { op "$(folder_of "$1")" status '{"op":"status","ref":1}'; }
kill_supervisor() {
	local pid
	pid=$(sa-session show "$1" | field .supervisorPid)
	kill -9 "$pid"
	wait_until 5 is_dead "$pid"
}
