#!/usr/bin/env bash
# sa-desktop: what it says without its tools; with them, that it really runs.
. "$(dirname "$0")/tap.sh"
need jq

field() { jq -r "$1" "$T/out"; }
ask() { printf '%s\n' "$1" | sa-desktop filter; }

# --- without its tools: a PATH that has none of them -----------------------------------
mkdir bare
for tool in jq cat bash env; do ln -s "$(command -v $tool)" bare/; done
bare() { PATH=$T/bare "$BIN_DIR/sa-desktop" "$@"; }
ok "status is answered without tools" bare status
is "$(field .state)" install_required "it wants an installation"
is "$(field '.missingDependencies | join(" ")')" "Xvfb openbox xdotool import xrandr" "of what is missing"
like "$(field .installCommand)" "install desktop" "and says how"
for action in "start" "display" "screenshot" "mouse position" "mouse click 1 1" "keyboard type a" "window list" "clipboard get" "launch x" "open x"; do
	# shellcheck disable=SC2086
	status 8 "missing tools: $action" bare $action
done
printf '%s\n' '{"op":"mouse.click","body":{"x":1,"y":1}}' | bare filter >answer
is "$(jq -r '.problem | [.status, .type, .code, .missingDependencies[0], (.installCommand | length > 0)] | join(" ")' answer)" \
	"503 urn:sandbox-agent:error:desktop_dependencies_missing desktop_dependencies_missing Xvfb true" "the problem has all of it"
status 4 "recording is a conflict" bare recording start
ok "stop is no error" bare stop
is "$(field .state)" install_required "and hides nothing"
is "$(bare recording list)" '{"recordings":[]}' "no recording yet"
for id in rec_404 rec_ rec_01 ../x x; do status 3 "no recording is $id" bare recording show "$id"; done
is "$(ask '{"op":"recordings.show","params":{"id":"rec_9"}}' | jq -c .problem.details)" '{"resource":"desktop_recording","id":"rec_9"}' "the problem names it"
is "$(bare stream status)" '{"active":false}' "no stream"
status 4 "nor will there be one" bare stream start
status 2 "mouse wants an action" bare mouse
status 2 "with its numbers" bare mouse move 1
status 2 "that are numbers" bare mouse move 1 x

# --- with its tools --------------------------------------------------------------------
for tool in Xvfb openbox xdotool import xrandr file; do
	if ! command -v $tool >/dev/null; then
		skip "the desktop runs" "$tool is not there"
		done_testing
		exit
	fi
done
status 4 "an action before the start is a conflict" sa-desktop mouse position
status 4 "looking at windows, too" sa-desktop window list
is "$(ask '{"op":"mouse.position"}' | jq -r .problem.code)" desktop_runtime_inactive "with its code"
for bad in '"width":0' '"height":0' '"dpi":0' '"displayNum":0' '"width":32768' '"width":32767,"height":32767' '"width":"1"'; do
	is "$(ask "{\"op\":\"start\",\"body\":{$bad}}" | jq -r .problem.code)" desktop_invalid_action "refused: $bad"
done
ok "it starts" sa-desktop start --width 640 --height 480
is "$(field '[.state, .resolution.width, .resolution.height] | join(" ")')" "active 640 480" "with the wanted size"
display=$(field .display)
first=$(field '.processes[] | select(.name == "Xvfb") | .pid')
ok "again is no error" sa-desktop start --width 100 --height 100
is "$(field '[.display, .resolution.width, (.processes[] | select(.name == "Xvfb") | .pid)] | join(" ")')" "$display 640 $first" "and changes nothing"
is "$(sa-process list --json --owner desktop | jq -r 'select(.status == "running") | .command' | grep -v dbus | sort | tr '\n' ' ')" "Xvfb openbox " "its programs are managed processes"
is "$(sa-desktop display | jq -c .resolution)" '{"width":640,"height":480,"dpi":96}' "the display has that size"
point() { sa-desktop mouse "$@" | jq -r '[.x, .y] | join(" ")'; }
is "$(point move 123 45)" "123 45" "the pointer goes where it is told"
is "$(point position)" "123 45" "and stays"
is "$(point click 5 6 --button right --count 2)" "5 6" "click"
is "$(point down)" "5 6" "down"
is "$(point up 7 8)" "7 8" "up elsewhere"
is "$(point drag 1 2 30 40)" "30 40" "drag"
is "$(point scroll 9 9 1 -- -2)" "9 9" "scroll"
is "$(point move 5000 6000)" "639 479" "no farther than the edge"
for bad in '"x":-1,"y":1' '"x":1' '"x":"1","y":1' '"x":1.5,"y":1' '"x":4294967296,"y":1'; do
	is "$(ask "{\"op\":\"mouse.move\",\"body\":{$bad}}" | jq -r .problem.code)" desktop_invalid_action "move refused: $bad"
