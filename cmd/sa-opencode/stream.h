/* The verb events: what happens in all sessions, as OpenCode's server-sent events. */
#ifndef SA_OPENCODE_STREAM_H
#define SA_OPENCODE_STREAM_H

#include "base/error.h"
#include "cli/options.h"

#include <stdbool.h>
#include <stdint.h>

struct stream_options {
	struct common_options common;
	const char *directory; /* for worktree.ready */
	uint64_t after;	       /* Last-Event-ID; UINT64_MAX: from now on */
	bool is_global;	       /* each event in an envelope too, as GET /global/event has it */
};

int stream_run(const void *options, int argc, char **argv, struct sa_error *err);

#endif
