# Completion for sandbox-agent and sa-*. Written by scripts/gen-completions: do not edit.
# shellcheck shell=bash disable=SC2034

declare -gA _sa_verbs=() _sa_options=() _sa_values=()
_sa_verbs[sa-credentials]=''
_sa_verbs[sa-credentials]+=' extract'
_sa_options[sa-credentials/extract]=''
_sa_options[sa-credentials/extract]+=' --json'
_sa_options[sa-credentials/extract]+=' --text'
_sa_options[sa-credentials/extract]+=' --help'
_sa_options[sa-credentials/extract]+=' --agent'
_sa_values[sa-credentials/extract/--agent]='@agents'
_sa_values[sa-credentials/extract/-a]='@agents'
_sa_options[sa-credentials/extract]+=' --provider'
_sa_values[sa-credentials/extract/--provider]=''
_sa_values[sa-credentials/extract/-p]=''
_sa_options[sa-credentials/extract]+=' --reveal'
_sa_options[sa-credentials/extract]+=' --home-dir'
_sa_values[sa-credentials/extract/--home-dir]='@directories'
_sa_values[sa-credentials/extract/-d]='@directories'
_sa_options[sa-credentials/extract]+=' --no-oauth'
_sa_options[sa-credentials/extract]+=' --run-helpers'
_sa_options[sa-credentials/extract]+=' --keyring'
_sa_options[sa-credentials/extract]+=' --vault'
_sa_values[sa-credentials/extract/--vault]='@files'
_sa_options[sa-credentials/extract]+=' --key-file'
_sa_values[sa-credentials/extract/--key-file]='@files'
_sa_options[sa-credentials/extract]+=' --passphrase-fd'
_sa_values[sa-credentials/extract/--passphrase-fd]=''
_sa_options[sa-credentials/extract]+=' --quiet'
_sa_options[sa-credentials/extract]+=' --token'
_sa_values[sa-credentials/extract/--token]=''
_sa_values[sa-credentials/extract/-t]=''
_sa_options[sa-credentials/extract]+=' --no-token'
_sa_verbs[sa-credentials]+=' extract-env'
_sa_options[sa-credentials/extract-env]=''
_sa_options[sa-credentials/extract-env]+=' --json'
_sa_options[sa-credentials/extract-env]+=' --text'
_sa_options[sa-credentials/extract-env]+=' --help'
_sa_options[sa-credentials/extract-env]+=' --export'
_sa_options[sa-credentials/extract-env]+=' --format'
_sa_values[sa-credentials/extract-env/--format]='sh fish json dotenv docker'
_sa_values[sa-credentials/extract-env/-f]='sh fish json dotenv docker'
_sa_options[sa-credentials/extract-env]+=' --agent'
_sa_values[sa-credentials/extract-env/--agent]='@agents'
_sa_values[sa-credentials/extract-env/-a]='@agents'
_sa_options[sa-credentials/extract-env]+=' --provider'
_sa_values[sa-credentials/extract-env/--provider]=''
_sa_values[sa-credentials/extract-env/-p]=''
_sa_options[sa-credentials/extract-env]+=' --home-dir'
_sa_values[sa-credentials/extract-env/--home-dir]='@directories'
_sa_values[sa-credentials/extract-env/-d]='@directories'
_sa_options[sa-credentials/extract-env]+=' --no-oauth'
_sa_options[sa-credentials/extract-env]+=' --run-helpers'
_sa_options[sa-credentials/extract-env]+=' --keyring'
_sa_options[sa-credentials/extract-env]+=' --vault'
_sa_values[sa-credentials/extract-env/--vault]='@files'
_sa_options[sa-credentials/extract-env]+=' --key-file'
_sa_values[sa-credentials/extract-env/--key-file]='@files'
_sa_options[sa-credentials/extract-env]+=' --passphrase-fd'
_sa_values[sa-credentials/extract-env/--passphrase-fd]=''
_sa_options[sa-credentials/extract-env]+=' --quiet'
_sa_options[sa-credentials/extract-env]+=' --token'
_sa_values[sa-credentials/extract-env/--token]=''
_sa_values[sa-credentials/extract-env/-t]=''
_sa_options[sa-credentials/extract-env]+=' --no-token'
_sa_verbs[sa-credentials]+=' status'
_sa_values[sa-credentials/status]='@agents'
_sa_options[sa-credentials/status]=''
_sa_options[sa-credentials/status]+=' --json'
_sa_options[sa-credentials/status]+=' --text'
_sa_options[sa-credentials/status]+=' --help'
_sa_options[sa-credentials/status]+=' --explain'
_sa_options[sa-credentials/status]+=' --home-dir'
_sa_values[sa-credentials/status/--home-dir]='@directories'
_sa_values[sa-credentials/status/-d]='@directories'
_sa_options[sa-credentials/status]+=' --no-oauth'
_sa_options[sa-credentials/status]+=' --run-helpers'
_sa_options[sa-credentials/status]+=' --keyring'
_sa_options[sa-credentials/status]+=' --vault'
_sa_values[sa-credentials/status/--vault]='@files'
_sa_options[sa-credentials/status]+=' --key-file'
_sa_values[sa-credentials/status/--key-file]='@files'
_sa_options[sa-credentials/status]+=' --passphrase-fd'
_sa_values[sa-credentials/status/--passphrase-fd]=''
_sa_verbs[sa-credentials]+=' exec'
_sa_values[sa-credentials/exec]='@files'
_sa_options[sa-credentials/exec]=''
_sa_options[sa-credentials/exec]+=' --json'
_sa_options[sa-credentials/exec]+=' --text'
_sa_options[sa-credentials/exec]+=' --help'
_sa_options[sa-credentials/exec]+=' --agent'
_sa_values[sa-credentials/exec/--agent]='@agents'
_sa_values[sa-credentials/exec/-a]='@agents'
_sa_options[sa-credentials/exec]+=' --provider'
_sa_values[sa-credentials/exec/--provider]=''
_sa_values[sa-credentials/exec/-p]=''
_sa_options[sa-credentials/exec]+=' --credentials'
_sa_values[sa-credentials/exec/--credentials]='@files'
_sa_values[sa-credentials/exec/-c]='@files'
_sa_options[sa-credentials/exec]+=' --keep'
_sa_values[sa-credentials/exec/--keep]=''
_sa_options[sa-credentials/exec]+=' --home-dir'
_sa_values[sa-credentials/exec/--home-dir]='@directories'
_sa_values[sa-credentials/exec/-d]='@directories'
_sa_options[sa-credentials/exec]+=' --no-oauth'
_sa_options[sa-credentials/exec]+=' --run-helpers'
_sa_options[sa-credentials/exec]+=' --keyring'
_sa_options[sa-credentials/exec]+=' --vault'
_sa_values[sa-credentials/exec/--vault]='@files'
_sa_options[sa-credentials/exec]+=' --key-file'
_sa_values[sa-credentials/exec/--key-file]='@files'
_sa_options[sa-credentials/exec]+=' --passphrase-fd'
_sa_values[sa-credentials/exec/--passphrase-fd]=''
_sa_options[sa-credentials/exec]+=' --quiet'
_sa_verbs[sa-credentials]+=' store'
_sa_values[sa-credentials/store]='set get list rm'
_sa_options[sa-credentials/store]=''
_sa_options[sa-credentials/store]+=' --json'
_sa_options[sa-credentials/store]+=' --text'
_sa_options[sa-credentials/store]+=' --help'
_sa_options[sa-credentials/store]+=' --vault'
_sa_values[sa-credentials/store/--vault]='@files'
_sa_options[sa-credentials/store]+=' --key-file'
_sa_values[sa-credentials/store/--key-file]='@files'
_sa_options[sa-credentials/store]+=' --passphrase-fd'
_sa_values[sa-credentials/store/--passphrase-fd]=''
_sa_options[sa-credentials/store]+=' --value-fd'
_sa_values[sa-credentials/store/--value-fd]=''
_sa_options[sa-credentials/store]+=' --provider'
_sa_values[sa-credentials/store/--provider]=''
_sa_values[sa-credentials/store/-p]=''
_sa_options[sa-credentials/store]+=' --kind'
_sa_values[sa-credentials/store/--kind]='api_key oauth bearer'
_sa_values[sa-credentials/store/-k]='api_key oauth bearer'
_sa_options[sa-credentials/store]+=' --expires'
_sa_values[sa-credentials/store/--expires]=''
_sa_verbs[sa-events]=''
_sa_verbs[sa-events]+=' follow'
_sa_values[sa-events/follow]='@sessions'
_sa_options[sa-events/follow]=''
_sa_options[sa-events/follow]+=' --json'
_sa_options[sa-events/follow]+=' --text'
_sa_options[sa-events/follow]+=' --help'
_sa_options[sa-events/follow]+=' --since'
_sa_values[sa-events/follow/--since]=''
_sa_options[sa-events/follow]+=' --tail'
_sa_values[sa-events/follow/--tail]=''
_sa_options[sa-events/follow]+=' --type'
_sa_values[sa-events/follow/--type]=''
_sa_options[sa-events/follow]+=' --jq'
_sa_values[sa-events/follow/--jq]=''
_sa_options[sa-events/follow]+=' --from-start'
_sa_options[sa-events/follow]+=' --all'
_sa_options[sa-events/follow]+=' --until'
_sa_values[sa-events/follow/--until]='turn-end end never'
_sa_verbs[sa-events]+=' list'
_sa_values[sa-events/list]='@sessions'
_sa_options[sa-events/list]=''
_sa_options[sa-events/list]+=' --json'
_sa_options[sa-events/list]+=' --text'
_sa_options[sa-events/list]+=' --help'
_sa_verbs[sa-events]+=' show'
_sa_values[sa-events/show]='@sessions'
_sa_options[sa-events/show]=''
_sa_options[sa-events/show]+=' --json'
_sa_options[sa-events/show]+=' --text'
_sa_options[sa-events/show]+=' --help'
_sa_options[sa-events/show]+=' --since'
_sa_values[sa-events/show/--since]=''
_sa_options[sa-events/show]+=' --tail'
_sa_values[sa-events/show/--tail]=''
_sa_options[sa-events/show]+=' --type'
_sa_values[sa-events/show/--type]=''
_sa_options[sa-events/show]+=' --jq'
_sa_values[sa-events/show/--jq]=''
_sa_verbs[sa-events]+=' export'
_sa_values[sa-events/export]='@sessions'
_sa_options[sa-events/export]=''
_sa_options[sa-events/export]+=' --json'
_sa_options[sa-events/export]+=' --text'
_sa_options[sa-events/export]+=' --help'
_sa_options[sa-events/export]+=' --format'
_sa_values[sa-events/export/--format]='markdown html jsonl'
_sa_verbs[sa-mock-agent]=''
_sa_values[sa-mock-agent/-]='acp'
_sa_options[sa-mock-agent/-]=''
_sa_options[sa-mock-agent/-]+=' --json'
_sa_options[sa-mock-agent/-]+=' --text'
_sa_options[sa-mock-agent/-]+=' --help'
_sa_options[sa-mock-agent/-]+=' --prompt'
_sa_values[sa-mock-agent/-/--prompt]=''
_sa_values[sa-mock-agent/-/-p]=''
_sa_options[sa-mock-agent/-]+=' --state'
_sa_values[sa-mock-agent/-/--state]='@directories'
_sa_options[sa-mock-agent/-]+=' --no-state'
_sa_verbs[sa-session]=''
_sa_verbs[sa-session]+=' new'
_sa_values[sa-session/new]='@sessions'
_sa_options[sa-session/new]=''
_sa_options[sa-session/new]+=' --json'
_sa_options[sa-session/new]+=' --text'
_sa_options[sa-session/new]+=' --help'
_sa_options[sa-session/new]+=' --agent'
_sa_values[sa-session/new/--agent]='@agents'
_sa_options[sa-session/new]+=' --agent-command'
_sa_values[sa-session/new/--agent-command]=''
_sa_options[sa-session/new]+=' --cwd'
_sa_values[sa-session/new/--cwd]='@directories'
_sa_options[sa-session/new]+=' --credentials'
_sa_values[sa-session/new/--credentials]='auto none'
_sa_options[sa-session/new]+=' --env'
_sa_values[sa-session/new/--env]=''
_sa_options[sa-session/new]+=' --id'
_sa_values[sa-session/new/--id]=''
_sa_options[sa-session/new]+=' --timeout'
_sa_values[sa-session/new/--timeout]=''
_sa_verbs[sa-session]+=' list'
_sa_values[sa-session/list]='@sessions'
_sa_options[sa-session/list]=''
_sa_options[sa-session/list]+=' --json'
_sa_options[sa-session/list]+=' --text'
_sa_options[sa-session/list]+=' --help'
_sa_verbs[sa-session]+=' show'
_sa_values[sa-session/show]='@sessions'
_sa_options[sa-session/show]=''
_sa_options[sa-session/show]+=' --json'
_sa_options[sa-session/show]+=' --text'
_sa_options[sa-session/show]+=' --help'
_sa_verbs[sa-session]+=' prompt'
_sa_values[sa-session/prompt]='@sessions'
_sa_options[sa-session/prompt]=''
_sa_options[sa-session/prompt]+=' --json'
_sa_options[sa-session/prompt]+=' --text'
_sa_options[sa-session/prompt]+=' --help'
_sa_options[sa-session/prompt]+=' --timeout'
_sa_values[sa-session/prompt/--timeout]=''
_sa_options[sa-session/prompt]+=' --no-wait'
_sa_verbs[sa-session]+=' run'
_sa_values[sa-session/run]='@sessions'
_sa_options[sa-session/run]=''
_sa_options[sa-session/run]+=' --json'
_sa_options[sa-session/run]+=' --text'
_sa_options[sa-session/run]+=' --help'
_sa_options[sa-session/run]+=' --agent'
_sa_values[sa-session/run/--agent]='@agents'
_sa_options[sa-session/run]+=' --agent-command'
_sa_values[sa-session/run/--agent-command]=''
_sa_options[sa-session/run]+=' --cwd'
_sa_values[sa-session/run/--cwd]='@directories'
_sa_options[sa-session/run]+=' --credentials'
_sa_values[sa-session/run/--credentials]='auto none'
_sa_options[sa-session/run]+=' --env'
_sa_values[sa-session/run/--env]=''
_sa_options[sa-session/run]+=' --id'
_sa_values[sa-session/run/--id]=''
_sa_options[sa-session/run]+=' --timeout'
_sa_values[sa-session/run/--timeout]=''
_sa_verbs[sa-session]+=' close'
_sa_values[sa-session/close]='@sessions'
_sa_options[sa-session/close]=''
_sa_options[sa-session/close]+=' --json'
_sa_options[sa-session/close]+=' --text'
_sa_options[sa-session/close]+=' --help'
_sa_verbs[sa-session]+=' servers'
_sa_values[sa-session/servers]='@sessions'
_sa_options[sa-session/servers]=''
_sa_options[sa-session/servers]+=' --json'
_sa_options[sa-session/servers]+=' --text'
_sa_options[sa-session/servers]+=' --help'
_sa_verbs[sa-supervise]=''
_sa_options[sa-supervise/-]=''
_sa_options[sa-supervise/-]+=' --json'
_sa_options[sa-supervise/-]+=' --text'
_sa_options[sa-supervise/-]+=' --help'
_sa_options[sa-supervise/-]+=' --server-id'
_sa_values[sa-supervise/-/--server-id]=''
_sa_options[sa-supervise/-]+=' --agent'
_sa_values[sa-supervise/-/--agent]='@agents'
_sa_options[sa-supervise/-]+=' --cwd'
_sa_values[sa-supervise/-/--cwd]='@directories'
_sa_options[sa-supervise/-]+=' --ready-fd'
_sa_values[sa-supervise/-/--ready-fd]=''
_sa_options[sa-supervise/-]+=' --line-limit'
_sa_values[sa-supervise/-/--line-limit]=''
_sa_options[sa-supervise/-]+=' --silence-limit'
_sa_values[sa-supervise/-/--silence-limit]=''
_sa_options[sa-supervise/-]+=' --prompt-limit'
_sa_values[sa-supervise/-/--prompt-limit]=''
_sa_options[sa-supervise/-]+=' --lease'
_sa_values[sa-supervise/-/--lease]=''
_sa_options[sa-supervise/-]+=' --stop-grace'
_sa_values[sa-supervise/-/--stop-grace]=''
_sa_verbs[sandbox-agent]=''
_sa_values[sandbox-agent/-]='session credentials supervise mock-agent'
_sa_options[sandbox-agent/-]=''
_sa_options[sandbox-agent/-]+=' --json'
_sa_options[sandbox-agent/-]+=' --text'
_sa_options[sandbox-agent/-]+=' --help'
_sa_commands='sa-credentials sa-events sa-mock-agent sa-session sa-supervise sandbox-agent'

