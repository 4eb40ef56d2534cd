/* Requests of the agent that somebody has to answer: permissions, questions, anything. */
#ifndef SA_SUPERVISE_ASKS_H
#define SA_SUPERVISE_ASKS_H

#include "acp/envelope.h"
#include "supervisor.h"

/* A request of the agent, carried by event index. */
void asks_add(struct supervisor *sv, const struct envelope *request, int64_t index,
	      struct session_track *session);
/* The oldest open one with this JSON-RPC id; NULL when there is none. */
struct ask_track *asks_find_id(struct supervisor *sv, struct span id);
/* By event id. NULL with PROBLEM_NOT_FOUND, or PROBLEM_CONFLICT when it is settled. */
struct ask_track *asks_find_event(struct supervisor *sv, const char *event_id,
				  struct sa_error *err);
/* Was an ask with this JSON-RPC id settled, and none opened under it since? */
bool asks_was_settled(struct supervisor *sv, struct span id);
/* It is answered, cancelled or lost. The row is written with the next batch. */
void asks_settle(struct supervisor *sv, struct ask_track *ask, enum ask_state state,
		 struct span answer);
/* The agent is gone. */
void asks_lose_all(struct supervisor *sv);
void asks_free(struct supervisor *sv);

#endif
