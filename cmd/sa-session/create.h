/* Make a session: start its agent, initialize, session/new. */
#ifndef SA_SESSION_CREATE_H
#define SA_SESSION_CREATE_H

#include "cli/options.h"
#include "connection.h"

struct create_options {
	const char *agent;
	const char *agent_command; /* words; NULL: the agent's own program */
	const char *cwd;
	const char *id;
	const char *credentials; /* auto, none, a file; NULL: the environment as it is */
	struct string_list env;
	int64_t timeout_ms;
};

/* Leaves c connected to the new session. 0; -1 and nothing is left running. */
int create_session(struct connection *c, const struct create_options *options,
		   struct sa_error *err);

#endif
