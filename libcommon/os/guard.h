/*
 * The guard: a process between an owner (a supervisor) and the program that
 * it runs, the child. It is the child's parent and a subreaper, so that
 * nothing the child starts can leave its tree. It holds no state and does
 * little, so that it can do the one thing nobody else can: end the whole
 * tree when the owner is killed. If the guard itself is killed, the child
 * gets SIGKILL (PR_SET_PDEATHSIG) and the rest of the tree falls to the
 * owner, which has to be a subreaper too.
 */
#ifndef SA_OS_GUARD_H
#define SA_OS_GUARD_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct guard_plan {
	char *const *argv;    /* of the child */
	const char *cwd;      /* NULL: here */
	char **env;	      /* of the child, borrowed, the tag is added; NULL: ours */
	const char *tag_name; /* environment variable that marks the tree; NULL: none */
	int stdin_fd, stdout_fd, stderr_fd; /* the child's */
	bool is_terminal;  /* they are a terminal: it becomes the controlling one */
	bool needs_cgroup; /* it is not started outside of its cgroup */
};

enum guard_message_type {
	GUARD_STARTED, /* number: the child's pid */
	GUARD_FAILED,  /* number: enum problem_kind; text: why */
	GUARD_EXITED,  /* number: wait status of the child */
	GUARD_GONE,    /* nothing of the tree is left; the guard ends */
};

struct guard_message {
	enum guard_message_type type;
	int number;
	char text[512];
};

/*
 * Fork the guard. It waits for guard_start(); the child's descriptors stay
 * the caller's to close. The control descriptor (SOCK_SEQPACKET,
 * non-blocking, sends struct guard_message), or -1.
 */
int guard_fork(const struct guard_plan *plan, pid_t *ret_pid, struct sa_error *err);
/* Let it start the child, marked with tag (NULL: the plan names none), in this cgroup (NULL: none).
 * 0, or -1. */
int guard_start(int control_fd, const char *tag, const char *cgroup, struct sa_error *err);
/* The next message. 1; 0: none for now; -1: the guard is gone and has nothing more to say. */
int guard_receive(int control_fd, struct guard_message *ret);
/* Ask the tree to end (SIGTERM, to a terminal's SIGHUP too, SIGCONT): the child's group while it
 * lives, then whatever is left. Or end it (SIGKILL). 0, or -1 with errno. */
int guard_terminate(int control_fd);
int guard_kill(int control_fd);
/* What a key of a terminal sends: SIGINT to the whole tree, wherever in it. 0, or -1 with errno. */
int guard_interrupt(int control_fd);

#endif
