#!/usr/bin/env bash
# scripts/deploy and our stand-in (tests/deploy/providers.py) against what the providers publish. Out of npm, each in one
# version: E2B's, Daytona's and Vercel's clients do what the recipes do, and are asked for nothing more; the types that were
# made of their APIs' OpenAPI descriptions fit what was said; Cloudflare's bridge itself serves the recipe. And Prism stands
# between recipe and stand-in with the description of an API: Cloudflare's is in its package, E2B's comes out of its types;
# copies of the others are named by SA_DAYTONA_OPENAPI with SA_DAYTONA_TOOLBOX_OPENAPI, and SA_VERCEL_OPENAPI.
user_npmrc=$HOME/.npmrc
. "$(dirname "$0")/tap.sh"
need node npm python3 jq curl perl setsid timeout
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || skip_all "Node is older than 20"

packages='@cloudflare/sandbox 0.12.10 sha512-245s6xEdR1v0Jti0YYd8ORWcTG/f/ksjJfpubvnbky0KxFC/ZDOpbpNKdtyiRBYZqmJGtEncYW7Cwge47tDrpg==
@daytonaio/api-client 0.220.0 sha512-TzLyNOVYdoCDt+wcV2mz8lXX9KHSV826Sl9ThpT54scm0GpSnYrfPNAJdYorunnZDWMR5CDcKCdRfFriOfCqwA==
@daytonaio/toolbox-api-client 0.161.0 sha512-9l97IndmxZUKe/CvMImhPtGcikUMUGl4kKerWIwhw2FjDD85oktnix2W32NioW46mq9GK/vJEyV3yHDZeRB2jA==
@stoplight/prism-cli 5.16.0 sha512-lkkchTfCVwRjo4GC/lDOK4dFZ8Sxggw4O0V5lpiIKPHRpm1MFnLDsjA55PuP5EZHcmV0jpcQn/qVBOoN2YRVtg==
@vercel/sandbox 3.5.0 sha512-BZjrOiPImL9o3mvFanEZYCEV8YLhtpAzxJa9PuweZBkIXSbdsD1tBytx42a3/0nJOHpCYMHBrBNNqD8nklzY1A==
@vercel/sdk 1.28.35 sha512-+htFlMraI28WZffhYFMe68JspTwA9v0QD5IcEaMmDBShJLlvxw0M8mo/vUiUkAu/v3Gp8XrXIOVWanP8/wAdyQ==
e2b 2.51.0 sha512-P+50lx1nOYpgCFyE1xuz6JVN/TqJivMUiH7v+RW0CUSfb4+NCu8IkC5KruT2sNPgp6aexddQQ77+OZKGpZZJ+Q==
typescript 5.9.3 sha512-jl1vZzPDinLr9eUt3J/t7V6FgNEw9QjvBPdysz9KfQDD41fQrC2Y4vKQdiaUpFT4bXlb1RHhLpp8wtm6M5TgSw=='
mkdir npm cloud bridge
from_npm() {
	NPM_CONFIG_USERCONFIG=${NPM_CONFIG_USERCONFIG:-$user_npmrc} timeout 150 npm --loglevel=error --fetch-retry-mintimeout=2000 "$@" >npm.out 2>&1 ||
		skip_all "the providers' packages cannot be had from npm: $(head -2 npm.out | tr '\n' ' ')"
}
# Asked first: an install takes minutes to give up.
from_npm view --fetch-retries=1 typescript@5.9.3 version
# shellcheck disable=SC2046
from_npm install --prefix npm --no-audit --no-fund --ignore-scripts --omit=peer $(awk '{print $1 "@" $2}' <<<"$packages")
is "$(jq -r '.packages | to_entries[] | [(.key | sub("^node_modules/"; "")), .value.version, .value.integrity] | join(" ")' npm/package-lock.json |
	grep -cxF "$packages")" 8 "the packages are those that were looked at"
