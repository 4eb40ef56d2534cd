/*
 * What a session may use: turns, tokens, cost (--max-turns and others). At
 * the limit its turn is cancelled (_adapter/limit_reached says so) and no
 * other begins.
 */
#ifndef SA_SUPERVISE_LIMITS_H
#define SA_SUPERVISE_LIMITS_H

#include "supervisor.h"

/* The session lives again: what it has used in earlier lives counts. */
void limits_recall(struct supervisor *sv, struct session_track *session);
/* May another turn begin? 0; -1 with PROBLEM_LIMIT_REACHED. */
int limits_check(const struct supervisor *sv, const struct session_track *session,
		 struct sa_error *err);
/* Learn from a message of the agent about this session; cancel its turn at the limit. */
void limits_note(struct supervisor *sv, struct session_track *session, struct span answers,
		 struct span payload);

#endif
