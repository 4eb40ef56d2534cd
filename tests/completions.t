#!/usr/bin/env bash
# Completions: written from the tables, up to date, and each shell really offers something.
. "$(dirname "$0")/tap.sh"

# Commands that only say what they are.
mkdir fake
cat >fake/sa-session <<'END'
#!/bin/sh
case $1 in
--dump-options)
	printf 'command\tsa-session\tsessions\n'
	printf 'verb\tnew\t[TEXT ...]\tmake one, it is '"'"'new'"'"'\t-\n'
	printf 'option\tnew\tjson\t-\t-\tJSON lines: always\t-\n'
	printf 'option\tnew\tagent\ta\tID\tthe agent\t@agents\n'
	printf 'option\tnew\tmode\t-\tMODE\thow\task auto deny\n'
	printf 'option\tnew\tcwd\t-\tDIR\twhere\t@directories\n'
	printf 'verb\tshow\tSESSION\ttell about one\t@sessions\n'
	printf 'option\tshow\tjson\t-\t-\tJSON lines\t-\n'
	;;
list)
	printf '{"id":"ses-1","cwd":"x"}\n{"id":"ses-2","title":"\\"id\\":\\"no\\""}\n'
	cat "${0%/*}/../hostile" 2>/dev/null # ids that a client chose
	;;
esac
END
cat >fake/sa-plain <<'END'
#!/bin/sh
printf 'command\tsa-plain\tone verb without a name\n'
printf 'verb\t-\t[FILE]\tdo it\t@files\n'
printf 'option\t-\tlevel\tl\tN\thow much\tlow high\n'
END
cat >fake/sa-install-agent <<'END'
#!/bin/sh
[ "$*" = --list ] && printf '{"id":"mock","installed":true}\n{"id":"other","reason":"\\"id\\":\\"no\\""}\n'
END
chmod +x fake/*
export PATH=$T/fake:$PATH

ok "the generator runs" "$TOP/scripts/gen-completions" --output "$T/made" "$T/fake/sa-session" "$T/fake/sa-plain"
ok "twice the same" "$TOP/scripts/gen-completions" --output "$T/again" "$T/fake/sa-plain" "$T/fake/sa-session"
ok "whatever the order of the commands" diff -r made again

built=$(cd "$TOP" && for main in cmd/*/main.c; do [ ! -f "$main" ] || basename "$(dirname "$main")"; done)
if [ -z "$built" ]; then
	skip "the checked-in files are what the generator writes" "no command is there yet"
else
	ok "the generator runs on the built commands" "$TOP/scripts/gen-completions" --output "$T/real"
	ok "the checked-in files are what it writes (else: scripts/gen-completions)" diff -r "$TOP/completions" real
fi

mkdir -p files/sub
touch files/file
in_bash() { # WORD... : what bash offers for the last word
	bash --norc -c 'set -u; . made/sandbox-agent.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_sandbox_agent; echo ${COMPREPLY[@]+"${COMPREPLY[@]}"}' bash "$@"
}
is "$(in_bash sa-session '')" "new show --help --version" "bash: verbs"
is "$(in_bash sa-session sh)" "show" "bash: a verb's start"
is "$(in_bash sandbox-agent '')" "plain session --help --version" "bash: the umbrella's commands"
is "$(in_bash sandbox-agent session n)" "new" "bash: verbs behind the umbrella"
is "$(in_bash sa-session new --)" "--json --agent --mode --cwd" "bash: options"
is "$(in_bash sandbox-agent session new --m)" "--mode" "bash: options behind the umbrella"
is "$(in_bash sa-session new --mode a)" "ask auto" "bash: values"
is "$(in_bash sa-session new --mode = d)" "deny" "bash: values behind an equals sign"
is "$(in_bash sa-session new --mode =)" "ask auto deny" "bash: all values behind an equals sign"
is "$(in_bash sa-session new -a '')" "mock other" "bash: agents, by the letter"
is "$(in_bash sa-session show '')" "ses-1 ses-2" "bash: sessions"
printf '%s\n' '{"id":"$(touch pwned)"}' '{"id":"ses `touch pwned`;*"}' '{"id":"ses\"3"}' >hostile
is "$(in_bash sa-session show s)" 'ses-1 ses-2 ses\ \`touch\ pwned\`\;\*' "bash: what a client calls a session is quoted"
is "$(in_bash sa-session show '$')" '\$\(touch\ pwned\)' "bash: ... and run"
ok "bash: ... by nobody" test ! -e pwned
rm hostile
is "$(in_bash sa-session show -- --)" "" "bash: no options behind --"
is "$(in_bash sa-session new --cwd files/)" "files/sub" "bash: folders only"
is "$(in_bash sa-plain files/f)" "files/file" "bash: files"
is "$(in_bash "$T/fake/sa-plain" -l h)" "high" "bash: a command without verbs, by its path"
ok "bash: the file registers itself" bash --norc -c '. made/sandbox-agent.bash; complete -p sa-session sandbox-agent'

