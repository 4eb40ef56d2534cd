/* Prompts: sent to Amp one after the other. */
#ifndef AMP_TURN_H
#define AMP_TURN_H

#include "adapter/adapter.h"
#include "adapter/prompt.h"

struct session;

/* A prompt_write_fn. */
int turn_write_part(struct buf *b, const struct prompt_part *part, struct sa_error *err);
/* End the running turn: it is answered when the agent has stopped. */
void turn_interrupt(struct session *session);
/* Send the next prompt when none runs; starts Amp when it is not there. */
void turn_next(struct session *session);
/* A question was answered: if that is all that the turn waits for, tell Amp. */
void turn_go_on(struct session *session);
/* Amp said something: it works on the prompt. */
void turn_begun(struct session *session);
/* An assistant message ended the turn: its stop_reason, a JSON string. */
void turn_done(struct session *session, struct span reason);
/* The process has ended, with this error; after an interrupt that is how turns end. */
void turn_ended(struct session *session, const char *why);

#endif
