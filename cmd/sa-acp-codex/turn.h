/* Prompts as Codex's turns, one after the other in a session. */
#ifndef CODEX_TURN_H
#define CODEX_TURN_H

#include "adapter/prompt.h"
#include "server.h"

struct session;

/* A prompt_write_fn. */
int turn_write_part(struct buf *b, const struct prompt_part *part, struct sa_error *err);
/* Parts of codex_agent: does Codex read what it gets; send a prompt; have the running one ended. */
int turn_check(const struct session *session, struct sa_error *err);
void turn_send(struct session *session, struct prompt *prompt);
void turn_interrupt(struct session *session);
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
