#!/usr/bin/env bash
# The folder of an agent whose supervisor was started by hand.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3 perl

cat >agent <<'END'
#!/bin/sh
read -r line
echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1}}'
echo '{"jsonrpc":"2.0","id":7,"method":"fs/read_text_file","params":{"path":"'"$(pwd -P)"'/text"}}'
read -r line
printf '%s\n' "$line" >heard.new && mv heard.new heard
sleep 600
END
chmod +x agent
folder() { db "select socket_dir from servers where id='$1'"; }
initialize() { # SERVER
	op "$(folder "$1")" answer '{"op":"send","hosts":true,"ref":1,"payload":{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1}}}'
}
mkdir here && cd here && echo inside >text
for words in "plain" "dot --cwd ."; do
	rm -f heard
	# shellcheck disable=SC2086
	start sa-supervise --server-id $words --agent mine --ready-fd 3 -- "$T/agent" 3>ready
	wait_until 20 test -s ready
	name=${words%% *}
	is "$(db "select cwd from servers where id='$name'")" "$(pwd -P)" "$name: the record has the whole name of the folder"
	initialize "$name" >/dev/null
	ok "$name: a request without a session is answered" wait_until 20 test -e heard
	is "$(field .result.content <heard)" inside "$name: out of that folder"
done
done_testing
