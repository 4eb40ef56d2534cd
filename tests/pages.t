#!/usr/bin/env bash
# sa-events(5) and sa-store(5) tell of every member and every column that there is.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/session-lib.sh"
need jq sqlite3

# The names that a page marks as variables.
names() { sed -n 's/^\.\(It \)\{0,1\}Va //p' "$TOP/man/$1" | tr -d ',;.' | tr ' ' '\n' | sort -u; }
missing() { sort -u | comm -23 - <(names "$1") | paste -sd' '; }

sa-session new --agent mock --id one >/dev/null
sa-session prompt one "title t; bad-utf8; noise x; permission a" --no-wait >/dev/null
sa-session wait one --until waiting >/dev/null
sa-session prompt one "say queued" --no-wait >queued
{ sa-session pending; sa-session queue list one; } >records
sa-session cancel one
sa-session wait one >/dev/null
{
	cat queued
	sa-session show one
	sa-events show one
	sa-session pending --all
	sa-session servers
	sa-session run --agent mock --json "say hi"
	sa-session list
	sa-session show nothing --json 2>&1 || true
} >>records
ok "there are records of all kinds" test "$(jq -rs '[.[] | keys] | add | unique | length' records)" -gt 30
is "$(jq -r 'keys[]' records | missing sa-events.5)" "" "sa-events(5) tells of every member"
db=$XDG_STATE_HOME/sandbox-agent/store.db
is "$(sqlite3 "$db" "select name from sqlite_master where type='table' and name not like 'sqlite_%'" | missing sa-store.5)" "" \
	"sa-store(5) tells of every table"
is "$(sqlite3 "$db" "select c.name from sqlite_master t, pragma_table_info(t.name) c where t.type='table' and t.name not like 'sqlite_%'" | missing sa-store.5)" "" \
	"and of every column"
done_testing
