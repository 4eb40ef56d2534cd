/* Make a session: start its agent, initialize, session/new. */
#ifndef SA_SESSION_CREATE_H
#define SA_SESSION_CREATE_H

#include "cli/options.h"
#include "connection.h"
#include "handshake.h"
#include "terms.h"

struct create_options {
	const char *agent;
	const char *agent_command; /* words; NULL: the agent's own program */
	const char *adapter;	   /* own, official; NULL: as configured */
	const char *cwd;
	const char *id;
	const char *credentials; /* auto, none, a file; NULL: the environment as it is */
	struct terms_options terms;
	const char *mcp_config;	 /* file; NULL: no MCP servers */
	const char *mode;
	const char *model;
	struct string_list config; /* "NAME=VALUE" */
	struct string_list env;
	int64_t timeout_ms;
	/* A fork: */
	const struct server *like;     /* with this one's program; NULL: agent, agent_command */
	const char *mcp_servers;       /* JSON array, before mcp_config; NULL: none named */
	const struct past_words *past; /* NULL: none */
	bool is_tied; /* the agent ends when this process does */
};

/* How long an agent may take to say what it can: npx in front of one takes up to 80 s. */
enum { INITIALIZE_MS = 180000 };

/* Can a new session have this id (NULL: a random one)? 0, or -1: it is taken, or one that nobody
 * could write down. Told before an agent is started. */
int create_check_id(struct store *store, const char *id, struct sa_error *err);
/* Leaves c connected to the new session. 0; -1 and nothing is left running. */
int create_session(struct connection *c, const struct create_options *options,
		   struct sa_error *err);

#endif
