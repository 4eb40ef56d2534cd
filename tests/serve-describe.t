#!/usr/bin/env bash
# What sa-serve tells about itself: /openapi.json is the table of routes, /metrics counts.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need jq curl

document=$TOP/cmd/sa-serve/openapi.json
ok "openapi.json is JSON" jq -e . "$document"
sa-serve --dump-routes | cut -f 1,2 | sort -u >routes
jq -r '.paths | to_entries[] | .key as $path | .value | keys[] | "\(ascii_upcase)\t\($path)"' "$document" | sort >described
is "$(comm -23 routes described)" "" "each route is described"
is "$(comm -13 routes described)" "" "nothing else is described"
is "$(jq -r '.paths[][] | .operationId' "$document" | sort | uniq -d)" "" "no operation has another's name"
# Only a name in a query or a header can be a parameter of a stream's words.
sa-serve --dump-routes >dumped
like "$(cat dumped)" 'follow=true' "a route has conditions"
ok "conditions are parameters" jq -e \
	'.paths["/v1/processes/{id}/logs"].get.parameters | any(.name == "follow")' "$document"

install_linter() { npm install --prefix "$T/lint" --no-audit --no-fund --ignore-scripts --silent @redocly/openapi-core@1; }
if ! command -v npm >/dev/null; then
	skip "a linter finds nothing in openapi.json" "npm is not there"
elif ! install_linter >npm.out 2>&1; then
	skip "a linter finds nothing in openapi.json" "the linter cannot be had from npm"
else
	is "$(node "$TOP/tests/openapi-lint.mjs" "$T/lint" "$document" 2>&1)" "" "a linter finds nothing in openapi.json"
fi

# Bodies of our own routes: what is refused is all that is not described.
serve
for operation in $(jq -r '.paths | to_entries[] | select(.key | startswith("/v1/sessions")) | .key as $path | .value | to_entries[]
	| select(.value.requestBody.content["application/json"].schema.properties) | "\(.key | ascii_upcase):\($path)"' "$document"); do
	curl -s -X "${operation%%:*}" -H 'content-type: application/json' -d '{"_meta":{},"polcy":1}' "$base${operation#*:}" >got
	is "$(jq -r '.detail | capture("no member \"polcy\" here; known are (?<all>.*)").all | split(", ") - ["serverId"] | sort | join(" ")' got)" \
		"$(jq -r --arg verb "$(tr A-Z a-z <<<"${operation%%:*}")" --arg path "${operation#*:}" \
			'.paths[$path][$verb].requestBody.content["application/json"].schema.properties | keys - ["_meta"] | join(" ")' "$document")" \
		"$operation refuses a member that is not described"
done
kill "$server" && wait_until 5 is_dead "$server"

printf 's3cret\n' >token
serve --token-file token
metrics() { curl -s -H 'Authorization: Bearer s3cret' "$base/metrics"; }
sample() { metrics | sed -n "s/^$1 //p"; }
curl -s "$base/openapi.json" >got
ok "/openapi.json is that file, without a token" cmp got "$document"
is "$(curl -s -o /dev/null -w '%{http_code}' "$base/metrics")" 401 "/metrics wants the token"
like "$(curl -s -o /dev/null -w '%{content_type}' -H 'Authorization: Bearer s3cret' "$base/metrics")" "^text/plain; version=0.0.4$" "... and is Prometheus's text"
for _ in 1 2 3; do curl -s -H 'Authorization: Bearer s3cret' "$base/v1/health" >/dev/null; done
curl -s "$base/v1/health" >/dev/null
curl -s "$base/nowhere" >/dev/null
is "$(sample 'sandbox_agent_http_requests_total{method="GET",route="\/v1\/health",code="2xx"}')" 3 "requests are counted by route"
is "$(sample 'sandbox_agent_http_requests_total{method="",route="",code="4xx"}')" 3 "... refused ones too"
is "$(sample 'sandbox_agent_http_connections')" 1 "connections"
is "$(sample 'sandbox_agent_sessions{state="idle"}')" 0 "no session yet"
id=$(sa-session new --agent mock | jq -r .id)
is "$(sample 'sandbox_agent_sessions{state="idle"}')" 1 "sessions by state"
is "$(sample 'sandbox_agent_agent_connections{state="running"}')" 1 "agent connections by state"
before=$(sample sandbox_agent_events)
sa-session prompt "$id" "say hello" >/dev/null
ok "events grow" test "$(sample sandbox_agent_events)" -gt "$before"
is "$(sample sandbox_agent_store_lag_events)" 0 "nothing waits for the store"
is "$(sample sandbox_agent_store_up)" 1 "the store is up"
count=$(sample sandbox_agent_http_request_duration_seconds_count)
is "$(metrics | sed -n 's/^sandbox_agent_http_request_duration_seconds_bucket{le="+Inf"} //p')" $((count + 1)) "the histogram's last bucket is its count"
is "$(metrics | awk '/^#/ { if ($2 == "TYPE") type[$3] = 1; next } { name = $1; sub(/\{.*/, "", name); base = name; sub(/_(bucket|sum|count)$/, "", base)
	if (!(name in type) && !(base in type)) print name; if (NF != 2 || $2 !~ /^[0-9.]+$/) print "bad: " $0 }')" "" "each sample has its type and a number"
is "$(metrics | sed -n 's/^# TYPE \([^ ]*\).*/\1/p' | sort | uniq -d)" "" "no metric twice"
done_testing
