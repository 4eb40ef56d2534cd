/* Prompts: sent to Claude one after the other, each answered with its stop reason. */
#ifndef CLAUDE_TURN_H
#define CLAUDE_TURN_H

#include "adapter/adapter.h"

struct session;

/* May one more prompt be taken now? Starts an agent anew that has ended. 0, or -1. */
int turn_check(struct session *session, struct sa_error *err);
/* End the running turn: it is answered when the agent has stopped. */
void turn_interrupt(struct session *session);
/* Send the next prompt when none runs and Claude is ready. */
void turn_next(struct session *session);
/* A result line came: the answer to the running prompt, kept until Claude is idle. */
void turn_result(struct session *session, struct span line);
/* session_state_changed. */
void turn_state(struct session *session, struct span state);
/* Claude has ended: the running prompt is answered with this error. */
void turn_fail(struct session *session, const char *why);
/* Refuse all prompts: the session ends. */
void turn_drop_all(struct session *session, const char *why);

#endif
