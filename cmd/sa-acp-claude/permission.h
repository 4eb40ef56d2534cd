/*
 * Claude asks whether it may use a tool (can_use_tool); the ACP client
 * answers: session/request_permission, for AskUserQuestion elicitation/create.
 */
#ifndef CLAUDE_PERMISSION_H
#define CLAUDE_PERMISSION_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

struct session;

/* Questions without an answer at once; further ones are refused. */
enum { PERMISSIONS_MAX = 64 };

struct permission {
	struct permission *next;
	struct session *session;
	int64_t ask_id;
	char *request_id; /* Claude's, a raw JSON string */
	struct buf request;
};

/* A can_use_tool control request. Both are raw JSON. */
void permission_request(struct session *session, struct span request_id, struct span request);
/* control_cancel_request: Claude does not want the answer any more. */
void permission_cancelled(struct session *session, struct span request_id);
/* Claude has ended: nobody wants any answer. */
void permission_drop_all(struct session *session);

/* Answer Claude: a control_response with behaviour "allow" or "deny". */
void permission_allow(struct permission *permission, struct span updated_input,
		      struct span updated_permissions);
void permission_deny(struct permission *permission, const char *message, bool is_interrupt);

#endif
