#!/usr/bin/env bash
# scripts/deploy: each provider, up to a server that answers and down again; what fails leaves nothing that costs.
. "$(dirname "$0")/tap.sh"
need python3 jq curl perl setsid timeout

deploy() { "$TOP/scripts/deploy/$1" "${@:2}"; }
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "0.0.0.0", Listen => 1)->sockport'; }
field() { jq -r "$1" "$T/up"; }
server_answers() { # with the token, and not without
	[ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(field .token)" "$(field .url)/v1/sessions")" = 200 ] &&
		[ "$(curl -s -o /dev/null -w '%{http_code}' "$(field .url)/v1/sessions")" = 401 ]
}
silent() { ! curl -s -o /dev/null --max-time 2 "$(field .url)/v1/health"; }
ledger=$XDG_STATE_HOME/sandbox-agent/deploy/ledger.jsonl

mkdir cloud
start python3 "$TOP/tests/deploy/providers.py" "$T/cloud"
wait_until 10 test -s cloud/port || exit 1
cloud=http://127.0.0.1:$(cat cloud/port)
export E2B_API_KEY=e2b-key E2B_API_URL=$cloud/e2b E2B_SANDBOX_URL=$cloud/e2b E2B_DEBUG=1
export DAYTONA_API_KEY=daytona-key DAYTONA_API_URL=$cloud/daytona
export VERCEL_TOKEN=vercel-key VERCEL_TEAM_ID=team VERCEL_PROJECT_ID=project VERCEL_API_URL=$cloud/vercel
export CLOUDFLARE_BRIDGE_URL=$cloud/cloudflare SANDBOX_API_KEY=bridge-key
trap 'for p in local e2b daytona vercel cloudflare; do deploy $p down --all || :; done >/dev/null 2>&1; tap_cleanup' EXIT

for provider in local e2b daytona vercel cloudflare; do
	unset SANDBOX_AGENT_TOKEN
	ok "$provider: up" deploy "$provider" up --ttl 600 --port "$(free_port)"
	cp out up
	is "$(field .provider)" "$provider" "... prints what it made"
	ok "... with a token of its own" test "$(field .token | wc -c)" -gt 60
	ok "... that the server wants" server_answers
	ok "... and when it will end" jq -e '.expiresAt > now + 500 and .expiresAt < now + 601' up
	ok "... the ledger has it" sh -c "'$TOP/scripts/deploy/$provider' list | jq -e --arg id '$(field .id)' 'select(.id == \$id).expiresAt'"
	ok "gc leaves it alone" deploy "$provider" gc
	ok "... it answers still" server_answers
	ok "down" deploy "$provider" down "$(field .id)"
	ok "... and it is silent" wait_until 10 silent
	is "$(deploy "$provider" list)" "" "... and out of the ledger"
	ok "down once more is no error" deploy "$provider" down "$(field .id)"
	export SANDBOX_AGENT_TOKEN=0123456789abcdef0123456789abcdef
	ok "a token of the caller's" deploy "$provider" up --ttl 600 --port "$(free_port)"
	cp out up
	is "$(field .token)" "$SANDBOX_AGENT_TOKEN" "... is the server's"
	# Its time is over: the ledger is told so.
	jq -c '.expiresAt = (if .expiresAt then 1 else null end)' "$ledger" >l && cp l "$ledger"
	ok "gc" deploy "$provider" gc
	ok "... ends what is over its time" wait_until 10 silent
	is "$(deploy "$provider" list)" "" "... and notes it"
	not_ok "a time that is none" deploy "$provider" up --ttl never
	status 2 "a verb that is none" deploy "$provider" sideways
done
unlike "$(cat "$ledger")" "$SANDBOX_AGENT_TOKEN|-key" "no secret is in the ledger"
is "$(stat -c %a "$ledger")" 600 "... and it is its owner's"

# Commands that do nothing: the sandbox is ended again, since it would cost.
touch cloud/hang
for provider in e2b daytona vercel; do
	: >cloud/asked
	status 1 "$provider: no health" env SANDBOX_AGENT_HEALTH_SECONDS=2 "$TOP/scripts/deploy/$provider" up --ttl 600 --port "$(free_port)"
	ok "... it is ended" grep -q ^DELETE cloud/asked
	is "$(deploy "$provider" list)" "" "... and nothing is left in the ledger"
done
rm cloud/hang
touch cloud/fault
: >cloud/asked
status 1 "daytona: a sandbox that does not start" deploy daytona up --ttl 600 --port "$(free_port)"
like "$(cat err)" "is error: no room" "... is told at once, with the reason"
ok "... and it is ended" grep -q ^DELETE cloud/asked
rm cloud/fault
status 1 "a wrong key" env E2B_API_KEY=wrong "$TOP/scripts/deploy/e2b" up
like "$(cat err)" "401" "... is told"
unlike "$(cat err)" "wrong\"" "... without the key"
status 2 "no key" env -u E2B_API_KEY "$TOP/scripts/deploy/e2b" up
like "$(cat err)" "E2B_API_KEY is needed" "... is told"
status 1 "no daemon" env DOCKER_SOCKET="$T/none" "$TOP/scripts/deploy/docker" up
like "$(cat err)" "is the daemon running" "... is told"
# timeout(1) keeps the time of what is here.
ok "local: a few seconds" deploy local up --ttl 5 --port "$(free_port)"
cp out up
ok "... and it has ended by itself" wait_until 20 silent
done_testing
