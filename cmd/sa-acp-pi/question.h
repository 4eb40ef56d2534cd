/*
 * Pi's extension_ui_request: our gate's questions before tool calls become
 * session/request_permission (or are answered by the session's mode), those
 * of other extensions elicitation/create.
 */
#ifndef PI_QUESTION_H
#define PI_QUESTION_H

#include "base/span.h"

struct session;

/* Questions without an answer at once; further ones are cancelled. */
enum { QUESTIONS_MAX = 64 };

void question_asked(struct session *session, struct span line);
/* The turn is cancelled: tell Pi so, and the client that nobody waits. */
void question_cancel_all(struct session *session);
/* Pi has ended. */
void question_drop_all(struct session *session);

#endif
