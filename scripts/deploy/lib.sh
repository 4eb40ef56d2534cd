# shellcheck shell=bash
# What the recipes beside this file share. A recipe sets "provider", defines create and destroy, and ends with
# "main "$@""; it is then a program:
#   up [--ttl SECONDS] [--port N]   make a sandbox, install, serve with a token, wait for health; prints
#                                   {"provider","id","url","token","headers","expiresAt"}
#   down ID | --all                 end it; one that is gone already is no error
#   list                            what the ledger says is there
#   gc                              end what has outlived its time, here and there
# Every sandbox has a time to live that its provider (or timeout(1)) keeps; the ledger knows it too, and has no secret.
# Variables: SANDBOX_AGENT_TOKEN (a random one), SANDBOX_AGENT_RELEASES and SANDBOX_AGENT_KEY (for install.sh, where
# the commands are not there yet), SANDBOX_AGENT_HEALTH_SECONDS (60), and those of the recipe.
# shellcheck disable=SC2034,SC2154
set -euo pipefail

ttl=3600 port=2468 headers='{}' socket='' auth=() url='' id=''
: "${SANDBOX_AGENT_HEALTH_SECONDS:=60}"
ledger=${XDG_STATE_HOME:-$HOME/.local/state}/sandbox-agent/deploy/ledger.jsonl

say() { printf '%s: %s\n' "deploy/$provider" "$*" >&2; }
fail() { say "$*"; exit 1; }
want() { # VARIABLE: it has to be set
	[ -n "${!1:-}" ] || { say "$1 is needed"; exit 2; }
}

note() { # EVENT ID [JSON]: one line, whole, in the ledger
	mkdir -p -m 700 "${ledger%/*}"
	(umask 077 && jq -nc --arg p "$provider" --arg e "$1" --arg id "$2" --argjson more "${3:-{\}}" \
		'{at: (now | floor), provider: $p, event: $e, id: $id} + $more' >>"$ledger")
}
alive() { # the last word on each sandbox of this provider, unless it is gone
	[ -f "$ledger" ] || return 0
	jq -sc --arg p "$provider" 'map(select(.provider == $p)) | group_by(.id)[] | (map(.expiresAt // empty) | last) as $x |
		last + {expiresAt: $x} | select(.event != "gone")' "$ledger"
}

# Secrets go to curl in a file that only it can read, never in its arguments.
api() { # METHOD URL [JSON]: the answer; fails with the provider's words
	local answer code
	answer=$(mktemp)
	code=$(curl -sS ${socket:+--unix-socket "$socket"} -o "$answer" -w '%{http_code}' --max-time 120 -X "$1" \
		--config <([ ${#auth[@]} -eq 0 ] || printf 'header = "%s"\n' "${auth[@]}") ${3:+-H 'content-type: application/json' --data-binary @-} "$2" <<<"${3:-}") ||
		{ rm -f "$answer"; fail "$1 $2: no answer"; }
	cat "$answer"
	if [[ $code != 2?? ]]; then
		say "$1 $2: $code $(head -c 400 "$answer")"
		rm -f "$answer"
		[ "$code" != 404 ] || return 44
		return 1
	fi
	rm -f "$answer"
}

# The line that a sandbox runs: install unless there, serve in the background. The token is in its environment.
bootstrap() {
	local from=${SANDBOX_AGENT_RELEASES:-} key=${SANDBOX_AGENT_KEY:-}
	printf 'set -e; PATH="$HOME/.local/bin:$PATH"; command -v sa-serve >/dev/null || '
	if [ -n "$from" ]; then
		printf 'curl -fsSL %q | sh -s -- --prefix "$HOME/.local" --from %q%s; ' "$from/install.sh" "$from" "${key:+ --key $key}"
	else
		printf '{ echo "sa-serve is not in this image, and SANDBOX_AGENT_RELEASES is not set" >&2; exit 1; }; '
	fi
	printf 'setsid sa-serve --host 0.0.0.0 --port %d >"$HOME/sa-serve.log" 2>&1 </dev/null & ' "$port"
}

wait_health() { # URL: until it answers with the token
	local deadline=$((SECONDS + SANDBOX_AGENT_HEALTH_SECONDS))
	until curl -sf -o /dev/null --max-time 5 --config <(
		printf 'header = "Authorization: Bearer %s"\n' "$SANDBOX_AGENT_TOKEN"
		jq -r 'to_entries[] | "header = \"\(.key): \(.value)\""' <<<"$headers"
	) "$1/v1/sessions"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.2
	done
}

up() {
	if [ -z "${SANDBOX_AGENT_TOKEN:-}" ]; then SANDBOX_AGENT_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n'); fi
	export SANDBOX_AGENT_TOKEN
	expires=$(($(date +%s) + ttl))
	# Whatever goes wrong from here on, what was created is ended again.
	trap '[ -z "$id" ] || { say "it does not work, so it is ended"; destroy "$id" >/dev/null && note gone "$id"; }' EXIT
	create
	wait_health "$url" || fail "$url does not answer within $SANDBOX_AGENT_HEALTH_SECONDS s"
	trap - EXIT
	jq -nc --arg p "$provider" --arg id "$id" --arg url "$url" --arg token "$SANDBOX_AGENT_TOKEN" --argjson h "$headers" \
		--argjson x "$expires" '{provider: $p, id: $id, url: $url, token: $token, headers: $h, expiresAt: $x}'
}
created() { # ID: the first thing to do with it
	id=$1
	note created "$id" "{\"expiresAt\":$expires}"
}

down() { # ID
	local rc=0
	destroy "$1" >/dev/null || rc=$?
	[ "$rc" -eq 0 ] || [ "$rc" -eq 44 ] || return 1
	note gone "$1"
}

main() {
	local verb=${1:-} one rc=0
	shift || true
	command -v jq >/dev/null && command -v curl >/dev/null || fail "curl and jq are needed"
	while [[ ${1:-} == --ttl || ${1:-} == --port ]]; do
		[[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { say "$1 wants a number"; exit 2; }
		if [ "$1" = --ttl ]; then ttl=$2; else port=$2; fi
		shift 2
	done
	case $verb in
	up)
		prepare
		up
		;;
	down)
		prepare
		[ $# -eq 1 ] || { say "down wants an ID, or --all"; exit 2; }
		if [ "$1" != --all ]; then down "$1"; exit; fi
		for one in $(alive | jq -r .id); do down "$one" || rc=1; done
		return $rc
		;;
	list) alive ;;
	gc)
		prepare
		for one in $(alive | jq -r 'select(.expiresAt <= now).id'); do
			if down "$one"; then say "ended $one"; else rc=1; fi
		done
		return $rc
		;;
	*)
		echo "usage: scripts/deploy/$provider up [--ttl SECONDS] [--port N] | down ID|--all | list | gc" >&2
		exit 2
		;;
	esac
}
