#!/usr/bin/env bash
# sandbox-agent: which command a verb becomes, with which words; tokens stay out of them.
. "$(dirname "$0")/tap.sh"

mkdir bin
cp "$BIN_DIR/sandbox-agent" bin/
for name in serve daemon api install-agent install-desktop credentials session events strange mock-agent; do
	cat >"bin/sa-$name" <<'END'
#!/bin/sh
printf '%s' "${0##*/}"
for word; do printf ' [%s]' "$word"; done
printf ' token=%s\n' "${SANDBOX_AGENT_TOKEN-unset}"
END
done
chmod +x bin/*
PATH=$T/bin:$PATH
umbrella() { "$T/bin/sandbox-agent" "$@" 2>&1; }

is "$(umbrella server --host h --port 1)" "sa-serve [--host] [h] [--port] [1] token=unset" "server is sa-serve"
is "$(umbrella daemon start)" "sa-daemon [start] token=unset" "daemon is sa-daemon"
is "$(umbrella api acp post --json '{}')" "sa-api [acp] [post] [--json] [{}] token=unset" "api is sa-api"
is "$(umbrella install-agent --all)" "sa-install-agent [--all] token=unset" "install-agent is sa-install-agent"
is "$(umbrella install desktop --yes)" "sa-install-desktop [--yes] token=unset" "install desktop is sa-install-desktop"
is "$(umbrella mock-agent-process)" "sa-mock-agent token=unset" "mock-agent-process is sa-mock-agent"
is "$(umbrella strange -t x)" "sa-strange [-t] [x] token=unset" "any other verb is sa-VERB, with its own letters"
is "$(umbrella help daemon)" "sa-daemon [--help] token=unset" "help VERB is VERB --help"

is "$(umbrella --token s3 server)" "sa-serve token=s3" "--token before the verb goes into the environment"
is "$(umbrella server --port 1 --token s3 -C)" "sa-serve [--port] [1] [-C] token=s3" "... and behind it"
is "$(umbrella server -ts3)" "sa-serve token=s3" "... as a letter with its value"
is "$(umbrella server -t s3)" "sa-serve token=s3" "... as a letter and a word"
is "$(umbrella api --token=s3 agents list)" "sa-api [agents] [list] token=s3" "... with an equals sign"
is "$(umbrella daemon -n start)" "sa-daemon [start] [--no-token] token=unset" "--no-token goes to what starts a server"
is "$(umbrella -n daemon -t s3 start)" "sa-daemon [start] token=s3" "a token beats --no-token"
is "$(SANDBOX_AGENT_TOKEN=e umbrella -n server)" "sa-serve [--no-token] token=unset" "--no-token beats the environment"
is "$(SANDBOX_AGENT_TOKEN=e umbrella -n api agents list)" "sa-api [agents] [list] token=unset" "... for a client too"
is "$(SANDBOX_AGENT_TOKEN=e umbrella server)" "sa-serve token=e" "the environment's token is passed on"
is "$(umbrella credentials -n extract -t s3 -r)" "sa-credentials [extract] [-r] token=unset" "credentials extract takes them and gets none"
is "$(umbrella credentials -t s3 extract)" "sa-credentials [extract] token=unset" "... in any place"
is "$(umbrella credentials exec claude -- prog -t x -n)" "sa-credentials [exec] [claude] [--] [prog] [-t] [x] [-n] token=unset" \
	"credentials exec keeps the program's own options"
is "$(umbrella session list --token s3)" "sa-session [list] token=s3" "session too"
is "$(umbrella session prompt -- --token s3)" "sa-session [prompt] [--] [--token] [s3] token=unset" "what stands behind -- stays"

# What ps sees of the command: nothing.
cat >bin/sa-api <<'END'
#!/bin/sh
tr '\0' ' ' </proc/$$/cmdline
END
unlike "$(umbrella api --token s3cret agents list)" s3cret "the token is on no command line"

status 2 "no verb is a usage error" umbrella
like "$(umbrella || true)" "usage:.*server.*daemon" "... and shows the verbs"
status 2 "an unknown verb is a usage error" umbrella frobnicate
like "$(cat out)" "'frobnicate'" "... and is named"
status 2 "a verb is no path" umbrella ../bin/sa-serve
status 2 "an empty token is refused" umbrella --token '' server
status 2 "... behind the verb too" umbrella server --token=
status 2 "a missing token is refused" umbrella server --token
status 2 "install wants to know what" umbrella install
status 2 "install of something else is a usage error" umbrella install yacht
ok "-V" umbrella -V
is "$(umbrella -V)" "$(umbrella --version)" "-V is --version"
like "$(umbrella --version)" '^sandbox-agent [0-9]+\.[0-9]+\.[0-9]+$' "--version names the program"
ok "help" umbrella help
mkdir away
cp "$BIN_DIR/sandbox-agent" away/
is "$(away/sandbox-agent daemon x)" "sa-daemon [x] token=unset" "commands are found on PATH too"
rm bin/sa-daemon bin/sa-session
status 2 "a command that is not there is told" env PATH=/nowhere "$T/bin/sandbox-agent" daemon start
like "$(cat err)" "sa-daemon is not there" "... by its name"

PATH=$BIN_DIR:$PATH
is "$(sandbox-agent session list --json 2>&1)" "" "the real thing: an empty list of sessions"
like "$(echo '{"jsonrpc":"2.0","id":"a","method":"x/y","params":{"n":1}}' | sandbox-agent mock-agent-process)" \
	'"id":"a","result":\{"echoed":' "the real thing: mock-agent-process echoes"
done_testing
