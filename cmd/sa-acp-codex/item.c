#include "item.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "codex.h"
#include "item_details.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* More open calls than that at once are not remembered. */
enum { ITEMS_OPEN_MAX = 256 };

static struct item *find(const struct session *session, struct span id)
{
	for (struct item *item = session->items; item; item = item->next)
		if (json_scalar_equal(span_of(item->id), id))
			return item;
	return NULL;
}

static void forget(struct session *session, struct item *item)
{
	struct item **link = &session->items;
	while (*link != item)
		link = &(*link)->next;
	*link = item->next;
	free(item->id);
	buf_free(&item->output);
	free(item);
}

void item_free_all(struct session *session)
{
	while (session->items)
		forget(session, session->items);
}

static struct item *remember(struct session *session, struct span id)
{
	size_t count = 0;
	for (struct item *item = session->items; item; item = item->next)
		count++;
	if (count >= ITEMS_OPEN_MAX)
		forget(session, session->items);
	struct item *item = xcalloc(1, sizeof(*item));
	item->id = xmemdup0(id.p, id.n);
	item->output = BUF_INIT(ITEM_OUTPUT_BYTES);
	item->next = session->items;
	session->items = item;
	return item;
}

/* --- messages and thoughts --------------------------------------------------------------- */

static void tell(struct session *session, const char *kind, struct span item_id, struct span value)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *id = json_string_dup(item_id);
	if (json_string_add(&text, value) == 0 && text.len)
		adapter_update_text(session->base.adapter, session->base.id, kind, buf_span(&text),
				    id);
}

void item_delta(struct session *session, const char *kind, struct span item_id, struct span delta)
{
	if (!session->streaming_id || !json_string_is(item_id, session->streaming_id)) {
		free(session->streaming_id);
		session->streaming_id = json_string_dup(item_id);
	}
	tell(session, kind, item_id, delta);
}

static bool was_streamed(const struct session *session, struct span id)
{
	return session->streaming_id && json_string_is(id, session->streaming_id);
}

static void tell_reasoning(struct session *session, struct span item)
{
	struct json_iter it = json_iter(json_get(item, "summary"));
	struct span part;
	bool is_first = true;
	while (json_next(&it, NULL, &part)) {
		if (!is_first)
			tell(session, "agent_thought_chunk", json_get(item, "id"),
			     SPAN_LIT("\"\\n\\n\""));
		tell(session, "agent_thought_chunk", json_get(item, "id"), part);
		is_first = false;
	}
}

static void tell_user(struct session *session, struct span item)
{
	struct json_iter it = json_iter(json_get(item, "content"));
	struct span part;
	while (json_next(&it, NULL, &part))
		tell(session, "user_message_chunk", json_get(item, "id"), json_get(part, "text"));
}

/* Message-like items, which are no tool calls. Whether it is one. */
static bool tell_message(struct session *session, struct span item, bool is_replay)
{
	struct span type = json_get(item, "type"), id = json_get(item, "id");
	bool is_told = !is_replay && was_streamed(session, id);
	if (json_string_is(type, "agentMessage") || json_string_is(type, "plan")) {
		if (!is_told)
			tell(session, "agent_message_chunk", id, json_get(item, "text"));
	} else if (json_string_is(type, "reasoning")) {
		if (!is_told)
			tell_reasoning(session, item);
	} else if (json_string_is(type, "userMessage")) {
		if (is_replay)
			tell_user(session, item);
	} else {
		return !details_is_tool(item);
	}
	return true;
}

/* --- tool calls ---------------------------------------------------------------------------- */

static void tell_call(struct session *session, struct span item, bool is_first, bool is_over)
{
	struct buf *b = adapter_update_open(session->base.adapter, session->base.id,
					    is_first ? "tool_call" : "tool_call_update");
	json_kv_raw(b, "toolCallId", json_get(item, "id"));
	json_kv_string(b, "status", is_over ? details_status(item) : "in_progress");
	if (is_first)
		details_write_call(b, item);
	if (is_over)
		details_write_result(b, item);
	adapter_update_close(session->base.adapter);
}

void item_started(struct session *session, struct span item)
{
	struct span id = json_get(item, "id");
	if (!details_is_tool(item) || json_type(id) != JSON_STRING || find(session, id))
		return;
	remember(session, id);
	tell_call(session, item, true, false);
}

void item_completed(struct session *session, struct span item)
{
	struct item *known = find(session, json_get(item, "id"));
	if (tell_message(session, item, false))
		return;
	if (json_type(json_get(item, "id")) != JSON_STRING)
		return;
	tell_call(session, item, !known, true);
	if (known)
		forget(session, known);
}

void item_replay(struct session *session, struct span item)
{
	if (!tell_message(session, item, true) && json_type(json_get(item, "id")) == JSON_STRING)
		tell_call(session, item, true, true);
}

/*
 * Output while a command runs: ACP replaces a call's content, so all of it
 * is sent again; only when it has doubled, which bounds the whole by twice
 * the output.
 */
void item_output(struct session *session, struct span item_id, struct span delta)
{
	struct item *item = find(session, item_id);
	if (!item || json_string_add(&item->output, delta) < 0 || item->output.len < 2 * item->told)
		return;
	item->told = item->output.len;
	struct buf *b =
	    adapter_update_open(session->base.adapter, session->base.id, "tool_call_update");
	json_kv_raw(b, "toolCallId", item_id);
	json_key(b, "content");
	json_open(b, '[');
	content_fenced(b, "console", buf_span(&item->output));
	json_close(b, ']');
	adapter_update_close(session->base.adapter);
}

void item_fail_all(struct session *session, const char *why)
{
	while (session->items) {
		struct item *item = session->items;
		struct buf *b = adapter_update_open(session->base.adapter, session->base.id,
						    "tool_call_update");
		json_kv_raw(b, "toolCallId", span_of(item->id));
		json_kv_string(b, "status", "failed");
		json_kv_string(b, "rawOutput", why);
		adapter_update_close(session->base.adapter);
		forget(session, item);
	}
}
