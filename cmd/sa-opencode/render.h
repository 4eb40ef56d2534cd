/* The verb render: event records (sa-events(5)) on standard input, OpenCode's messages out. */
#ifndef SA_OPENCODE_RENDER_H
#define SA_OPENCODE_RENDER_H

#include "base/error.h"
#include "cli/options.h"

#include <stdbool.h>

struct render_options {
	struct common_options common;
	bool is_events;
};

int render_run(const void *options, int argc, char **argv, struct sa_error *err);

#endif
