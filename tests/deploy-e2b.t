#!/usr/bin/env bash
# scripts/deploy/e2b against E2B's own description of its API: Prism stands between the recipe and our stand-in, and refuses
# what the description does not have, questions and answers alike. SA_E2B_OPENAPI names a copy of spec/openapi.yml out of
# E2B's repository.
user_npmrc=$HOME/.npmrc
. "$(dirname "$0")/tap.sh"
[ -n "${SA_E2B_OPENAPI:-}" ] || skip_all "SA_E2B_OPENAPI names no copy of E2B's spec/openapi.yml"
need node npm python3 jq curl perl setsid timeout
NPM_CONFIG_USERCONFIG=${NPM_CONFIG_USERCONFIG:-$user_npmrc} npm install --prefix "$T/prism" --no-audit --no-fund --ignore-scripts \
	--silent @stoplight/prism-cli@5 >npm.out 2>&1 || skip_all "Prism cannot be had from npm"

free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "0.0.0.0", Listen => 1)->sockport'; }
recipe() { "$TOP/scripts/deploy/e2b" "$@"; }
mkdir cloud
start python3 "$TOP/tests/deploy/providers.py" "$T/cloud"
wait_until 20 test -s cloud/port || exit 1
cloud=http://127.0.0.1:$(cat cloud/port)/e2b
front=$(free_port)
start sh -c 'exec "$@" >prism.log 2>&1' sh prism/node_modules/.bin/prism proxy "$SA_E2B_OPENAPI" "$cloud" --errors -h 127.0.0.1 -p "$front"
export E2B_API_KEY=e2b-key E2B_API_URL=http://127.0.0.1:$front E2B_SANDBOX_URL=$cloud E2B_DEBUG=1
trap 'recipe down --all >/dev/null 2>&1; tap_cleanup' EXIT
listens() { curl -s -o /dev/null "$E2B_API_URL/"; }
wait_until 60 listens || { cat prism.log >&2; exit 1; }

code() { curl -s -o said -w '%{http_code}' -H 'X-API-Key: e2b-key' -H 'content-type: application/json' -d "$1" "$E2B_API_URL/sandboxes"; }
like "$(code '{"templateID":"base","timeout":"long"}')" "^4(00|22)$" "Prism refuses a time to live that is no number"
ok "up: what is asked and answered is as E2B describes it" recipe up --ttl 600 --port "$(free_port)"
cp out up
is "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(jq -r .token up)" "$(jq -r .url up)/v1/sessions")" 200 "... and its server answers"
ok "down" recipe down "$(jq -r .id up)"
is "$(recipe list)" "" "... and out of the ledger"
unlike "$(cat prism.log)" 'Violation: response' "no answer of the stand-in is unlike E2B's"
done_testing
