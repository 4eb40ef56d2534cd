#include "calls.h"

#include "base/xalloc.h"
#include "origin.h"
#include "json/scan.h"

#include <stdlib.h>

/* Agents read ids into whatever they have: small numbers and plain words come back unharmed. */
static bool is_plain(struct span id)
{
	enum { DIGITS_MAX = 15, WORD_BYTES_MAX = 128 };
	struct span text = json_string_plain(id);
	int64_t number;
	if (json_int(id, &number) == 0)
		return id.n <= DIGITS_MAX && (id.p[0] != '0' || id.n == 1) && id.p[0] != '-';
	if (!text.p || text.n > WORD_BYTES_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] >= 0x7f)
			return false;
	return true;
}

static char *wire_id_for(struct supervisor *sv, struct span id)
{
	if (is_plain(id) && !calls_find(sv, id))
		return xmemdup0(id.p, id.n);
	for (;;) {
		char *number = xasprintf("%lld", (long long)WIRE_IDS_FROM + ++sv->next_wire_id);
		if (!calls_find(sv, span_of(number)))
			return number;
		free(number);
	}
}

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
	char *wire_json = wire_id_for(sv, request->id);
	struct call *call = &sv->calls[sv->call_count++];
	char *method = json_string_dup(request->method);
	*call = (struct call){
	    .wire_json = wire_json,
	    .client = client,
	    .ref = ref,
	    .id_json = xmemdup0(request->id.p, request->id.n),
	    .method = method ? method : xstrdup("?"),
	};
	return call;
}

struct call *calls_find(struct supervisor *sv, struct span wire_id)
{
	for (size_t i = 0; i < sv->call_count; i++)
		if (json_scalar_equal(span_of(sv->calls[i].wire_json), wire_id))
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
	free(call->wire_json);
	free(call->id_json);
	free(call->method);
	free(call->session_name);
	free(call->cwd);
	free(call->open_json);
	free(call->value);
	origin_clear(&call->origin);
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
