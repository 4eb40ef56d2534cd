/* Claude's result line: the answer to session/prompt, and usage. */
#ifndef CLAUDE_RESULT_H
#define CLAUDE_RESULT_H

#include "base/span.h"

#include <stdbool.h>

struct session;

/* Answer a prompt (request: its raw JSON id) from the result line. */
void result_answer(struct session *session, struct span request, bool is_cancelled,
		   struct span line);
/* usage_update from a result line. */
void result_usage(struct session *session, struct span line);

#endif
