# For tests that open the inspector in a browser: sourced after tap.sh.
#   browse SCRIPT   runs tests/ui/SCRIPT in headless Chromium and passes its steps on
# Chromium is this machine's, what drives it comes from npm once and is kept in build/ui-tools: without either the
# test is skipped.

browser_needs() { # [PACKAGE@VERSION ...]
	local tools=$TOP/build/ui-tools
	need node npm flock
	chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
	[ -n "$chromium" ] || skip_all "no Chromium is there"
	mkdir -p "$tools"
	for package in playwright-core@1 "$@"; do
		[ -e "$tools/$package.done" ] || flock "$tools" sh -c '[ -e "$1/$2.done" ] ||
			{ npm install --prefix "$1" --no-audit --no-fund --ignore-scripts --silent "$2" && touch "$1/$2.done"; }' sh "$tools" "$package" >npm.out 2>&1 ||
			skip_all "what the browser is driven with cannot be had from npm"
	done
	ln -s "$tools/node_modules" node_modules
	printf 's3cret-of-the-test\n' >token
}

browse() {
	local plan='' line
	node "$TOP/tests/ui/$1" "$chromium" "$T" "${@:2}" >steps 2>&1 || true
	while IFS= read -r line; do
		case $line in
		"ok "*) tap_result 0 "${line#ok * - }" ;;
		"not ok "*) tap_result 1 "${line#not ok * - }" ;;
		1..*) plan=${line#1..} ;;
		*) tap_diag "$line" ;;
		esac
	done <steps
	is "${plan:-ended early}" "$(grep -cE '^(not )?ok ' steps)" "each step of $1 was taken"
}