_sa_sessions() { sa-session list --json 2>/dev/null | sed -n 's/^{"id":"\([^"]*\)".*/\1/p'; }

_sa_agents() {
	local agents
	agents=$(sa-install-agent --list 2>/dev/null | sed -n 's/^{"id":"\([^"]*\)".*/\1/p; s/^\([a-z][a-z0-9-]*\).*/\1/p')
	echo "${agents:-mock}"
}

# Offer what a value may be: @files, @directories, @sessions, @agents, or words.
_sa_offer() { # VALUES CURRENT
	case $1 in
	@files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
	@directories) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
	@sessions) mapfile -t COMPREPLY < <(compgen -W "$(_sa_sessions)" -- "$2") ;;
	@agents) mapfile -t COMPREPLY < <(compgen -W "$(_sa_agents)" -- "$2") ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2") ;;
	esac
}

_sandbox_agent() {
	local command=${COMP_WORDS[0]##*/} verb=- at=1 current=${COMP_WORDS[COMP_CWORD]} before key name
	COMPREPLY=()
	# "sandbox-agent session ..." is "sa-session ...".
	if [ "$command" = sandbox-agent ]; then
		name=${COMP_WORDS[1]:-}
		if [ "$COMP_CWORD" -eq 1 ]; then
			name=
			for key in $_sa_commands; do
				if [ "$key" != sandbox-agent ]; then name+=" ${key#sa-}"; fi
			done
			_sa_offer "$name ${_sa_verbs[sandbox-agent]:-} --help --version" "$current"
			return
		fi
		if [ -n "${_sa_verbs[sa-$name]+x}" ]; then
			command=sa-$name
			at=2
		fi
	fi
	if [ -n "${_sa_verbs[$command]:-}" ]; then
		if [ "$COMP_CWORD" -eq "$at" ]; then
			_sa_offer "${_sa_verbs[$command]} --help --version" "$current"
			return
		fi
		verb=${COMP_WORDS[at]}
		at=$((at + 1))
	fi
	# "--name=value" comes as three words; "--" ends the options.
	before=${COMP_WORDS[COMP_CWORD - 1]}
	if [ "$current" = = ]; then
		current=
	elif [ "$before" = = ] && [ "$COMP_CWORD" -ge 2 ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for ((; at < COMP_CWORD; at++)); do
		if [ "${COMP_WORDS[at]}" = -- ]; then
			_sa_offer "${_sa_values[$command/$verb]:-}" "$current"
			return
		fi
	done
	key=$command/$verb/$before
	if [[ $before == -* && -n "${_sa_values[$key]+x}" ]]; then
		_sa_offer "${_sa_values[$key]}" "$current"
	elif [[ $current == -* ]]; then
		_sa_offer "${_sa_options[$command/$verb]:-}" "$current"
	else
		_sa_offer "${_sa_values[$command/$verb]:-}" "$current"
	fi
}

complete -F _sandbox_agent sandbox-agent sa-credentials sa-events sa-mock-agent sa-session sa-supervise
