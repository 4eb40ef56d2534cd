/*
 * The verb attach (the reference's "sandbox-agent opencode"): a server in
 * the background, and OpenCode's terminal program on it.
 */
#ifndef SA_OPENCODE_ATTACH_H
#define SA_OPENCODE_ATTACH_H

#include "base/error.h"
#include "cli/options.h"

#include <stdbool.h>
#include <stdint.h>

struct attach_options {
	struct common_options common;
	const char *host;
	uint64_t port;
	const char *title;
	bool is_yolo;
	const char *token;
	const char *token_file;
	bool is_no_token;
};

void attach_set_defaults(void *options);
/* Comes back only when something went wrong. */
int attach_run(const void *options, int argc, char **argv, struct sa_error *err);

#endif
