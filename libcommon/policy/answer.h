/* What a person or a program decides about a request of an agent, as the agent wants to hear it. */
#ifndef SA_POLICY_ANSWER_H
#define SA_POLICY_ANSWER_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

/* JSON values, NONE where not given; words wins over the members behind it. */
struct answer {
	struct span result;  /* the answer as it is */
	struct span error;   /* a JSON-RPC error as it is */
	struct span word;    /* an optionId; allow, allow-always, reject, reject-always, cancel;
				accept, decline (allow and reject mean that for a question
				that wants no content) */
	struct span content; /* of a form that is accepted */
	struct span reason;  /* text, for the record */
};

/*
 * Read an answer (a JSON object, borrowed): members result, error, content,
 * reason, and the word as "decision" (deny is reject), "optionId", "action"
 * or "outcome" (ACP's own form of that too).
 */
void answer_read(struct span object, struct answer *ret);

/*
 * Append the member "result" or "error" of the answer to request (a JSON-RPC
 * request of the agent). 0; -1 with PROBLEM_INVALID_REQUEST that says what
 * can be answered.
 */
int answer_add(struct buf *b, const struct answer *answer, struct span request,
	       struct sa_error *err);

#endif
