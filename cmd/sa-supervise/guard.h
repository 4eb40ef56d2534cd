/*
 * The guard: a process between the supervisor and the agent. It is the
 * agent's parent and a subreaper, so that nothing the agent starts can
 * leave its tree. It holds no state and does little, so that it can do the
 * one thing nobody else can: end the whole tree when the supervisor is
 * killed. If the guard itself is killed, the agent gets SIGKILL
 * (PR_SET_PDEATHSIG) and the rest of the tree falls to the supervisor, which
 * is a subreaper too.
 */
#ifndef SA_SUPERVISE_GUARD_H
#define SA_SUPERVISE_GUARD_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* What the agent's environment is marked with; its value is the server's uid. */
#define GUARD_TAG "SANDBOX_AGENT_SERVER_UID"

struct guard_plan {
	char *const *argv; /* of the agent */
	const char *cwd;
	int stdin_fd, stdout_fd, stderr_fd; /* the agent's ends of its pipes */
};

enum guard_message_type {
	GUARD_STARTED, /* number: the agent's pid */
	GUARD_FAILED,  /* number: enum problem_kind; text: why */
	GUARD_EXITED,  /* number: wait status of the agent */
	GUARD_GONE,    /* nothing of the tree is left; the guard ends */
};

struct guard_message {
	enum guard_message_type type;
	int number;
	char text[512];
};

/*
 * Fork the guard. It waits for guard_start(). The control descriptor
 * (SOCK_SEQPACKET, non-blocking, sends struct guard_message), or -1.
 */
int guard_fork(const struct guard_plan *plan, pid_t *ret_pid, struct sa_error *err);
/* Let it start the agent, marked with uid, in this cgroup (NULL: none). 0, or -1 with errno. */
int guard_start(int control_fd, const char *uid, const char *cgroup);
/* Ask the tree to end (SIGTERM, SIGCONT), or end it (SIGKILL). 0, or -1 with errno. */
int guard_terminate(int control_fd);
int guard_kill(int control_fd);

#endif