done
for bad in '"deltaX":0' '"deltaY":501' '"deltaY":-501'; do
	is "$(ask "{\"op\":\"mouse.scroll\",\"body\":{\"x\":1,\"y\":1,$bad}}" | jq -r .problem.code)" desktop_invalid_action "scroll refused: $bad"
done
is "$(ask '{"op":"mouse.down","body":{"x":1}}' | jq -r .problem.code)" desktop_invalid_action "half a point is none"
is "$(sa-desktop keyboard type abc)" '{"ok":true}' "typing"
is "$(sa-desktop keyboard press ctrl+a)" '{"ok":true}' "a chord"
is "$(ask '{"op":"keyboard.press","body":{"key":"Enter","modifiers":{"ctrl":true}}}' | jq -c .result)" '{"ok":true}' "a browser's name of a key"
for wrong in '"op":"keyboard.press","body":{"key":"c","modifiers":{"ctrl":"yes"}}' '"op":"keyboard.press","body":{"key":"c","modifiers":["ctrl"]}' \
	'"op":"launch","body":{"app":"true","wait":"yes"}' '"op":"screenshot.region"'; do
	is "$(ask "{$wrong}" | jq -c .problem.status)" 400 "half of a wish is not done: $wrong"
done
status 2 "no such key" sa-desktop keyboard press nosuchkey
status 2 "no text" sa-desktop keyboard type ''
# ImageMagick's own window, which is there since import is.
is "$(sa-desktop window list)" '{"windows":[]}' "no window yet"
status 3 "none has the focus" sa-desktop window focused
is "$(ask '{"op":"windows.focused"}' | jq -c '.problem | [.status, .type, .code]')" '[404,"urn:sandbox-agent:error:no_focused_window","no_focused_window"]' "which is told like the reference tells it"
picture() { sa-desktop launch --wait display -- -title "$1" -size 90x60 "xc:$2"; }
picture $'two\nWINDOW=1\nlines' red >launched
like "$(jq -r '[.processId, .pid, .windowId] | join(" ")' launched)" '^proc_[0-9]+ [0-9]+ [0-9]+$' "a program is launched, and its window waited for"
red=$(jq -r .windowId launched)
blue=$(picture blue blue | jq -r .windowId)
is "$(sa-desktop window list | jq -c --arg red "$red" '.windows | sort_by(.id == $red) | map([.title, .width, .height])')" '[["blue",90,60],["two\nWINDOW=1\nlines",90,60]]' "both are listed"
is "$(sa-desktop status | jq '.windows | length')" 2 "the status has them"
is "$(sa-desktop window focus "$red" | jq -r .isActive)" true "one gets the focus"
is "$(sa-desktop window focused | jq -r .id)" "$red" "... and has it"
is "$(sa-desktop window focus "$blue" | jq -r .isActive)" true "then the other"
is "$(sa-desktop window focus "$blue" | jq -r .isActive)" true "which may be told twice"
place() { jq -r '[.x, .y] | join(" ")'; }
is "$(sa-desktop window move "$red" 130 240 | place)" "130 240" "it is moved"
is "$(sa-desktop window move "$red" 130 240 | place)" "130 240" "to where it is"
is "$(sa-desktop screenshot --region 130,240,1,1 | convert png:- txt:- | grep -c red) $(sa-desktop screenshot --region 129,240,1,1 | convert png:- txt:- | grep -c red)" "1 0" "what it draws begins there"
is "$(sa-desktop window move "$red" -- -5 40 | place)" "-5 40" "over the edge, too"
is "$(sa-desktop window resize "$red" 120 80 | jq -r '[.width, .height] | join(" ")')" "120 80" "and resized"
for bad in 1 999999999 x; do status 3 "there is no window $bad" sa-desktop window focus $bad; done
is "$(ask '{"op":"windows.move","params":{"id":"1"},"body":{"x":1,"y":1}}' | jq -r .problem.code)" window_not_found "with its code"
for bad in '"x":1' '"x":"1","y":1' '"x":40000,"y":1'; do
	is "$(ask "{\"op\":\"windows.move\",\"params\":{\"id\":\"$red\"},\"body\":{$bad}}" | jq -r .problem.code)" desktop_invalid_action "a window is not moved by $bad"
