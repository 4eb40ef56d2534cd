# Completion for sandbox-agent and sa-*. Written by scripts/gen-completions: do not edit.
# shellcheck shell=bash disable=SC2034

declare -gA _sa_verbs=() _sa_options=() _sa_values=()
_sa_commands=''

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

complete -F _sandbox_agent sandbox-agent
