/* Codex's items: messages, thoughts, and tool calls as ACP tells them. */
#ifndef CODEX_ITEM_H
#define CODEX_ITEM_H

#include "adapter/toolcall.h"
#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

struct session;

/* How much of a running command's output is kept to be shown, bytes. */
#define ITEM_OUTPUT_BYTES ((size_t)1 << 20)

/* A call of the session's. */
struct item {
	struct toolcall base; /* first */
	struct buf output;
	size_t told; /* how much of it was shown */
};

/* item/started, item/completed. */
void item_started(struct session *session, struct span item);
void item_completed(struct session *session, struct span item);
/* An item of a history. */
void item_replay(struct session *session, struct span item);
/* A command's output goes on. */
void item_output(struct session *session, struct span item_id, struct span delta);
/* A chunk of message or thought; kind is ACP's. */
void item_delta(struct session *session, const char *kind, struct span item_id, struct span delta);
/* Part of codex_agent. */
void item_release(void *call);

/* For approvals: "toolCallId", "kind", "title", "rawInput", "content", "locations" as members.
 * item_id is a JSON string; params are those of the request. */
void item_write_command(struct buf *b, struct span item_id, struct span params);

#endif
