/*
 * The end of a request of the agent: its answer goes to the agent, the
 * record says who gave it and why, and everybody hears of it
 * (_adapter/request_settled, _adapter/request_expired: sa-events(5)).
 */
#ifndef SA_SUPERVISE_SETTLE_H
#define SA_SUPERVISE_SETTLE_H

#include "acp/envelope.h"
#include "supervisor.h"
#include "traffic.h"

/* A client's answer, as a JSON-RPC response; of message only who it is counts. 0, or -1. */
int settle_by_client(struct supervisor *sv, struct ask_track *ask, struct span response,
		     const struct client_message *message, struct sa_error *err);
/* Our own answer: member "result" or "error" of the response. reason: NULL allowed. */
void settle_by_us(struct supervisor *sv, struct ask_track *ask, enum ask_state state,
		  const char *member, const char *by, const char *reason);
/* ACP "Cancellation": the client answers what the agent has asked with "cancelled". */
void settle_cancel(struct supervisor *sv, struct session_track *session);

/*
 * The member that answers a request (JSON-RPC) as wished; the caller frees.
 * NULL when that cannot be: nobody can allow a question, or the agent offers
 * nothing that allows.
 */
char *settle_member(struct span request, enum wish wish);

#endif
