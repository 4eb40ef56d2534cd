/* sa-desktop: a virtual display, for looking at and for using. */
#include "cli/command.h"
#include "verbs.h"

#include <stddef.h>

#define AT(field) offsetof(struct options, field)

static const struct option plain_options[] = {OPTIONS_COMMON, OPTIONS_END};
static const struct option start_options[] = {
    OPTIONS_COMMON,
    {"width", 0, OPTION_STRING, AT(width), "PIXELS", "of the screen (1440)", NULL},
    {"height", 0, OPTION_STRING, AT(height), "PIXELS", "of the screen (900)", NULL},
    {"dpi", 0, OPTION_STRING, AT(dpi), "N", "pixels to the inch (96)", NULL},
    {"display", 0, OPTION_STRING, AT(display), "N", "number (the first free one from 99)", NULL},
    OPTIONS_END,
};
static const struct option screenshot_options[] = {
    OPTIONS_COMMON,
    {"format", 0, OPTION_STRING, AT(format), "NAME", "of the image (png)", "png jpeg webp"},
    {"quality", 0, OPTION_STRING, AT(quality), "N", "1 to 100, of jpeg and webp (85)", NULL},
    {"scale", 0, OPTION_STRING, AT(scale), "N", "0.1 to 1.0 (1.0)", NULL},
    {"region", 0, OPTION_STRING, AT(region), "X,Y,WIDTH,HEIGHT", "only this part", NULL},
    {"cursor", 0, OPTION_FLAG, AT(has_cursor), NULL, "with an arrow where the pointer is", NULL},
    OPTIONS_END,
};
static const struct option mouse_options[] = {
    OPTIONS_COMMON,
    {"button", 0, OPTION_STRING, AT(button), "NAME", "which one (left)", "left middle right"},
    {"count", 0, OPTION_STRING, AT(count), "N", "clicks (1)", NULL},
    OPTIONS_END,
};
static const struct option keyboard_options[] = {
    OPTIONS_COMMON,
    {"delay", 0, OPTION_STRING, AT(delay), "MS", "between typed characters (5)", NULL},
    OPTIONS_END,
};
static const struct option clipboard_options[] = {
    OPTIONS_COMMON,
    {"selection", 0, OPTION_STRING, AT(selection), "NAME", "of X11's (clipboard)",
     "clipboard primary secondary"},
    OPTIONS_END,
};
static const struct option launch_options[] = {
    OPTIONS_COMMON,
    {"wait", 0, OPTION_FLAG, AT(is_waited), NULL, "until it has opened a window", NULL},
    OPTIONS_END,
};
static const struct option recording_options[] = {
    OPTIONS_COMMON,
    {"fps", 0, OPTION_STRING, AT(fps), "N", "images in a second (30)", NULL},
    OPTIONS_END,
};

#define EXAMPLES(name, ...) static const char *const name[] = {__VA_ARGS__, NULL}
EXAMPLES(status_examples, "sa-desktop status", "sa-desktop status | jq -r .state");
EXAMPLES(start_examples, "sa-desktop start", "sa-desktop start --width 800 --height 600");
EXAMPLES(stop_examples, "sa-desktop stop", "sa-desktop stop --json | jq .state");
EXAMPLES(display_examples, "sa-desktop display", "sa-desktop display | jq .resolution.width");
EXAMPLES(screenshot_examples, "sa-desktop screenshot >screen.png",
	 "sa-desktop screenshot --format jpeg --scale 0.5 --region 0,0,400,300 >part.jpg");
EXAMPLES(mouse_examples, "sa-desktop mouse click 100 200 --count 2",
	 "sa-desktop mouse scroll 100 200 0 -- -3", "sa-desktop mouse position | jq .x");
EXAMPLES(keyboard_examples, "sa-desktop keyboard type 'hello'",
	 "sa-desktop keyboard press ctrl+shift+t");
EXAMPLES(window_examples, "sa-desktop window list | jq -r '.windows[].title'",
	 "sa-desktop window move 8388620 0 0");
EXAMPLES(clipboard_examples, "sa-desktop clipboard set 'hello'",
	 "sa-desktop clipboard get --selection primary | jq -r .text");
EXAMPLES(launch_examples, "sa-desktop launch xterm", "sa-desktop launch --wait xterm -- -T work");
EXAMPLES(open_examples, "sa-desktop open https://example.com", "sa-desktop open page.html");
EXAMPLES(recording_examples, "sa-desktop recording start --fps 10",
	 "sa-desktop recording download rec_1 >rec_1.mp4");
EXAMPLES(stream_examples, "sa-desktop stream status", "sa-desktop stream stop");
EXAMPLES(filter_examples, "echo '{\"op\":\"status\"}' | sa-desktop filter",
	 "echo '{\"op\":\"mouse.move\",\"body\":{\"x\":1,\"y\":2}}' | sa-desktop filter");

#define VERB(text, words, about, table, fn, some)                                            \
	{                                                                                    \
		.name = (text), .operands = (words), .summary = (about), .options = (table), \
		.options_bytes = sizeof(struct options), .run = (fn), .examples = (some),    \
	}

static const struct verb verbs[] = {
    VERB("status", "", "Whether it runs, and what is missing.", plain_options, verb_status,
	 status_examples),
    VERB("start", "", "Start it; one that runs stays as it is.", start_options, verb_start,
	 start_examples),
    VERB("stop", "", "End it with all its programs.", plain_options, verb_stop, stop_examples),
    VERB("display", "", "Which display, and its size.", plain_options, verb_display,
	 display_examples),
    VERB("screenshot", "", "An image of it on standard output.", screenshot_options,
	 verb_screenshot, screenshot_examples),
    VERB("mouse", "ACTION [NUMBER ...]",
	 "move, click, down, up X Y; drag X Y X Y; scroll X Y DX DY.", mouse_options, verb_mouse,
	 mouse_examples),
    VERB("keyboard", "type|press|down|up TEXT", "Type a text, or press a key.", keyboard_options,
	 verb_keyboard, keyboard_examples),
    VERB("window", "ACTION [ID [NUMBER ...]]",
	 "list, focused, focus ID; move ID X Y; resize ID WIDTH HEIGHT.", plain_options,
	 verb_window, window_examples),
    VERB("clipboard", "get|set [TEXT]", "Its text, or another: TEXT, or standard input.",
	 clipboard_options, verb_clipboard, clipboard_examples),
    VERB("launch", "PROGRAM [ARG ...]", "Run a program on it.", launch_options, verb_launch,
	 launch_examples),
    VERB("open", "TARGET", "A file or an address, with the program for it.", plain_options,
	 verb_open, open_examples),
    VERB("recording", "ACTION [ID]", "list, show, delete, download, start or stop films of it.",
	 recording_options, verb_recording, recording_examples),
    VERB("stream", "status|start|stop", "Streaming, which there is none of.", plain_options,
	 verb_stream, stream_examples),
    VERB("filter", "", "Requests as JSON lines in, answers out.", plain_options, verb_filter,
	 filter_examples),
    {.run = NULL},
};

int main(int argc, char **argv)
{
	static const struct command command = {
	    .name = "sa-desktop",
	    .summary = "a virtual display: look at it, point, type",
	    .verbs = verbs,
	    .example = start_examples,
	};
	return command_main(&command, argc, argv);
}
