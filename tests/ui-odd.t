#!/usr/bin/env bash
# The inspector where things are not as usual: odd files, answers that come late, requests that fail: tests/ui/odd.mjs.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/ui-lib.sh"
browser_needs
browse odd.mjs
done_testing