if command -v fish >/dev/null; then
	in_fish() { fish --no-config -c 'source made/sandbox-agent.fish; complete -C $argv[1]' "$1" | cut -f 1 | sort | tr '\n' ' '; }
	is "$(in_fish 'sa-session ')" "new show " "fish: verbs"
	is "$(in_fish 'sandbox-agent s')" "session " "fish: the umbrella's commands"
	is "$(in_fish 'sandbox-agent session ')" "new show " "fish: verbs behind the umbrella"
	is "$(in_fish 'sa-session new --a')" "--agent " "fish: options"
	is "$(in_fish 'sa-session new --mode a')" "ask auto " "fish: values"
	is "$(in_fish 'sandbox-agent session new --agent ')" "mock other " "fish: agents"
	is "$(in_fish 'sa-session show ')" "ses-1 ses-2 " "fish: sessions"
	echo '{"id":"$(touch pwned)"}' >hostile
	is "$(in_fish 'sa-session show ')" '$(touch pwned) ses-1 ses-2 ' "fish: what a client calls a session"
	is "$(test -e pwned; echo $?)" 1 "fish: ... is run by nobody"
	rm hostile
	is "$(in_fish 'sa-plain --level ')" "high low " "fish: a command without verbs"
else
	skip "fish: completions come" "fish is not there"
fi

if command -v zsh >/dev/null; then
	ok "zsh: the file parses" zsh -fn made/_sandbox-agent
	# The helpers of the completion system are replaced by ones that print what would be offered.
	in_zsh() {
		zsh -f -c 'compdef() { : }; source made/_sandbox-agent
			_describe() { print -r -- ${(P)2%%:*} }; _files() { print files "$@" }
			compset() { : }; compadd() { print -r -- ${(P)argv[-1]} }
			words=("$@") CURRENT=$#; _sandbox_agent' zsh "$@"
	}
	is "$(in_zsh sa-session '')" "new show" "zsh: verbs"
	is "$(in_zsh sandbox-agent '')" "plain session" "zsh: the umbrella's commands"
	is "$(in_zsh sandbox-agent session '')" "new show" "zsh: verbs behind the umbrella"
	is "$(in_zsh sa-session new --)" "--json --agent --mode --cwd" "zsh: options"
	is "$(in_zsh sa-session new --mode '')" "ask auto deny" "zsh: values"
	is "$(in_zsh sa-session new --mode=a)" "ask auto deny" "zsh: values behind an equals sign"
	is "$(in_zsh sa-session show '')" "ses-1 ses-2" "zsh: sessions"
	echo '{"id":"$(touch pwned)"}' >hostile
	is "$(in_zsh sa-session show '')" 'ses-1 ses-2 $(touch pwned)' "zsh: what a client calls a session"
	is "$(test -e pwned; echo $?)" 1 "zsh: ... is run by nobody"
	rm hostile
	is "$(in_zsh sa-session new --agent '')" "mock other" "zsh: agents"
	is "$(in_zsh sa-plain '')" "files" "zsh: files"
else
	skip "zsh: completions come" "zsh is not there"
fi
done_testing
