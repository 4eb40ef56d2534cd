/* Start a supervisor, find one, tidy up after a dead one. */
#ifndef SA_AGENT_LAUNCH_H
#define SA_AGENT_LAUNCH_H

#include "base/buf.h"
#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct launch {
	const char *server_id;
	const char
	    *server_uid; /* continue this very server, closed or not; NULL: store_claim_server() */
	const char *agent;
	char *const *argv;	/* of the agent; NULL-terminated */
	const char *cwd;	/* absolute */
	const char *const *env; /* count entries NAME=VALUE beside our environment */
	size_t env_count;
	bool inherits_env;	 /* the agent sees all of ours, as in the reference, unless
				    SANDBOX_AGENT_ENV=minimal; keys and our own aside */
	const char *credentials; /* "auto", "none" or a file: only the agent's keys get in; NULL:
				    the environment as it is */
	const char *const
	    *limits; /* options for sa-supervise, e.g. "--lease", "5m"; ends with NULL */
};

/*
 * Run sa-supervise in a session of its own and wait until its agent runs. With
 * credentials, "sa-credentials exec" becomes the supervisor, so that no process
 * of the session ever holds another provider's keys; what env names stays.
 * 0; -1 with what it said: PROBLEM_CONFLICT (that server runs already),
 * PROBLEM_NOT_FOUND (no such program) and others.
 */
int launch_server(const struct launch *launch, struct sa_error *err);

/* A supervisor that is not ready yet. */
struct launching {
	pid_t pid;     /* a child of ours, to be reaped some day */
	int ready_fd;  /* readable: launch_continue(); may be made non-blocking */
	int stderr_fd; /* what it has to say if it fails */
	struct buf line;
};
#define LAUNCHING_INIT ((struct launching){.ready_fd = -1, .stderr_fd = -1})
void launching_clear(struct launching *launching);
/* launch_server() in two steps, for callers with a loop: start it. 0, or -1. */
int launch_begin(const struct launch *launch, struct launching *ret, struct sa_error *err);
/* Read what there is. 1: its agent runs; 0: not yet (non-blocking only); -1 as launch_server(). */
int launch_continue(struct launching *launching, struct sa_error *err);

/* If the row says "running" but its supervisor is dead: end what is left of the tree, remove its
 * folder and cgroup, mark it dead in the store and in *server. 0, or -1. */
int launch_reap(struct store *store, struct server *server, struct sa_error *err);
/* The same for all servers. */
int launch_reap_all(struct store *store, struct sa_error *err);

#endif