done
is "$(ask "{\"op\":\"windows.resize\",\"params\":{\"id\":\"$red\"},\"body\":{\"width\":-1,\"height\":5}}" | jq -r .problem.code)" desktop_invalid_action "nor resized below nothing"
status 3 "there is no such program" sa-desktop launch no-such-program
is "$(ask '{"op":"launch","body":{"app":""}}' | jq -r .problem.code)" app_not_found "with its code"
for bad in '{}' '{"app":1}' '{"app":"display","args":"x"}' '{"app":"display","args":[1]}'; do
	is "$(ask "{\"op\":\"launch\",\"body\":$bad}" | jq -r .problem.code)" desktop_invalid_action "launch refused: $bad"
done
is "$(sa-desktop launch --wait true | jq -c 'keys - ["pid"]')" '["processId"]' "a program that ends without a window is not waited for"
if command -v xdg-open >/dev/null; then
	like "$(sa-desktop open "$T/out" | jq -r .processId)" '^proc_' "a file is opened"
	status 2 "an option is none" sa-desktop open -- --version
else
	status 8 "opening without xdg-open" sa-desktop open "$T/out"
fi
if command -v xclip >/dev/null; then
	text() { sa-desktop clipboard get "$@" | jq -r .text; }
	is "$(sa-desktop clipboard get)" '{"text":"","selection":"clipboard"}' "nothing in the clipboard"
	is "$(sa-desktop clipboard set $'hällo\n"')" '{"ok":true}' "a text for it"
	is "$(text)" $'hällo\n"' "is there"
	is "$(printf 'piped' | sa-desktop clipboard set --selection primary)" '{"ok":true}' "one out of standard input, for the selection"
	is "$(text --selection primary) $(text | head -1)" "piped hällo" "each has its own"
	for word in again again '' '' last; do sa-desktop clipboard set "$word" >/dev/null; is "$(text)" "$word" "then '$word'"; done
	is "$(sa-process list --json --owner desktop | jq -r 'select(.command == "xclip") | .status' | sort | uniq -c | tr -s ' ')" " 2 running" "of those who hand them out two are left"
	head -c 900000 /dev/zero | tr '\0' x | sa-desktop clipboard set >/dev/null
	is "$(text | wc -c)" 900001 "a long one"
	for bad in '{}' '{"text":1}' '{"text":"a\u0000b"}' '{"text":"a","selection":"other"}' '{"text":"a","selection":1}'; do
		is "$(ask "{\"op\":\"clipboard.set\",\"body\":$bad}" | jq -r .problem.code)" desktop_invalid_action "clipboard refused: $bad"
	done
	status 2 "no such selection" sa-desktop clipboard get --selection other
	is "$(ls "$XDG_STATE_HOME/sandbox-agent/desktop")" "$(printf 'desktop-runtime.log\nhome\nlock\nstate.json')" "no text stays in a file"
else
	skip "the clipboard" "xclip is not there"
	status 8 "the clipboard without xclip" sa-desktop clipboard get
fi
like "$(sa-desktop screenshot | file -)" "PNG image data, 640 x 480" "a screenshot"
like "$(sa-desktop screenshot --format jpeg --scale 0.5 | file -)" "JPEG.* 320x240" "smaller, in another format"
like "$(sa-desktop screenshot --region 600,400,100,100 --cursor | file -)" "PNG image data, 40 x 80" "a region is cut at the edge"
for bad in "--scale 2" "--quality 0" "--format gif" "--region 640,0,1,1" "--region 1,2,3" "--region 0,0,0,1"; do
	# shellcheck disable=SC2086
	status 2 "screenshot refused: $bad" sa-desktop screenshot $bad
