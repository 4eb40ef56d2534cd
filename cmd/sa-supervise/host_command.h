/* The command that terminal/create asks for. */
#ifndef SA_SUPERVISE_HOST_COMMAND_H
#define SA_SUPERVISE_HOST_COMMAND_H

#include "base/error.h"
#include "base/span.h"
#include "supervisor.h"

#include <stddef.h>

struct host_words {
	char **items; /* owned; NULL-terminated once there is one */
	size_t count;
};

struct host_command {
	struct host_words argv;
	struct host_words env; /* NAME=VALUE */
	char **base_env; /* what the agent sees of our environment; its strings are borrowed */
	char *cwd;
};

/* Members command, args, env, cwd (beneath root) of params. 0, or -1; to be cleared either way. */
int host_command_read(const struct supervisor *sv, const char *root, struct span params,
		      struct host_command *ret, struct sa_error *err);
void host_command_clear(struct host_command *command);
#define cleanup_host_command __attribute__((cleanup(host_command_clear)))

#endif
