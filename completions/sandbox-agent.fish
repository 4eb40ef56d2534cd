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
