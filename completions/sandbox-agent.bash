# Completion for sandbox-agent and sa-*. Written by scripts/gen-completions: do not edit.
# shellcheck shell=bash disable=SC2034

declare -gA _sa_verbs=() _sa_options=() _sa_values=()
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
_sa_commands='sa-mock-agent sa-supervise'

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

complete -F _sandbox_agent sandbox-agent sa-mock-agent sa-supervise
