#!/usr/bin/env bash
# A story that goes on in two places: copies and bundles neither set it back, nor mix both, nor write over another.
. "$(dirname "$0")/tap.sh"
need jq sqlite3

in_store() { SANDBOX_AGENT_STORE=sqlite:$T/$1.db "${@:2}"; } # STORE COMMAND...
copy() { sa-store copy "sqlite:$T/$1.db" "sqlite:$T/$2.db"; }
mkdir "$T/elsewhere"
in_store a sa-session new --agent mock --id story --max-turns 9 >/dev/null
in_store a sa-session prompt story "say once" >/dev/null
in_store a sa-session close story
ok "a story is copied" copy a b
in_store a sa-store export story -o "$T/first.sab"
in_store c sa-store import "$T/first.sab" --cwd "$T/elsewhere" >/dev/null
for there in b c; do
	in_store $there sa-session resume story --max-turns 8 --cwd "$T/elsewhere" >/dev/null
	in_store $there sa-session prompt story "say here" >/dev/null
done
row() { in_store "$1" sa-session show story --json | jq -c '[.state, .cwd, .agentSessionId, .eventIndex, .supervisorPid]'; }
before=$(row b)
status 4 "one that runs there is not copied" copy a b
like "$(cat "$T/err")" "running there" "as is told"
is "$(row b)" "$before" "and goes on"
for there in b c; do in_store $there sa-session close story; done
before=$(row b)
status 0 "one that has gone on there" copy a b
is "$(row b)" "$before" "is not set back by a copy"
before=$(row c)
settings() { in_store c sa-session servers --all --json | jq -c .settings; }
wanted=$(settings)
status 0 "nor by its older bundle" in_store c sa-store import "$T/first.sab"
is "$(row c) $(settings)" "$before $wanted" "with what it was started with"
like "$wanted" "max-turns" "which is recorded"
in_store a sa-session resume story >/dev/null
in_store a sa-session prompt story "say otherwise; plan" >/dev/null
in_store a sa-session close story
in_store a sa-store export story -o "$T/second.sab"
in_store b sa-events show story >"$T/before"
status 4 "what has gone on in both places is not copied" copy a b
in_store b sa-events show story | cmp -s - "$T/before" && same=same || same=mixed
is "$same" same "nor mixed"
in_store c sa-events show story >"$T/before"
status 4 "nor is its bundle read" in_store c sa-store import "$T/second.sab"
in_store c sa-events show story | cmp -s - "$T/before" && same=same || same=mixed
is "$same" same "or mixed"
in_store d sa-session run --agent mock --id story "say another" >/dev/null
before=$(row d)
status 4 "another session of that name is not written over" copy a d
is "$(row d)" "$before" "and stays"
ok "a newer bundle goes on where an older one ended" eval 'in_store e sa-store import "$T/first.sab" >/dev/null && in_store e sa-store import "$T/second.sab" >/dev/null'
is "$(in_store e sa-events show story | wc -l)" "$(in_store a sa-events show story | wc -l)" "with all events"

echo mine >"$T/out.new"
in_store a sa-store export story -o "$T/out"
is "$(cat "$T/out.new") $(stat -c %a "$T/out")" "mine 600" "a bundle takes no other file's name meanwhile, and is for its user"
status 1 "a folder is no file for a bundle" in_store a sa-store export story -o "$T/elsewhere"
is "$(find "$T" -maxdepth 2 -name '.sa-tmp*')" "" "and nothing is left"

# --- what goes on meanwhile ---
# Whatever is written while it is exported, a bundle has no event behind the last that it tells of.
in_store a sa-session new --agent mock --id busy >/dev/null
in_store a sa-session prompt busy "flood 20000" --no-wait >/dev/null
ok "bundles of a session in a turn are whole" eval 'for i in 1 2 3; do in_store a sa-store export busy -o "$T/busy" && in_store "busy$i" sa-store import "$T/busy" >/dev/null || exit 1; done'
in_store a sa-session close busy
done_testing
