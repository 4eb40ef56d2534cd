#!/usr/bin/env bash
# The inspector, as a person uses it: tests/ui/browser.mjs in headless Chromium.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/ui-lib.sh"
browser_needs
browse browser.mjs
done_testing
