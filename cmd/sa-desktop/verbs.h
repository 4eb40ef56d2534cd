/* The verbs of the shell: each makes the request that a client would send. */
#ifndef SA_DESKTOP_VERBS_H
#define SA_DESKTOP_VERBS_H

#include "base/error.h"
#include "cli/options.h"

struct options {
	struct common_options common;
	const char *width, *height, *dpi, *display;
	const char *format, *quality, *scale, *region;
	const char *button, *count, *delay, *fps;
	const char *selection;
	bool has_cursor, is_waited;
};

typedef int verb_fn(const void *options, int argc, char **argv, struct sa_error *err);
verb_fn verb_status, verb_start, verb_stop, verb_display, verb_screenshot, verb_mouse,
    verb_keyboard, verb_window, verb_clipboard, verb_launch, verb_open, verb_recording, verb_stream,
    verb_filter;

#endif
