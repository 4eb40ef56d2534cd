/*
 * The one way to start a program: an argv array, never a shell. The child
 * gets default signals, the descriptors that are asked for and no others,
 * optionally an own session; a failing exec comes back as an error.
 */
#ifndef SA_OS_SPAWN_H
#define SA_OS_SPAWN_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

enum { SPAWN_FDS_MAX = 8 };

struct spawn {
	const char *path;	/* program; looked up on PATH when it has no slash */
	char *const *argv;	/* NULL-terminated */
	char *const *env;	/* NULL-terminated; NULL: this process's environment */
	const char *cwd;	/* NULL: stay */
	int fds[SPAWN_FDS_MAX]; /* fds[i] becomes descriptor i of the child; -1: /dev/null for
				   0-2, closed above */
	int fd_count;		/* how many of fds count; at least 3 */
	bool is_session_leader; /* setsid() */
	bool is_terminal; /* fds[0] becomes the controlling terminal; with is_session_leader */
	int parent_death_signal; /* PR_SET_PDEATHSIG, 0: none */
	int cgroup_fd;		 /* cgroup v2 folder to start in; -1: none */
	bool needs_cgroup;	 /* and nowhere else: there are limits in it */
};

#define SPAWN_INIT ((struct spawn){.fds = {-1, -1, -1}, .fd_count = 3, .cgroup_fd = -1})

/*
 * Start it. The pid, or -1: PROBLEM_NOT_FOUND when there is no such program
 * or working directory, else PROBLEM_STREAM_ERROR; err->errnum tells more.
 */
pid_t spawn_start(const struct spawn *spawn, struct sa_error *err);

/* waitpid() without EINTR. The wait status, or -1. */
int spawn_wait(pid_t pid);

#endif