done
if command -v ffmpeg >/dev/null; then
	ok "recording begins" sa-desktop recording start --fps 5
	status 4 "one at a time" sa-desktop recording start
	status 4 "nor is it removed meanwhile" sa-desktop recording delete rec_1
	wait_until 20 test -s "$XDG_STATE_HOME/sandbox-agent/desktop/recordings/rec_1.mp4"
	is "$(sa-desktop recording stop | jq -r .status)" completed "and ends"
	like "$(sa-desktop recording download rec_1 | file -)" "ISO Media" "as a film"
	ok "which can be removed" sa-desktop recording delete rec_1
else
	skip "a recording" "ffmpeg is not there"
	status 8 "a recording without ffmpeg" sa-desktop recording start
fi
manager=$(sa-desktop status | jq -r '.processes[] | select(.name == "openbox") | .pid')
kill -KILL "$manager"
wait_until 5 is_dead "$manager"
is "$(point move 1 1)" "1 1" "an action after a program's death"
is "$(sa-desktop status | jq -c '[.processes[] | select(.name == "openbox") | .running, (.pid != '"$manager"')]')" '[true,true]' "starts it again"
ok "it stops" sa-desktop stop
is "$(field .state)" inactive "and is inactive"
ok "its display is gone" is_dead "$first"
is "$(sa-process list --json --owner desktop | jq -r 'select(.status == "running") | .id')" "" "with all of its processes"
ok "again is no error" sa-desktop stop
# The same over HTTP.
if command -v curl >/dev/null; then
	. "$TOP/tests/serve-lib.sh"
	serve
	POST /v1/desktop/start "${json[@]}" -d '{"width":320,"height":240}'
	is "$code $(field .state)" "200 active" "HTTP: start"
	POST /v1/desktop/launch "${json[@]}" -d '{"app":"display","args":["-title","web","-size","90x60","xc:red"],"wait":true}'
	is "$code $(field 'keys | join(" ")')" "200 pid processId windowId" "HTTP: launch"
	id=$(field .windowId)
	GET /v1/desktop/windows
	is "$code $(field '.windows | map(.title) | join(" ")')" "200 web" "HTTP: windows"
	GET /v1/desktop/windows/focused
	is "$code $(field .id)" "200 $id" "HTTP: the focused one"
	POST "/v1/desktop/windows/$id/focus"
	is "$code $(field .isActive)" "200 true" "HTTP: focus"
	POST "/v1/desktop/windows/$id/move" "${json[@]}" -d '{"x":5,"y":5}'
	is "$code $(field .id)" "200 $id" "HTTP: move"
	POST "/v1/desktop/windows/$id/resize" "${json[@]}" -d '{"width":50,"height":40}'
	is "$code $(field .width)" "200 50" "HTTP: resize"
	POST /v1/desktop/windows/77/focus
	is "$code $(field .code)" "404 window_not_found" "HTTP: none"
	if command -v xclip >/dev/null; then
		POST /v1/desktop/clipboard "${json[@]}" -d '{"text":"web","selection":"primary"}'
		is "$code $(body)" '200 {"ok":true}' "HTTP: a text for the clipboard"
		GET '/v1/desktop/clipboard?selection=primary'
		is "$code $(body)" '200 {"text":"web","selection":"primary"}' "HTTP: and it is there"
	fi
	POST /v1/desktop/open "${json[@]}" -d '{}'
	like "$code $(field .code)" '^(400 desktop_invalid_action|503 desktop_dependencies_missing)$' "HTTP: open wants a target"
	POST /v1/desktop/stop
	is "$code $(field .state)" "200 inactive" "HTTP: stop"
	kill "$server" && wait_until 5 is_dead "$server"
fi
# A server that ends takes the desktop with it that it was asked to start.
printf '%s\n' '{"op":"start","body":{"width":64,"height":64}}' '{"op":"shutdown"}' '{"op":"status"}' | sa-desktop filter >answers
is "$(jq -r .result.state answers | tr '\n' ' ')" "active null inactive " "shutdown ends what the filter started"
done_testing
