/* Claude's slash commands as available_commands_update. */
#ifndef CLAUDE_COMMANDS_H
#define CLAUDE_COMMANDS_H

#include "base/span.h"

struct session;

/* commands: Claude's array of {name, description, argumentHint}. */
void commands_tell(struct session *session, struct span commands);

#endif
