/* Requests of the agent that somebody has to answer: permissions, questions, anything. */
#ifndef SA_SUPERVISE_ASKS_H
#define SA_SUPERVISE_ASKS_H

#include "acp/envelope.h"
#include "supervisor.h"

/* A request of the agent, carried by event index. NULL when there are too many. */
struct ask_track *asks_add(struct supervisor *sv, const struct envelope *request, int64_t index,
			   struct session_track *session);
/* The oldest open one with this JSON-RPC id; NULL when there is none. */
struct ask_track *asks_find_id(struct supervisor *sv, struct span id);
/* By event id. NULL with PROBLEM_NOT_FOUND, or PROBLEM_CONFLICT when it is settled. */
struct ask_track *asks_find_event(struct supervisor *sv, const char *event_id,
				  struct sa_error *err);
/* Was an ask with this JSON-RPC id settled lately? ret_is_ours: by us, not by another client. */
bool asks_was_settled(struct supervisor *sv, struct span id, bool *ret_is_ours);
/* It is over; by and reason: for the record, NULL allowed. The row is written with the next
 * batch. */
void asks_settle(struct supervisor *sv, struct ask_track *ask, enum ask_state state,
		 struct span answer, const char *by, const char *reason);
/* This session is over; NULL: the agent is gone. */
void asks_lose(struct supervisor *sv, const struct session_track *session);
/* One that is in no list any more. */
void asks_free_one(struct ask_track *ask);
void asks_free(struct supervisor *sv);

#endif
