/* Prompts: sent to Pi one after the other, each answered when Pi has settled. */
#ifndef PI_TURN_H
#define PI_TURN_H

#include "adapter/adapter.h"
#include "adapter/prompt.h"

struct session;

/* A prompt_write_fn. */
int turn_write_part(struct buf *b, const struct prompt_part *part, struct sa_error *err);
/* Parts of pi_agent: send a prompt; have the running one ended. */
void turn_send(struct session *session, struct prompt *prompt);
void turn_interrupt(struct session *session);
/* agent_settled: after retries and what was queued; only now the turn is over. */
void turn_settled(struct session *session);
/* Pi took the prompt with this uuid (JSON string), and get_state then answered data: the turn is
 * over if nothing runs. */
void turn_accepted(struct session *session, struct span uuid, struct span data);
/* Pi refused the prompt command. */
void turn_refused(struct session *session, const char *why);
/* Pi has ended: the running prompt fails. */
void turn_fail(struct session *session, const char *why);

#endif
