/* How a turn ended, as ACP says it. */
#ifndef CODEX_TURN_END_H
#define CODEX_TURN_END_H

#include "adapter/prompt.h"

struct session;

/* Answer the prompt from the completed turn, a JSON object. */
void turn_end_answer(struct session *session, const struct prompt *prompt, struct span turn);

#endif
