/* Claude's AskUserQuestion as an ACP form (elicitation/create), and back. */
#ifndef CLAUDE_QUESTION_H
#define CLAUDE_QUESTION_H

#include "adapter/adapter.h"
#include "permission.h"

/* Ask the client. The id of the request; fn gets permission and the answer. */
int64_t question_ask(struct permission *permission, adapter_answer_fn *fn);
/* The client's result {action, content}: tell Claude. */
void question_answered(struct permission *permission, struct span result);

#endif
