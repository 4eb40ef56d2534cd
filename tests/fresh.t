#!/usr/bin/env bash
# README.md's first command on a Debian that has nothing: as root, and as somebody who is not.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/chroot-lib.sh"
chroot_base bookworm
need git

first=$(awk '/^```sh/ { getline; print $1; exit }' "$TOP/README.md")
chroot_new root
inside root true
source_to "$T/chroots/root/upper/src"
seconds=$SECONDS
status 0 "as root: README's first command works" inside root sh -c "cd /src && $first"
like "$(tail -1 out)" '^hello$' "... and the mock agent has answered"
echo "# $((SECONDS - seconds)) s from a bare Debian to the first answer"
status 0 "a second time there is nothing to do" inside root sh -c "cd /src && $first"
unlike "$(cat out)" "installing" "... and nothing is installed"

inside root useradd -m -s /bin/bash user
inside root sh -c 'cp -r /src /home/user/src && rm -rf /home/user/src/build && chown -R user: /home/user/src'
seconds=$SECONDS
status 0 "as a user, where the packages are" inside user sh -c "cd src && $first"
like "$(tail -1 out)" '^hello$' "... it works too"
echo "# $((SECONDS - seconds)) s without root"
status 0 "make install below the home" inside user sh -c 'cd src && make -s install PREFIX=$HOME/.local'
status 0 "... and it runs from there" inside user sh -c '.local/bin/sandbox-agent session run --agent mock "say installed"'
is "$(cat out)" installed "... with the right answer"

chroot_new bare
inside root useradd -m -s /bin/bash user
source_to "$T/chroots/bare/upper/home/user/src"
inside root chown -R user: /home/user/src
status 1 "as a user where packages are missing it stops" inside user sh -c "cd src && $first"
like "$(cat err)" "apt-get install .*gcc" "... and says what to install"

if [ -n "${SA_TEST_WHOLE:-}" ]; then
	chroot_new root
	inside root sh -c 'cd /src && apt-get install -y -qq git procps && git init -q && git add -A && git -c user.name=t -c user.email=t@t commit -qm all' >/dev/null
	status 0 "the second command passes" inside root sh -c 'cd /src && make -s check'
	tail -1 out
fi
done_testing
