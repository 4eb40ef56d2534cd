/* Start a supervisor, find one, tidy up after a dead one. */
#ifndef SA_AGENT_LAUNCH_H
#define SA_AGENT_LAUNCH_H

#include "base/error.h"
#include "store/store.h"

#include <stddef.h>

struct launch {
	const char *server_id;
	const char *agent;
	char *const *argv;	     /* of the agent; NULL-terminated */
	const char *cwd;	     /* absolute */
	const char *const *env;	     /* count entries NAME=VALUE beside our environment */
	size_t env_count;
	const char *credentials;     /* "auto", "none" or a file: only the agent's keys get in; NULL:
					the environment as it is */
	const char *const *limits;   /* options for sa-supervise, e.g. "--lease", "5m"; ends with NULL */
};

/*
 * Run sa-supervise in a session of its own and wait until its agent runs. With
 * credentials, "sa-credentials exec" becomes the supervisor, so that no process
 * of the session ever holds another provider's keys; what env names stays.
 * 0; -1 with what it said: PROBLEM_CONFLICT (that server runs already),
 * PROBLEM_NOT_FOUND (no such program) and others.
 */
int launch_server(const struct launch *launch, struct sa_error *err);

/* If the row says "running" but its supervisor is dead: end what is left of the tree, remove its
 * folder and cgroup, mark it dead in the store and in *server. 0, or -1. */
int launch_reap(struct store *store, struct server *server, struct sa_error *err);
/* The same for all servers. */
int launch_reap_all(struct store *store, struct sa_error *err);

#endif
