/*
 * The prompts that wait for their session's turn. A living supervisor has the queue; without one,
 * those that nobody waits for lie in the store, and are sent once the session is resumed.
 */
#ifndef SA_SESSION_QUEUED_H
#define SA_SESSION_QUEUED_H

#include "connection.h"

/* Append them as a JSON array of records (sa-events(5)). c: found; linked if it has to be. 0, or -1. */
int queued_list(struct connection *c, struct buf *ret, struct sa_error *err);
/*
 * Give one other content blocks (a JSON array), or with NONE drop it. by: who, for the record.
 * 0; -1 with PROBLEM_NOT_FOUND: it does not wait any more.
 */
int queued_change(struct connection *c, const char *prompt_id, struct span blocks, const char *by,
		  struct sa_error *err);

#endif
