/* A person at a process: their terminal, or what they pipe in, and its output. */
#ifndef SA_PROCESS_ATTACH_H
#define SA_PROCESS_ATTACH_H

#include "base/error.h"
#include "process/folder.h"

#include <stdint.h>

struct attach_options {
	int detach_key; /* a byte; -1: none */
	uint64_t scrollback_bytes;
};

/*
 * Show the process and pass on what comes in on descriptor 0, until it ends
 * or the key is pressed. Its exit status (128 + the signal that ended it), 0
 * after detaching, or -1 with err.
 */
int attach_run(struct folder *folder, const struct process *process,
	       const struct attach_options *options, struct sa_error *err);

#endif
