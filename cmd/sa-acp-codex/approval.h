/*
 * Codex asks; the ACP client answers: commands, file changes and further
 * permissions as session/request_permission, questions and MCP forms as
 * elicitation/create.
 */
#ifndef CODEX_APPROVAL_H
#define CODEX_APPROVAL_H

#include "acp/envelope.h"
#include "base/buf.h"

#include <stdint.h>

struct codex;
struct session;

/* Questions of a session without an answer at once; further ones are refused. */
enum { APPROVALS_MAX = 64 };
/* The longest question that is kept for its answer, bytes. */
#define APPROVAL_BYTES ((size_t)128 << 20)

struct approval_kind;

struct approval {
	struct approval *next;
	struct session *session;
	const struct approval_kind *kind;
	int64_t ask_id;
	char *request_id; /* Codex's, raw JSON */
	struct buf params;
};

/* One of Codex's requests. Whether it is one that is asked (else the caller refuses it). */
bool approval_request(struct session *session, const struct envelope *envelope);
/* serverRequest/resolved: the answer is not wanted any more. request_id is raw JSON. */
void approval_resolved(struct session *session, struct span request_id);
/* Nobody wants any answer. */
void approval_drop_all(struct session *session);
/* The turn is cancelled: tell Codex so, and the client that nobody waits for its answers. */
void approval_cancel_all(struct session *session);

#endif
