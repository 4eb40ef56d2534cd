/* Slash commands: Codex has none in its protocol, so these are calls of its own behind names. */
#ifndef CODEX_COMMANDS_H
#define CODEX_COMMANDS_H

#include "server.h"

/* available_commands_update. */
void commands_tell(struct session *session);
/*
 * Is input (the prompt as an array of UserInput) such a command? Then it is
 * called, and fn gets the answer: a turn begins, as with turn/start.
 */
bool commands_run(struct session *session, struct span input, call_fn *fn);

#endif
