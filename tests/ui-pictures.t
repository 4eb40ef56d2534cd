#!/usr/bin/env bash
# The pictures of the inspector: that they can still be taken, shown with one page.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/ui-lib.sh"
need python3
browser_needs

ok "its help" "$TOP/scripts/ui-pictures" --help
like "$(<out)" '-narrow.png' "... names what it leaves"
status 2 "a folder is wanted" "$TOP/scripts/ui-pictures"
ok "a page is taken" "$TOP/scripts/ui-pictures" pictures permission
is "$(ls pictures | tr '\n' ' ')" "permission-dark.png permission-light.png permission-narrow.png " "... in light, dark and narrow, and no other"
is "$(head -c 8 pictures/permission-light.png | tail -c 7 | head -c 3)" PNG "... as pictures"
not_ok "a page that is not there is an error" "$TOP/scripts/ui-pictures" pictures nonsense
done_testing
