#!/usr/bin/env bash
# The inspector with many events in one session (UI_EVENTS=100000 on a quiet machine): frame times are measured and told, what is in the page is counted.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/ui-lib.sh"
browser_needs
browse load.mjs "${UI_EVENTS:-10000}"
done_testing
