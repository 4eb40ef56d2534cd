# Completion for sandbox-agent and sa-*. Written by scripts/gen-completions: do not edit.

function __sa_sessions
    command -q sa-session; or return
    sa-session list --json 2>/dev/null | string replace -rf '^\{"id":"([^"]*)".*' '$1'
end

function __sa_agents
    set -l agents
    command -q sa-install-agent
    and set agents (sa-install-agent --list 2>/dev/null | string replace -rf '^(?:\{"id":")?([a-z][a-z0-9-]*).*' '$1')
    test (count $agents) -gt 0; or set agents mock
    printf '%s\n' $agents
end

# Does a verb of sandbox-agent stand next?
function __sa_at_top
    test (count (commandline -opc)) -eq 1
end

# Is this command line at COMMAND VERB? "-" as VERB: the verb itself stands next, or there are none.
# "sandbox-agent session ..." is "sa-session ...".
function __sa_at
    set -l tokens (commandline -opc)
    set -l name (string replace -r '.*/' '' -- $tokens[1])
    set -e tokens[1]
    if test "$name" = sandbox-agent; and test "$argv[1]" != sandbox-agent
        test (count $tokens) -gt 0; or return 1
        set name sa-$tokens[1]
        set -e tokens[1]
    end
    test "$name" = "$argv[1]"; or return 1
    if test "$argv[2]" != -
        test (count $tokens) -gt 0; and test "$tokens[1]" = "$argv[2]"
        return
    end
    test (count $tokens) -eq 0; or not contains -- $name $__sa_with_verbs
end

complete -c sandbox-agent -f

complete -c sa-mock-agent -f
complete -c sandbox-agent -n __sa_at_top -a mock-agent -d 'A deterministic ACP agent on stdin and stdout, for tests.'
complete -c sa-mock-agent -n '__sa_at sa-mock-agent -' -f -a 'acp'
complete -c sandbox-agent -n '__sa_at sa-mock-agent -' -f -a 'acp'
complete -c sa-mock-agent -n '__sa_at sa-mock-agent -' -l json -d 'JSON lines and problem JSON, whatever stdout is'
complete -c sandbox-agent -n '__sa_at sa-mock-agent -' -l json -d 'JSON lines and problem JSON, whatever stdout is'
complete -c sa-mock-agent -n '__sa_at sa-mock-agent -' -l text -d 'words for people, whatever stdout is'
complete -c sandbox-agent -n '__sa_at sa-mock-agent -' -l text -d 'words for people, whatever stdout is'
complete -c sa-mock-agent -n '__sa_at sa-mock-agent -' -l help -s h -d 'print this help'
complete -c sandbox-agent -n '__sa_at sa-mock-agent -' -l help -s h -d 'print this help'
complete -c sa-mock-agent -n '__sa_at sa-mock-agent -' -l prompt -s p -r -f -d 'run this one prompt in a new session, then end'
complete -c sandbox-agent -n '__sa_at sa-mock-agent -' -l prompt -s p -r -f -d 'run this one prompt in a new session, then end'
complete -c sa-mock-agent -n '__sa_at sa-mock-agent -' -l state -r -f -a '(__fish_complete_directories)' -d 'keep the sessions in this folder'
complete -c sandbox-agent -n '__sa_at sa-mock-agent -' -l state -r -f -a '(__fish_complete_directories)' -d 'keep the sessions in this folder'
complete -c sa-mock-agent -n '__sa_at sa-mock-agent -' -l no-state -d 'keep no sessions on disk'
complete -c sandbox-agent -n '__sa_at sa-mock-agent -' -l no-state -d 'keep no sessions on disk'

complete -c sa-supervise -f
complete -c sandbox-agent -n __sa_at_top -a supervise -d 'own one agent: its pipes, its process tree, its record'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l json -d 'JSON lines and problem JSON, whatever stdout is'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l json -d 'JSON lines and problem JSON, whatever stdout is'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l text -d 'words for people, whatever stdout is'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l text -d 'words for people, whatever stdout is'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l help -s h -d 'print this help'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l help -s h -d 'print this help'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l server-id -r -f -d 'the connection\'s id (wanted)'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l server-id -r -f -d 'the connection\'s id (wanted)'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l agent -r -f -a '(__sa_agents)' -d 'what the agent is called (wanted)'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l agent -r -f -a '(__sa_agents)' -d 'what the agent is called (wanted)'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l cwd -r -f -a '(__fish_complete_directories)' -d 'the agent\'s working directory'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l cwd -r -f -a '(__fish_complete_directories)' -d 'the agent\'s working directory'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l ready-fd -r -f -d 'descriptor for the readiness line'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l ready-fd -r -f -d 'descriptor for the readiness line'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l line-limit -r -f -d 'longest message (64M)'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l line-limit -r -f -d 'longest message (64M)'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l silence-limit -r -f -d 'cancel a turn without a sign of life for so long (off)'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l silence-limit -r -f -d 'cancel a turn without a sign of life for so long (off)'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l prompt-limit -r -f -d 'cancel a turn that takes longer (off)'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l prompt-limit -r -f -d 'cancel a turn that takes longer (off)'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l lease -r -f -d 'end when idle and nobody is attached for so long (10m)'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l lease -r -f -d 'end when idle and nobody is attached for so long (10m)'
complete -c sa-supervise -n '__sa_at sa-supervise -' -l stop-grace -r -f -d 'from SIGTERM to SIGKILL when stopping (3s)'
complete -c sandbox-agent -n '__sa_at sa-supervise -' -l stop-grace -r -f -d 'from SIGTERM to SIGKILL when stopping (3s)'
