#!/usr/bin/env bash
# Recorded conversations of real agents, once more through our adapters: the same story as through
# the official adapters, message by message; tests/agents/differences.json names what differs and why.
# The records are the files of SA_TEST_SHARED/transcripts, by default beside the repository.
shared=${SA_TEST_SHARED:-}
. "$(dirname "$0")/tap.sh"
shared=${shared:-$TOP/../shared}
need node
[ -d "$shared/transcripts/claude-acp" ] || skip_all "no recorded conversations in $shared/transcripts"
tap_done=1
node "$TOP/tests/agents/replay.mjs" --transcripts "$shared/transcripts" --home "$T/home"
