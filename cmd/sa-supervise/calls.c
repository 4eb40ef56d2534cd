#include "calls.h"

#include "base/xalloc.h"
#include "json/scan.h"

#include <stdlib.h>

struct call *calls_add(struct supervisor *sv, uint64_t client, int64_t ref,
		       const struct envelope *request, struct sa_error *err)
{
	if (sv->call_count >= CALLS_MAX) {
		error_set(err, PROBLEM_SESSION_BUSY, "%d requests wait for the agent already",
			  CALLS_MAX);
		return NULL;
	}
	/* Grows by doubling: the count is a power of two whenever it is full. */
	if ((sv->call_count & (sv->call_count - 1)) == 0)
		sv->calls = xreallocarray(sv->calls, sv->call_count ? sv->call_count * 2 : 1,
					  sizeof(*sv->calls));
	struct call *call = &sv->calls[sv->call_count++];
	char *method = json_string_dup(request->method);
	*call = (struct call){
	    .wire_id = ++sv->next_wire_id,
	    .client = client,
	    .ref = ref,
	    .id_json = xmemdup0(request->id.p, request->id.n),
	    .method = method ? method : xstrdup("?"),
	};
	return call;
}

struct call *calls_find(struct supervisor *sv, struct span wire_id)
{
	int64_t number;
	if (json_int(wire_id, &number) < 0)
		return NULL;
	for (size_t i = 0; i < sv->call_count; i++)
		if (sv->calls[i].wire_id == number)
			return &sv->calls[i];
	return NULL;
}

struct call *calls_find_own(struct supervisor *sv, uint64_t client, struct span id)
{
	for (size_t i = 0; i < sv->call_count; i++)
		if (sv->calls[i].client == client &&
		    json_scalar_equal(span_of(sv->calls[i].id_json), id))
			return &sv->calls[i];
	return NULL;
}

static void clear(struct call *call)
{
	free(call->id_json);
	free(call->method);
	free(call->session_name);
	free(call->cwd);
}

void calls_remove(struct supervisor *sv, struct call *call)
{
	size_t at = (size_t)(call - sv->calls);
	clear(call);
	/* Order does not matter, but growth relies on the count: move the last one here. */
	sv->calls[at] = sv->calls[sv->call_count - 1];
	sv->call_count--;
}

void calls_forget_client(struct supervisor *sv, uint64_t client)
{
	for (size_t i = 0; i < sv->call_count; i++)
		if (sv->calls[i].client == client)
			sv->calls[i].client = 0;
}

void calls_free(struct supervisor *sv)
{
	for (size_t i = 0; i < sv->call_count; i++)
		clear(&sv->calls[i]);
	free(sv->calls);
	sv->calls = NULL;
	sv->call_count = 0;
}
