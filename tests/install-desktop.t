#!/usr/bin/env bash
# sa-install-desktop: what it prints, asks and runs. The package managers are stand-ins.
. "$(dirname "$0")/tap.sh"

mkdir tools
for name in apt-get dnf apk env; do
	printf '#!/bin/sh\necho "%s $*" >>"$T/ran"\n[ ! -f "$T/fail" ]\n' "$name" >"tools/$name"
done
printf '#!/bin/sh\n"$@"\n' >tools/sudo
chmod +x tools/*
export T
desktop() { PATH=$T/tools:$PATH sa-install-desktop "$@"; }

apt="xvfb openbox xdotool imagemagick ffmpeg x11-xserver-utils dbus-x11 xauth xclip"
is "$(desktop --print-only)" "Desktop package manager: apt
Desktop packages:
$(printf '  - %s\n' $apt fonts-dejavu-core)
Install command:
  apt-get update && env DEBIAN_FRONTEND=noninteractive apt-get install -y $apt fonts-dejavu-core" "apt, as the reference prints it"
like "$(desktop --print-only --package-manager dnf --no-fonts)" "dnf install -y xorg-x11-server-Xvfb [a-zA-Z0-9 -]* xclip$" "dnf, without fonts"
like "$(desktop --print-only --package-manager apk)" "apk add --no-cache xvfb .* ttf-dejavu$" "apk"
not_ok "nothing was run" test -e ran

status 1 "the end of input is a no" desktop </dev/null
like "$(cat out err)" "\[y/N\].*installation cancelled" "... and told"
status 1 "so is anything but yes" desktop <<<"maybe"
not_ok "nothing was run then" test -e ran
ok "yes" desktop <<<"y"
is "$(cat ran)" "apt-get update
env DEBIAN_FRONTEND=noninteractive apt-get install -y $apt fonts-dejavu-core" "... runs the command"
rm ran
ok "--yes does not ask" desktop --yes --package-manager apk --no-fonts </dev/null
like "$(cat ran)" "^apk add --no-cache xvfb .* xclip$" "... and runs"
rm ran
touch fail
status 1 "what fails is told" desktop --yes
is "$(cat ran)" "apt-get update" "... and nothing is run after it"
like "$(cat err)" "apt-get ended with status 1" "... by its status"

status 2 "an unknown manager is a usage error" desktop --print-only --package-manager zypper
status 2 "an operand is a usage error" desktop everything
mkdir none
status 1 "no package manager" env PATH="$T/none" "$BIN_DIR/sa-install-desktop" --print-only
done_testing
