/* Prompts: sent to Claude one after the other, each answered with its stop reason. */
#ifndef CLAUDE_TURN_H
#define CLAUDE_TURN_H

#include "adapter/prompt.h"

struct session;

/* Parts of claude_agent: send a prompt; have the running one ended. */
void turn_send(struct session *session, struct prompt *prompt);
void turn_interrupt(struct session *session);
/* A result line came: the answer to the running prompt, kept until Claude is idle. */
void turn_result(struct session *session, struct span line);
/* session_state_changed. */
void turn_state(struct session *session, struct span state);
/* Claude has ended: the running prompt is answered with this error. */
void turn_fail(struct session *session, const char *why);
/* Refuse all prompts: the session ends. */
void turn_drop_all(struct session *session, const char *why);

#endif
