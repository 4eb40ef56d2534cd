/* Prompts: sent to Amp one after the other. */
#ifndef AMP_TURN_H
#define AMP_TURN_H

#include "adapter/adapter.h"
#include "adapter/prompt.h"

struct session;

/* A prompt_write_fn. */
int turn_write_part(struct buf *b, const struct prompt_part *part, struct sa_error *err);
/* Parts of amp_agent: send a prompt, start Amp when it is not there; have the running one ended. */
void turn_send(struct session *session, struct prompt *prompt);
void turn_interrupt(struct session *session);
/* A question was answered: if that is all that the turn waits for, tell Amp. */
void turn_go_on(struct session *session);
/* Amp said something: it works on the prompt. */
void turn_begun(struct session *session);
/* An assistant message ended the turn: its stop_reason, a JSON string. */
void turn_done(struct session *session, struct span reason);
/* The process has ended, with this error; after an interrupt that is how turns end. */
void turn_ended(struct session *session, const char *why);

#endif
