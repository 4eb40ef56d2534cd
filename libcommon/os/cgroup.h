/*
 * A cgroup v2 folder per agent where the hierarchy is writable: one write to
 * cgroup.kill then ends the whole tree at once (Linux 5.14). Where it is not
 * writable nothing is created and the process tree is walked instead.
 */
#ifndef SA_OS_CGROUP_H
#define SA_OS_CGROUP_H

#include "base/error.h"

#include <stdint.h>

/*
 * Make a child cgroup of our own with this name. Its path (caller frees); NULL
 * when not possible or switched off by SANDBOX_AGENT_CGROUP=0.
 */
char *cgroup_create(const char *name);
/* 0: no limit. */
struct cgroup_limits {
	uint64_t memory_bytes;
	uint64_t cpu_percent; /* of one processor */
	uint64_t pids;
};
/*
 * Limit what runs in a cgroup of ours (path NULL: there is none). 0; -1 with
 * PROBLEM_INVALID_REQUEST when this machine does not let us: the controller
 * is not handed down to us.
 */
int cgroup_limit(const char *path, const struct cgroup_limits *limits, struct sa_error *err);
/* SIGKILL everything in it, then remove it. Harmless on NULL or a path that is gone. */
void cgroup_destroy(const char *path);

#endif
