# shellcheck shell=bash
# For tests of sa-serve, behind tests/tap.sh:
#   serve [OPTION ...]     one on a free port; its address in $base, port in $port, pid in $server
#   GET|POST|PUT|DELETE PATH [CURL-OPTION ...]    status in $code, head in $T/head, body on stdout
#   json BODY              curl options for a JSON body, as an array: "${json[@]}"
#   with_sdk               the official SDK in $T/node_modules, out of build/sdk or from npm; false: it cannot be had
#   raw FILE               bytes to the server's unix socket or port, whole answer out
# shellcheck disable=SC2034

json=(-H 'content-type: application/json')

serve_listens() { base=$(sed -n 's/^sa-serve: listening on \(http:.*\)$/\1/p' "$T/serve.err") && [ -n "$base" ]; }

serve() {
	: >"$T/serve.err"
	start bash -c 'exec sa-serve --port "${SERVE_PORT:-0}" "$@" 2>"$T/serve.err"' serve "$@"
	server=$started
	wait_until 5 serve_listens || { cat "$T/serve.err" >&2; exit 1; }
	port=${base##*:}
}
export T

ask() { # METHOD PATH [CURL-OPTION ...]
	code=$(curl -s -o "$T/body" -D "$T/head" -w '%{http_code}' --max-time 20 -X "$1" "${@:3}" "$base$2") || code="curl:$?"
	code=${code##*$'\n'}
	tr -d '\r' <"$T/head" >"$T/head.txt"
}
GET() { ask GET "$@"; }
POST() { ask POST "$@"; }
PUT() { ask PUT "$@"; }
DELETE() { ask DELETE "$@"; }
body() { cat "$T/body"; }
field() { jq -r "$1" <"$T/body"; }
header() { sed -n "s/^$1: //Ip" "$T/head.txt"; }

rpc() { # SERVER-ID MESSAGE [QUERY]: posted
	POST "/v1/acp/$1${3:-}" "${json[@]}" -d "$2"
}
message() { # METHOD [PARAMS [ID]]
	jq -nc --arg m "$1" --argjson p "${2:-null}" --argjson i "${3:-1}" '{jsonrpc:"2.0",id:$i,method:$m,params:$p}'
}
# A server with a session; its agent's id of it is in $agent_session.
acp_session() { # SERVER-ID
	rpc "$1" "$(message initialize '{"protocolVersion":1}')" '?agent=mock'
	rpc "$1" "$(message session/new '{"cwd":"/","mcpServers":[]}' 2)"
	agent_session=$(field .result.sessionId)
}
prompt() { # TEXT [ID]: a session/prompt message for $agent_session
	jq -nc --arg s "$agent_session" --arg t "$1" --argjson i "${2:-9}" \
		'{jsonrpc:"2.0",id:$i,method:"session/prompt",params:{sessionId:$s,prompt:[{type:"text",text:$t}]}}'
}

db() { sqlite3 "$XDG_STATE_HOME/sandbox-agent/store.db" "$1"; }
# Living processes of this test, whatever their parent (our folder is in their environment): pid and
# name, one a line. Of a command line others may have the words too, of a name not.
ours() {
	grep -lzs "^XDG_STATE_HOME=$XDG_STATE_HOME\$" /proc/[0-9]*/environ | sed 's,/environ$,,' | while read -r folder; do
		sed "s,^,${folder#/proc/} ," "$folder/comm" 2>/dev/null || true
	done
}
count_of() { ours | grep -c " $1\$" || true; } # NAME, 15 bytes of it
children_of() { pgrep -P "$1" | wc -l; }
open_files() { find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l; }
resident_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
is_number() { [ "$("${@:2}")" = "$1" ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }

with_sdk() {
	local from=$TOP/build/sdk
	command -v node >/dev/null && command -v npm >/dev/null || return 1
	if [ ! -d "$from/node_modules/sandbox-agent" ]; then
		from=$T/sdk
		npm install --prefix "$from" --no-audit --no-fund --ignore-scripts --omit=optional --silent sandbox-agent@0.4.2 >"$T/npm.out" 2>&1 || return 1
	fi
	ln -s "$from/node_modules" "$T/node_modules"
}
