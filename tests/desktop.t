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
for action in "start" "display" "screenshot" "mouse position" "mouse click 1 1" "keyboard type a"; do
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
status 2 "no such key" sa-desktop keyboard press nosuchkey
status 2 "no text" sa-desktop keyboard type ''
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
# A server that ends takes the desktop with it that it was asked to start.
printf '%s\n' '{"op":"start","body":{"width":64,"height":64}}' '{"op":"shutdown"}' '{"op":"status"}' | sa-desktop filter >answers
is "$(jq -r .result.state answers | tr '\n' ' ')" "active null inactive " "shutdown ends what the filter started"
done_testing
