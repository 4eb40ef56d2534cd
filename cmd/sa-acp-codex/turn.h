/* Prompts as Codex's turns, one after the other in a session. */
#ifndef CODEX_TURN_H
#define CODEX_TURN_H

#include "adapter/prompt.h"
#include "server.h"

struct session;

/* A prompt_write_fn. */
int turn_write_part(struct buf *b, const struct prompt_part *part, struct sa_error *err);
/* May one more prompt be taken now? Starts an agent anew that has ended. 0, or -1. */
int turn_check(struct session *session, struct sa_error *err);
/* End the running turn: it is answered when the agent has stopped. */
void turn_interrupt(struct session *session);
/* Send the next prompt when none runs and the thread is loaded. */
void turn_next(struct session *session);
/* turn/started, turn/completed: the turn, a JSON object. */
void turn_started(struct session *session, struct span turn);
void turn_completed(struct session *session, struct span turn);
/* thread/tokenUsage/updated. */
void turn_usage(struct session *session, struct span usage);
/* A cancelled turn does not end: answer its prompt all the same. */
void turn_give_up(struct session *session);
/* The app-server has ended. */
void turn_lost(struct session *session, const char *why);
/* For calls whose answer nobody needs. */
void turn_ignore_answer(struct codex *codex, const struct call *call,
			const struct envelope *envelope);

#endif
