#!/usr/bin/env bash
# What people meet when an agent does not run is told in words, with the way out.
. "$(dirname "$0")/tap.sh"
need perl
# An agent that dies with these words before it has said anything.
dies() { # WORDS WANTED NAME
	printf '%s\n' "$1" >words
	printf '#!/bin/sh\nread line\ncat "%s" >&2\nexit 1\n' "$T/words" >agent
	chmod +x agent
	status 7 "$3" sa-session run --agent-command "$T/agent" "say hi"
	like "$(cat err)" "$2" "... is told with the way out"
}
dies "env: 'node': No such file or directory" "install Node, or name one in SANDBOX_AGENT_NODE" "no Node"
dies "npm ERR! Unsupported engine" "it needs a newer Node" "an old Node"
dies "libc.so.6: version \`GLIBC_2.38' not found" "newer base image" "an old C library"
dies "--dangerously-skip-permissions cannot be used with root/sudo privileges" "run as another user, or set IS_SANDBOX=1" "root is refused"
dies "Workspace not trusted" "wants this folder trusted first" "a trust dialog"
dies "connect ECONNREFUSED 192.0.2.1:443" "check the network and HTTPS_PROXY" "no network"

# One that answers session/new or the prompt with this error.
answers() { # METHOD CODE MESSAGE
	cat >agent <<-END
		#!/usr/bin/env perl
		\$| = 1;
		while (<STDIN>) {
			/"id":\s*(\d+)/ or next;
			my \$i = \$1;
			my \$r = /"initialize"/ ? '"result":{"protocolVersion":1,"authMethods":[{"id":"oauth","name":"Log in"},{"id":"key"}]}'
				: m,"$1", ? '"error":{"code":$2,"message":"$3"}' : '"result":{"sessionId":"s"}';
			print qq({"jsonrpc":"2.0","id":\$i,\$r}\n);
		}
	END
	chmod +x agent
}
answers session/new -32000 "Authentication required"
status 5 "a login that is wanted" sa-session run --agent-command "$T/agent" hi
like "$(cat err)" "wants a login first.*no credentials.*oauth \\(Log in\\), key" "... is told with the authMethods"
answers session/prompt -32000 "invalid x-api-key"
status 5 "a key that is refused" sa-session run --agent-command "$T/agent" hi
like "$(cat err)" "it has no credentials that are accepted" "... is told with the way out"
answers session/prompt -32603 "Internal error: Incorrect API key provided"
status 5 "one that an agent calls an internal error (OpenCode)" sa-session run --agent-command "$T/agent" hi
like "$(cat err)" "it has no credentials that are accepted" "... is told likewise"
answers session/prompt 401 "Request had invalid authentication credentials"
status 5 "or with its provider's status (Gemini CLI)" sa-session run --agent-command "$T/agent" hi
answers session/prompt -32603 "API Error: 429 rate_limit_error"
status 7 "a rate limit" sa-session run --agent-command "$T/agent" hi
like "$(cat err)" "wait, or use another key or model" "... is told with the way out"
answers session/prompt -32603 "API Error: 529 overloaded_error"
status 7 "an overloaded provider" sa-session run --agent-command "$T/agent" hi
like "$(cat err)" "try again in a while" "... is told with the way out"

mkdir path
for tool in env sh; do ln -s "$(command -v $tool)" path; done
status 3 "an agent that is not installed" env SANDBOX_AGENT_REQUIRE_PREINSTALL=1 PATH="$BIN_DIR:$T/path" sa-session run --agent claude hi
like "$(cat err)" "run 'sa-install-agent claude'" "... is told with the command that installs it"
status 3 "an agent that nobody knows" sa-session run --agent nonsense hi
like "$(cat err)" "known are claude, codex" "... is told with those that are known"
done_testing
