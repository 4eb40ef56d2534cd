#!/usr/bin/env bash
# What an agent sees of the environment that its session is started from.
. "$(dirname "$0")/tap.sh"
printf '#!/bin/sh\nenv >"%s/seen"\nexec sa-mock-agent\n' "$T" >agent
chmod +x agent
export DATABASE_URL=secret PGPASSWORD=secret OPENAI_API_KEY=secret SANDBOX_AGENT_TOKEN=secret GREETING=before
export SSH_AUTH_SOCK=/socket HTTPS_PROXY=http://127.0.0.1:9 VIRTUAL_ENV=/venv MY_APP_MODE=quiet
begin() { ok "$1" sa-session new --agent-command "$T/agent" "${@:2}"; }
sees() { grep -c "^$1=" seen || true; }

begin "a session is made" --env NAMED=yes --env GREETING=after
is "$(sees DATABASE_URL) $(sees PGPASSWORD) $(sees MY_APP_MODE)" "0 0 0" "what nobody names is not seen"
is "$(sees OPENAI_API_KEY) $(sees SANDBOX_AGENT_TOKEN)" "0 0" "nor another provider's key, nor the server's token"
is "$(grep -c secret seen || true)" 0 "under no name"
is "$(sees SANDBOX_AGENT_HIDE_ENV)" 0 "nor what there is to hide"
is "$(sees PATH) $(sees HOME) $(sees LC_ALL) $(sees TMPDIR) $(sees XDG_STATE_HOME)" "1 1 1 1 1" "what programs need is"
is "$(sees SSH_AUTH_SOCK) $(sees HTTPS_PROXY) $(sees VIRTUAL_ENV)" "1 1 1" "ssh's agent, proxies, tool chains are"
is "$(grep '^NAMED=\|^GREETING=' seen | sort)" $'GREETING=after\nNAMED=yes' "--env is, in place of what was there"

begin "with --env for a name that is hidden otherwise" --env DATABASE_URL=public
is "$(grep '^DATABASE_URL=' seen)" DATABASE_URL=public "it is seen"
export SANDBOX_AGENT_PASS_ENV='DATABASE_URL MY_APP_*'
begin "with SANDBOX_AGENT_PASS_ENV"
is "$(sees DATABASE_URL) $(sees MY_APP_MODE) $(sees PGPASSWORD)" "1 1 0" "those names are seen too"
unset SANDBOX_AGENT_PASS_ENV
export SANDBOX_AGENT_ENV=inherit
begin "with SANDBOX_AGENT_ENV=inherit"
is "$(sees PGPASSWORD) $(sees OPENAI_API_KEY) $(sees SANDBOX_AGENT_TOKEN)" "1 0 0" "all are, but for keys and our own"
unset SANDBOX_AGENT_ENV

mkdir -p "$XDG_CONFIG_HOME/sandbox-agent/agents.d"
echo "{\"command\":[\"$T/agent\"],\"keys\":[\"OPENAI_API_KEY\"],\"passes\":[\"MY_APP_*\"],\"env\":{\"TELEMETRY\":\"0\"}}" \
	>"$XDG_CONFIG_HOME/sandbox-agent/agents.d/mine.json"
ok "an agent with a record of its own" sa-session new --agent mine
is "$(sees OPENAI_API_KEY) $(sees MY_APP_MODE) $(sees DATABASE_URL) $(sees TELEMETRY)" "1 1 0 1" \
	"gets its keys, what the record passes, and its switches"

# Whoever speaks the reference's protocol sets agents up by the server's environment.
acp() {
	local body='{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1}}'
	echo "{\"ref\":1,\"op\":\"acp.post\",\"params\":{\"serverId\":\"$1\",\"agent\":\"mine\"},\"body\":$body}" |
		sa-session filter
}
export GROQ_API_KEY=secret HF_TOKEN=secret AWS_SECRET_ACCESS_KEY=secret QUEUE=amqp://me:secret@host/q PLACE=http://host:8080/a@b
ok "an agent by /v1/acp" acp one
is "$(sees GREETING) $(sees PLACE) $(sees GROQ_API_KEY) $(sees SANDBOX_AGENT_TOKEN)" "1 1 0 0" "sees all of it but for keys and our own"
is "$(sees HF_TOKEN) $(sees PGPASSWORD) $(sees AWS_SECRET_ACCESS_KEY) $(sees QUEUE)" "0 0 0 0" "and what is a secret by its name or value"
export SANDBOX_AGENT_PASS_ENV=HF_TOKEN
ok "with SANDBOX_AGENT_PASS_ENV" acp passed
is "$(sees HF_TOKEN) $(sees PGPASSWORD)" "1 0" "it gets what that names"
unset SANDBOX_AGENT_PASS_ENV
export SANDBOX_AGENT_ENV=minimal
ok "with SANDBOX_AGENT_ENV=minimal" acp two
is "$(sees DATABASE_URL)" 0 "it does not"
done_testing
