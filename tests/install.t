#!/usr/bin/env bash
# make install puts commands, pages and completions in place; uninstall takes exactly these away.
. "$(dirname "$0")/tap.sh"

tree() { "$TOP/scripts/install-tree" "$1" "$T/dest" /opt/x "$BIN_DIR"; }
commands=$(cd "$TOP" && for main in cmd/*/main.c; do [ ! -f "$main" ] || basename "$(dirname "$main")"; done)

mkdir -p dest/opt/x/bin dest/opt/x/share/man/man1
echo other >dest/opt/x/bin/other
echo other >dest/opt/x/share/man/man1/other.1
find dest | sort >before
ok "install runs" tree install
for command in $commands; do
	ok "$command is installed and runs" "dest/opt/x/bin/$command" --version
	[ ! -f "$TOP/man/$command.1" ] || ok "its page is there" test -s "dest/opt/x/share/man/man1/$command.1"
	ok "bash finds its completion" test -s "dest/opt/x/share/bash-completion/completions/$command"
done
ok "zsh's completion is there" test -s dest/opt/x/share/zsh/site-functions/_sandbox-agent
ok "fish's completion is there" test -s dest/opt/x/share/fish/vendor_completions.d/sandbox-agent.fish
is "$(grep -h ^ExecStart= dest/opt/x/lib/systemd/user/*.service | sed 's/ .*//' | sort -u)" "ExecStart=/opt/x/bin/sa-serve" "units start what was installed"
ok "install again changes nothing" tree install
is "$(find dest -type f -perm /022)" "" "nothing is writable by others"
lib=share/sandbox-agent/ui/lib
[ ! -f "$TOP/cmd/sa-serve/ui/lib/xterm.mjs" ] || ok "the terminal's library, which was fetched, is in place" test -s "dest/opt/x/$lib/xterm.mjs"
mkdir -p "dest/opt/x/$lib"
for name in xterm.mjs xterm.css addon-fit.mjs; do echo earlier >"dest/opt/x/$lib/$name"; done
ok "uninstall runs" tree uninstall
find dest ! -type d | sort >after
grep other before >want
ok "only what was there before is left" diff want after
ok "uninstall of nothing is no error" tree uninstall
status 2 "a missing word is a usage error" "$TOP/scripts/install-tree" install "$T/dest"
done_testing
