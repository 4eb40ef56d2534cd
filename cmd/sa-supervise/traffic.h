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
};

/* Pass a client's message on. 0, or -1: nothing was sent or recorded. */
int traffic_from_client(struct supervisor *sv, const struct client_message *message,
			struct sa_error *err);
/* A client's answer to an ask, as a JSON-RPC response. 0, or -1. */
int traffic_settle_ask(struct supervisor *sv, struct ask_track *ask, struct span response,
		       uint64_t client, int64_t ref, struct sa_error *err);
/* One line of the agent's stdout. */
void traffic_from_agent(struct supervisor *sv, struct span line);
/* A line over the limit: its head and its length. */
void traffic_line_too_long(struct supervisor *sv, struct span head, uint64_t bytes);
/* The agent has ended: say so, answer what is open, settle the sessions. */
void traffic_agent_ended(struct supervisor *sv);
/* Cancel the running turn of a session on the supervisor's own account. */
void traffic_cancel(struct supervisor *sv, struct session_track *session);

#endif
