#!/usr/bin/env bash
# The inspector for everybody: tests/ui/access.mjs in headless Chromium, with axe-core.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/ui-lib.sh"
browser_needs axe-core@4
browse access.mjs
done_testing
