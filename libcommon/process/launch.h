/* Start a managed process: its supervisor, sa-keep, which outlives us. */
#ifndef SA_PROCESS_LAUNCH_H
#define SA_PROCESS_LAUNCH_H

#include "base/error.h"
#include "base/span.h"
#include "process/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process_launch {
	char *const
	    *argv; /* NULL-terminated; argv[0] is looked up on the PATH of the new environment */
	const char *cwd;	/* NULL: here */
	char *const *base_env;	/* the environment to begin with; NULL: ours */
	const char *const *env; /* env_count entries NAME=VALUE beside it */
	size_t env_count;
	bool is_tty; /* a terminal; TERM is then xterm-256color unless env says otherwise */
	bool is_interactive;
	int cols, rows; /* of the terminal; 0: 80, 24 */
	enum process_owner owner;
	struct process_limits limits;
	bool is_served; /* it is to end with this server: see process/record.h, starter */
	int bound_fd;	/* it is to end when this descriptor's other end closes; -1: none */
};
#define PROCESS_LAUNCH_INIT ((struct process_launch){.bound_fd = -1})

/*
 * Start the supervisor. Its pid (our child); on ret_ready_fd (caller closes)
 * it writes one line once the process runs, or why not, and closes it. -1.
 */
pid_t process_launch_start(const struct process_launch *launch, int *ret_ready_fd,
			   struct sa_error *err);
/* What that line says: 0 with the record, or -1. An empty one is an error too. */
int process_launch_result(struct span line, struct process *ret, struct sa_error *err);
/* Both, waiting in between. */
int process_launch(const struct process_launch *launch, struct process *ret, struct sa_error *err);

#endif
