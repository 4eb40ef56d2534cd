/*
 * Requests of clients that the agent has not answered yet. Each travels under
 * an id that is unique among them (the wire id): the client's own, when it is
 * free and one that every agent gives back as it was; else a number of the
 * supervisor's. So clients may use the same JSON-RPC ids at the same time.
 */
#ifndef SA_SUPERVISE_CALLS_H
#define SA_SUPERVISE_CALLS_H

#include "acp/envelope.h"
#include "supervisor.h"

/* A new call for a request envelope. NULL with PROBLEM_SESSION_BUSY at CALLS_MAX. */
struct call *calls_add(struct supervisor *sv, uint64_t client, int64_t ref,
		       const struct envelope *request, struct sa_error *err);
/* By wire id as JSON; NULL when there is none. Valid until the table changes. */
struct call *calls_find(struct supervisor *sv, struct span wire_id);
/* The call of this client under its own id; NULL when there is none. */
struct call *calls_find_own(struct supervisor *sv, uint64_t client, struct span id);
void calls_remove(struct supervisor *sv, struct call *call);
/* The client left: its calls go on, nobody waits for them. */
void calls_forget_client(struct supervisor *sv, uint64_t client);
void calls_free(struct supervisor *sv);

#endif
