#!/usr/bin/env bash
# The inspector's terminal in headless Chromium, xterm.js from npm: a shell, vim, sizes, broken connections.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/ui-lib.sh"
need vim
browser_needs
cp -r "$TOP/cmd/sa-serve/ui" ui
rm -rf ui/lib
"$TOP/scripts/ui-libraries" "$T/ui/lib" >lib.out 2>&1 || skip_all "xterm.js cannot be had from npm"
is "$(ls ui/lib | tr '\n' ' ')" "addon-fit.LICENSE.txt addon-fit.mjs xterm.LICENSE.txt xterm.css xterm.mjs " "what a terminal needs is fetched, and its licences"
sed 's/@xterm\/addon-fit 0.11.0 [0-9a-f]*/@xterm\/addon-fit 0.11.0 '"$(printf 'other' | sha512sum | cut -d' ' -f1)"'/' "$TOP/scripts/ui-libraries" >changed
not_ok "a package with another digest is refused" bash changed "$T/refused"
is "$(ls refused 2>/dev/null)" "" "... and nothing of it is left"
browse terminal.mjs
done_testing
