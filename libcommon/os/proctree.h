/*
 * All descendants of a process. When the root is a subreaper
 * (PR_SET_CHILD_SUBREAPER) nothing that it started can leave its tree, so
 * signalling the descendants until none is left ends double-forked and
 * setsid'd processes too.
 */
#ifndef SA_OS_PROCTREE_H
#define SA_OS_PROCTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Send a signal to each descendant of root (not to root), skip excepted (0: none).
 * How many living ones there were. */
size_t proctree_signal(pid_t root, pid_t except, int signal_number);

/*
 * SIGKILL descendants of the calling process again and again, reaping what
 * becomes ours, until none is left or deadline_ms (from now) has passed.
 * Whether none is left.
 */
bool proctree_kill_mine(pid_t except, int64_t deadline_ms);

/* Has this process of ours "name=value" in its environment? */
bool proctree_is_tagged(pid_t pid, const char *name, const char *value);
/*
 * The last resort for trees whose owner was killed together with its guard:
 * SIGKILL every process of this user whose environment has the entry
 * "name=value". How many there were.
 */
size_t proctree_kill_tagged(const char *name, const char *value);

#endif