cp "$TOP"/tests/deploy/*.mjs npm/

free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "0.0.0.0", Listen => 1)->sockport'; }
start python3 "$TOP/tests/deploy/providers.py" "$T/cloud"
start sh -c 'exec node npm/bridge.mjs serve "$1/bridge" >bridge.log 2>&1' sh "$T"
wait_until 30 test -s cloud/port -a -s bridge/port || { cat bridge.log >&2; exit 1; }
cloud=http://127.0.0.1:$(cat cloud/port)
export E2B_API_KEY=e2b-key E2B_SANDBOX_URL=$cloud/e2b E2B_DEBUG=1 DAYTONA_API_KEY=daytona-key
export VERCEL_TOKEN=vercel-key VERCEL_TEAM_ID=team VERCEL_PROJECT_ID=project SANDBOX_API_KEY=bridge-key

recipe() { # PROVIDER ADDRESS-OF-ITS-API VERB...
	env E2B_API_URL="$2" DAYTONA_API_URL="$2" VERCEL_API_URL="$2" CLOUDFLARE_BRIDGE_URL="$2" "$TOP/scripts/deploy/$1" "${@:3}"
}
from_up_to_down() { # PROVIDER ADDRESS WHERE
	trap 'recipe '"$1 $2"' down --all >/dev/null 2>&1 || :; tap_cleanup' EXIT
	ok "$1, $3: up" recipe "$1" "$2" up --ttl 600 --port "$(free_port)"
	cp out up
	is "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(jq -r .token up)" "$(jq -r .url up)/v1/sessions")" 200 "... its server answers"
	ok "... down" recipe "$1" "$2" down "$(jq -r .id up)"
	is "$(recipe "$1" "$2" list)" "" "... and out of the ledger"
}

# What of the first file's questions is in none of the second's: method, path, members and their kinds, without names.
strangers() { # FILE FILE
	jq -rn --slurpfile ours "$1" --slurpfile theirs "$2" '
		def shape: {method, path: (.path | gsub("s?[dev][a-z2-7]{25}"; "ID") | gsub("/[0-9]{4,5}/"; "/PORT/") | split("?") | .[0] + "?" + ((.[1] // "") | split("&") | sort | join("&"))),
			members: ([.asked | .. |= (if type == "object" or type == "array" then . else type end) | paths(strings) as $p |
				($p | map(if type == "number" then 0 else . end) | join(".")) + ": " + getpath($p)] | unique)};
		[$theirs[] | shape] as $known | $ours[] | shape | . as $q |
		select([$known[] | select(.method == $q.method and .path == $q.path and ($q.members - .members) == [])] == [])'
}
for provider in e2b daytona vercel; do
	rm -f cloud/said
	from_up_to_down "$provider" "$cloud/$provider" "as it is tested"
	mv cloud/said "$provider.said"
	ok "... its own client can do with our stand-in" node npm/clients.mjs "$provider" "$cloud/$provider"
	mv cloud/said "$provider.client"
	is "$(strangers "$provider.said" "$provider.client")" "" "... and asks what the recipe asks"
done
jq -c 'if .asked.timeout then .asked.secret = "no" else . end' e2b.said >wrong
like "$(strangers wrong e2b.client)" secret "(a member that the client does not have would be told)"
from_up_to_down cloudflare "http://127.0.0.1:$(cat bridge/port)" "its bridge"

# JSON is TypeScript: each question and each answer is a constant of its published type.
cat >types.jq <<'END'
def kinds: if .provider == "e2b" then
		if .path == "/v2/sandboxes" then ["E2b[\"NewSandboxV2\"]", "E2b[\"Sandbox\"]"] else empty end
	elif .path | test("^/sandbox$") then ["api.CreateSandbox", "api.Sandbox"]
	elif .path | test("^/sandbox/[^/]+$") then [null, "api.Sandbox"]
	elif .path | endswith("/preview-url") then [null, "api.PortPreviewUrl"]
	elif .path | endswith("/process/session") then ["toolbox.CreateSessionRequest", null]
	elif .path | endswith("/exec") then ["toolbox.SessionExecuteRequest", "toolbox.SessionExecuteResponse"]
	elif .path | test("/cmd[?]") then [null, "{ command: SessionCommand }"]
	elif .path | test("^/v2/sandboxes[?]") then [null, "{ sandbox: NamedSandbox; session: Session; routes: SandboxPublicRoute[] }"]
	elif .path | test("^/v2/sandboxes/[^/]+[?]") then [null, "DeleteSandboxResponseBody"]
	else error("of which type is " + .path + "?") end;
"import type { components } from \"e2b\"; import type * as api from \"@daytonaio/api-client\"; import type * as toolbox from \"@daytonaio/toolbox-api-client\";",
("NamedSandbox Session SessionCommand SandboxPublicRoute DeleteSandboxResponseBody/deletesandboxop" | split(" ")[] | split("/") |
	"import type { \(.[0]) } from \"@vercel/sdk/models/\(.[1] // (.[0] | ascii_downcase)).js\";"),
"type E2b = components[\"schemas\"];",
(to_entries[] | .key as $n | .value | kinds as [$asked, $answered] |
	(if $asked then "export const q\($n): \($asked) = \(.asked);" else empty end),
	(if $answered then "export const a\($n): \($answered) = \(.answered);" else empty end))
END
jq -rsf types.jq e2b.said daytona.said vercel.said >npm/said.ts
typed() { npm/node_modules/.bin/tsc --noEmit --strict --skipLibCheck --module nodenext --target es2022 "$1"; }
is "$(grep -c '^export' npm/said.ts)" 14 "E2B, Daytona and Vercel: questions and answers"
ok "... are of the published types" typed npm/said.ts
sed 's/"ttlMinutes":/"minutes":/' npm/said.ts >npm/wrong.ts
not_ok "(a member that is none would be told)" typed npm/wrong.ts

front() { # DESCRIPTION UPSTREAM: Prism before it, its address in $front
	front=http://127.0.0.1:$(free_port)
	start sh -c 'exec "$@" >>prism.log 2>&1' sh npm/node_modules/.bin/prism proxy "$1" "$2" --errors -h 127.0.0.1 -p "${front##*:}"
	wait_until 60 curl -s -o /dev/null "$front/" || { cat prism.log >&2; exit 1; }
}
code() { # HEADER PATH BODY
	curl -s -o said -w '%{http_code}' -H "$1" -H 'content-type: application/json' -d "$3" "$front$2"
}
described() { # PROVIDER DESCRIPTION HEADER WRONG-PATH WRONG-BODY: through Prism, which must refuse the wrong one
	local refused
	[ -n "$2" ] || { skip "$1, as it is described" "no variable names its description"; return; }
	: >prism.log
	front "$2" "$cloud/$1"
	refused=$(code "$3" "$4" "$5")
	[[ $refused != 40[45] ]] || { skip "$1, as it is described" "this description is older than POST $4"; return; }
	like "$refused" '^4(00|22)$' "$1: Prism refuses what is not as described"
	from_up_to_down "$1" "$front" "as it is described"
	unlike "$(cat prism.log)" 'Violation: response' "... no answer of the stand-in is unlike it"
}
node npm/bridge.mjs openapi >cloudflare.json
described cloudflare cloudflare.json 'Authorization: Bearer bridge-key' /v1/sandbox/aaaa/exec '{"argv":"true"}'
ok "E2B: its types tell what its API's description tells" node npm/openapi.mjs npm/node_modules/e2b/dist/index.d.ts
cp out e2b.json
described e2b "${SA_E2B_OPENAPI:-e2b.json}" 'X-API-Key: e2b-key' /v2/sandboxes '{"templateID":"base","timeout":"long"}'
if [ -n "${SA_DAYTONA_TOOLBOX_OPENAPI:-}" ]; then
	# It is told from inside of a sandbox; the proxy before it puts the name in front.
	sed 's#^  /#  /{sandboxId}/#' "$SA_DAYTONA_TOOLBOX_OPENAPI" >toolbox.yaml
	front toolbox.yaml "$cloud/daytona/toolbox"
	echo "$front" >cloud/toolbox
	like "$(code 'Authorization: Bearer daytona-key' /x/process/session '{}')" '^4(00|22)$' "daytona's toolbox: Prism refuses what is not as described"
fi
described daytona "${SA_DAYTONA_OPENAPI:-}" 'Authorization: Bearer daytona-key' /sandbox '{"ttlMinutes":"long","cpu":"many"}'
if [ -n "${SA_VERCEL_OPENAPI:-}" ]; then
	# As published it wants of who starts a command the id of a command, which is the next route's: no client of theirs has one.
	jq '.paths |= with_entries(select(.key | startswith("/v2/sandboxes")))
		| .paths["/v2/sandboxes/sessions/{sessionId}/cmd"].post.parameters |= map(select(.name != "cmdId"))' "$SA_VERCEL_OPENAPI" >vercel.json
fi
described vercel "${SA_VERCEL_OPENAPI:+vercel.json}" 'Authorization: Bearer vercel-key' '/v2/sandboxes?teamId=team' '{"timeout":"long"}'
done_testing
