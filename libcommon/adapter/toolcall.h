/*
 * Tool calls that the client has been told of and that have no end yet
 * (ACP ToolCall, ToolCallUpdate); a session owns its own. An adapter's
 * struct for one begins with a struct toolcall; what it owns beside that is
 * freed by its agent's release_call.
 */
#ifndef SA_ADAPTER_TOOLCALL_H
#define SA_ADAPTER_TOOLCALL_H

#include "adapter/session.h"
#include "base/buf.h"
#include "base/span.h"

#include <stddef.h>

/* More open ones than that are not remembered: the newest gives way. */
enum { TOOLCALLS_MAX = 256 };

struct toolcall {
	struct toolcall *next;
	char *id; /* raw JSON string */
};

/* The open call with this id (a JSON string), an adapter's struct; NULL: there is none. */
void *toolcall_find(const struct adapter_session *base, struct span id);
/* Remember one: bytes of an adapter's struct, all zero behind the toolcall. */
void *toolcall_add(struct adapter_session *base, struct span id, size_t bytes);
/* It has ended: call, one of base's, is freed. */
void toolcall_forget(struct adapter_session *base, void *call);
/* All of them, silently. */
void toolcall_forget_all(struct adapter_session *base);

/*
 * A message on a call, open or not; kind is "tool_call" or
 * "tool_call_update". The caller adds members, then adapter_update_close.
 */
struct buf *toolcall_update_open(const struct adapter_session *base, const char *kind,
				 struct span id, const char *status);
/* Tell all with this status and forget them; why, their output, may be NULL. */
void toolcall_end_all(struct adapter_session *base, const char *status, const char *why);

#endif
