/*
 * What an agent asks, as OpenCode's permissions and questions, and the
 * replies of its clients as the agent's answers. Pure.
 *
 *   session/request_permission   PermissionRequest; once, always, reject
 *   elicitation/create           QuestionRequest: a question for each property
 */
#ifndef SA_OPENCODE_ASK_H
#define SA_OPENCODE_ASK_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct ask_place {
	const char *session_id;
	const char *server_uid;
	int64_t index;
	const char *message_id; /* that the call belongs to; NULL: not known */
};

/* Is a request of this method one of them (a question)? */
bool ask_is_known(const char *method);
bool ask_is_question(const char *method);
/* payload: the agent's request. */
void ask_add_request(struct buf *b, const struct ask_place *place, struct span payload);
/* The uid and index in "perm_UID-N" or "q_UID-N": the event's id, borrowed. NONE: no such form. */
struct span ask_event_id(struct span id, bool is_question);
/* The agent's answer for "once", "always" or "reject" (JSON). 0; -1: another word. */
int ask_add_decision(struct buf *b, struct span payload, struct span reply, struct sa_error *err);
/* The agent's answer for answers: an array of arrays of labels. 0; -1: they do not fit. */
int ask_add_answers(struct buf *b, struct span payload, struct span answers, struct sa_error *err);
/* Answers as OpenCode tells them, out of the agent's answer. */
void ask_add_told_answers(struct buf *b, struct span result);

#endif
