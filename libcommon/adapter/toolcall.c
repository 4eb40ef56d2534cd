#include "adapter/toolcall.h"

#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

void *toolcall_find(const struct adapter_session *base, struct span id)
{
	for (struct toolcall *call = base->calls; call; call = call->next)
		if (json_scalar_equal(span_of(call->id), id))
			return call;
	return NULL;
}

void *toolcall_add(struct adapter_session *base, struct span id, size_t bytes)
{
	size_t count = 0;
	for (const struct toolcall *call = base->calls; call; call = call->next)
		count++;
	if (count >= TOOLCALLS_MAX)
		toolcall_forget(base, base->calls);
	struct toolcall *call = xcalloc(1, bytes);
	call->id = xmemdup0(id.p, id.n);
	call->next = base->calls;
	base->calls = call;
	return call;
}

void toolcall_forget(struct adapter_session *base, void *call)
{
	struct toolcall *gone = call, **link = &base->calls;
	while (*link != gone)
		link = &(*link)->next;
	*link = gone->next;
	if (base->adapter->agent->release_call)
		base->adapter->agent->release_call(call);
	free(gone->id);
	free(gone);
}

void toolcall_forget_all(struct adapter_session *base)
{
	while (base->calls)
		toolcall_forget(base, base->calls);
}

struct buf *toolcall_update_open(const struct adapter_session *base, const char *kind,
				 struct span id, const char *status)
{
	struct buf *b = adapter_update_open(base->adapter, base->id, kind);
	json_kv_raw(b, "toolCallId", id);
	json_kv_string(b, "status", status);
	return b;
}

void toolcall_end_all(struct adapter_session *base, const char *status, const char *why)
{
	while (base->calls) {
		struct buf *b = toolcall_update_open(base, "tool_call_update",
						     span_of(base->calls->id), status);
		json_kv_string(b, "rawOutput", why);
		adapter_update_close(base->adapter);
		toolcall_forget(base, base->calls);
	}
}
