/*
 * What passes between clients and the agent: route it, learn from it, record
 * it. The bytes of others are not rewritten, with these exceptions: the id
 * of a client's request on its way to the agent and back, and requestId in
 * $/cancel_request.
 */
#ifndef SA_SUPERVISE_TRAFFIC_H
#define SA_SUPERVISE_TRAFFIC_H

#include "supervisor.h"

struct client_message {
	uint64_t client;
	int64_t ref;
	struct span payload;	  /* one JSON value */
	const char *session_name; /* NULL: no wish */
	bool is_replay_hidden;
	bool is_hosting;   /* an initialize: fs/ and terminal/ requests are the supervisor's */
	bool is_expanding; /* variables in params.mcpServers get their values on the way */
	const struct origin *origin; /* of the session that it makes; NULL: no past */
	const char *by;		     /* who says it, for the record of an answer; NULL: "client" */
	const char *reason;	     /* and why; NULL allowed */
};

/* Pass a client's message on. 0, or -1: nothing was sent or recorded. */
int traffic_from_client(struct supervisor *sv, const struct client_message *message,
			struct sa_error *err);
/* One line of the agent's stdout. */
void traffic_from_agent(struct supervisor *sv, struct span line);
/* A line over the limit: its head and its length. */
void traffic_line_too_long(struct supervisor *sv, struct span head, uint64_t bytes);
/* The agent has ended: say so, answer what is open, settle the sessions. */
void traffic_agent_ended(struct supervisor *sv);
/* Cancel the running turn of a session on the supervisor's own account. */
void traffic_cancel(struct supervisor *sv, struct session_track *session);

#endif
