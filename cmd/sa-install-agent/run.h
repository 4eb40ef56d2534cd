/* Running a program to its end, within a time, and keeping what it prints. */
#ifndef SA_INSTALL_AGENT_RUN_H
#define SA_INSTALL_AGENT_RUN_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct run {
	const char *const *argv;
	char *const *env; /* NULL: ours */
	const char *cwd;
	int64_t wait_ms;
	struct buf *out; /* stdout; NULL: dropped. Its ceiling counts: more is dropped. */
	bool has_stderr; /* into out, too */
};

/*
 * 0 when it ended with status 0. -1: it could not be started, ended
 * otherwise or took too long; then its whole session has been killed.
 */
int run_program(const struct run *run, struct sa_error *err);

#endif
