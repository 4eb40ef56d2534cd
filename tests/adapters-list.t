#!/usr/bin/env bash
# session/list and session/delete of the adapters for agents that keep a file for each session: Claude Code, Pi, Amp.
. "$(dirname "$0")/tap.sh"
need jq
export CLAUDE_CONFIG_DIR=$T/claude PI_CODING_AGENT_DIR=$T/pi XDG_DATA_HOME=$T/data

id() { printf '%08d-0000-4000-8000-000000000000' "$1"; }
# A session of each agent: NUMBER FOLDER TITLE; the higher the number, the newer.
claude_file() { echo "$CLAUDE_CONFIG_DIR/projects/${2//\//-}/$(id "$1").jsonl"; }
claude_text() { jq -nc --arg cwd "$2" --arg t "$3" '{type:"user",cwd:$cwd,message:{role:"user",content:"first words"}}, {type:"summary",summary:$t}'; }
pi_file() { echo "$PI_CODING_AGENT_DIR/sessions/f/2026_$(id "$1").jsonl"; }
pi_text() { jq -nc --arg id "$(id "$1")" --arg cwd "$2" --arg t "$3" '{type:"session",id:$id,cwd:$cwd}, {type:"message",message:{role:"user",content:[{type:"text",text:$t}]}}'; }
amp_file() { echo "$XDG_DATA_HOME/amp/threads/T-$(id "$1").json"; }
amp_text() { jq -nc --arg cwd "$2" --arg t "$3" '{title:$t,env:{initial:{trees:[{uri:"file://\($cwd)"}]}},messages:[]}'; }
keep() { # AGENT NUMBER FOLDER TITLE
	local file
	file=$("$1_file" "${@:2}")
	mkdir -p "${file%/*}"
	"$1_text" "${@:2}" >"$file"
	touch -d "2026-01-01 00:00:00 UTC + $2 seconds" "$file"
}
call() { # AGENT METHOD PARAMS: its answer
	printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' "$2" "$3" | "sa-acp-$1"
}
listed() { jq -r '.result | (.sessions[] | "\(.sessionId) \(.cwd) \(.title) \(.updatedAt)"), (.nextCursor // "-")'; }

long=$(printf 'ä%.0s' {1..100})
for agent in claude pi amp; do
	prefix=
	[ $agent != amp ] || prefix=T-
	is "$(call $agent session/list '{}' | listed)" "-" "$agent: nothing is there yet"
	keep $agent 1 /a "the oldest"
	keep $agent 2 /b "of another folder"
	keep $agent 3 /a "$long"
	broken=$($agent"_file" 4 /a)
	echo "no JSON" >"$broken"
	ln -s "$($agent"_file" 1 /a)" "$($agent"_file" 5 /a)"
	is "$(call $agent session/list '{}' | listed | cut -d' ' -f1,2)" \
		"$(printf '%s\n' "$prefix$(id 3) /a" "$prefix$(id 2) /b" "$prefix$(id 1) /a" -)" "$agent: newest first, without what is no record"
	is "$(call $agent session/list '{"cwd":"/b"}' | listed)" "$prefix$(id 2) /b of another folder 2026-01-01T00:00:02.000Z"$'\n-' "$agent: those of a folder"
	is "$(call $agent session/list '{}' | jq -r '.result.sessions[0].title | utf8bytelength')" 120 "$agent: a long title is cut"
	like "$(call $agent session/list '{"cursor":"x"}')" '"code":-32602' "$agent: a cursor that is none is refused"
done

rm "$(amp_file 4)" "$(amp_file 5)"
# Copies of one, told apart by their names.
for i in {10..115}; do cp -p "$(amp_file 1)" "$(amp_file "$i")"; done
is "$(call amp session/list '{}' | jq -c '[(.result.sessions | length), .result.nextCursor]')" '[100,"100"]' "a page holds 100, and names the next"
is "$(call amp session/list '{"cursor":"100"}' | jq -c '[(.result.sessions | length), .result.nextCursor]')" '[9,null]' "which is the last"

for agent in claude pi; do
	gone="{\"sessionId\":\"$(id 1)\"}"
	is "$(call $agent session/delete "$gone" | jq -c .result)" '{}' "$agent: one is deleted"
	not_ok "$agent: its file, too" test -e "$($agent"_file" 1 /a)"
	like "$(call $agent session/delete "$gone")" 'has no such session' "$agent: not twice"
	like "$(call $agent session/delete '{"sessionId":"../../etc/passwd"}')" 'has no such session' "$agent: a path is no session"
	ok "$agent: the others are there" test -e "$($agent"_file" 2 /b)"
done
like "$(call amp session/delete "{\"sessionId\":\"T-$(id 1)\"}")" '"code":-32601' "amp cannot delete"
done_testing
