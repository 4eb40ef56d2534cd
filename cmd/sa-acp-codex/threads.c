#include "threads.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "codex.h"
#include "json/scan.h"
#include "json/write.h"

/* How many threads one answer holds. */
#define THREADS_PAGE "100"
/* The longest title, bytes. */
enum { THREADS_TITLE_BYTES = 120 };

static void write_thread(struct buf *b, struct span thread)
{
	struct span name = json_get(thread, "name"), preview = json_get(thread, "preview");
	int64_t updated = json_int_or(json_get(thread, "updatedAt"), 0);
	cleanup_buf struct buf title = BUF_INIT(BUF_MAX_OWN);
	json_string_add(&title, json_type(name) == JSON_STRING ? name : preview);
	struct span text = buf_span(&title);
	text.n = utf8_cut(text, THREADS_TITLE_BYTES);
	json_open(b, '{');
	json_kv_raw(b, "sessionId", json_get(thread, "id"));
	json_kv_raw(b, "cwd", json_get(thread, "cwd"));
	json_kv_span(b, "title", text);
	if (updated > 0 && updated < INT64_MAX / 1000)
		json_kv_time(b, "updatedAt", updated * 1000);
	json_close(b, '}');
}

static void on_list(struct codex *codex, const struct call *call, const struct envelope *envelope)
{
	struct adapter *adapter = &codex->adapter;
	struct span request = span_of(call->request);
	if (!envelope || envelope->error.p) {
		cleanup_free char *why = call_error(envelope);
		adapter_error(adapter, request, RPC_INTERNAL_ERROR, "%s", why);
		return;
	}
	struct buf *b = adapter_result_open(adapter, request);
	struct json_iter it = json_iter(json_get(envelope->result, "data"));
	struct span thread, next = json_get(envelope->result, "nextCursor");
	json_open(b, '{');
	json_key(b, "sessions");
	json_open(b, '[');
	while (json_next(&it, NULL, &thread))
		if (json_type(json_get(thread, "id")) == JSON_STRING &&
		    json_type(json_get(thread, "cwd")) == JSON_STRING)
			write_thread(b, thread);
	json_close(b, ']');
	json_kv_raw(b, "nextCursor", json_type(next) == JSON_STRING ? next : SPAN_NONE);
	json_close(b, '}');
	adapter_result_close(adapter);
}

void threads_list(struct adapter *adapter, const struct envelope *envelope)
{
	struct codex *codex = adapter->arg;
	struct sa_error err = SA_ERROR_INIT;
	if (server_start(codex, &err) < 0) {
		adapter_error(adapter, envelope->id, RPC_INTERNAL_ERROR, "%s", err.message);
		return;
	}
	struct buf *b = server_call_open(codex, "thread/list");
	json_open(b, '{');
	json_kv_raw(b, "cwd", json_get(envelope->params, "cwd"));
	json_kv_raw(b, "cursor", json_get(envelope->params, "cursor"));
	json_kv_raw(b, "limit", SPAN_LIT(THREADS_PAGE));
	json_close(b, '}');
	server_call_close(codex, on_list, NULL, envelope->id);
}

static void on_delete(struct codex *codex, const struct call *call, const struct envelope *envelope)
{
	cleanup_free char *why = envelope && !envelope->error.p ? NULL : call_error(envelope);
	if (why)
		adapter_error(&codex->adapter, span_of(call->request), RPC_RESOURCE_NOT_FOUND, "%s",
			      why);
	else
		adapter_result(&codex->adapter, span_of(call->request), SPAN_LIT("{}"));
}

void threads_delete(struct adapter *adapter, const struct envelope *envelope)
{
	struct codex *codex = adapter->arg;
	struct sa_error err = SA_ERROR_INIT;
	struct span id = json_get(envelope->params, "sessionId");
	if (json_type(id) != JSON_STRING || sessions_find(&codex->adapter, id)) {
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS,
			      "the session is open, or none is named");
		return;
	}
	if (server_start(codex, &err) < 0) {
		adapter_error(adapter, envelope->id, RPC_INTERNAL_ERROR, "%s", err.message);
		return;
	}
	struct buf *b = server_call_open(codex, "thread/delete");
	json_open(b, '{');
	json_kv_raw(b, "threadId", id);
	json_close(b, '}');
	server_call_close(codex, on_delete, NULL, envelope->id);
}
