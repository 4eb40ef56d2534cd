#include "item.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "codex.h"
#include "item_details.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

void item_release(void *call)
{
	struct item *item = call;
	buf_free(&item->output);
}

/* --- messages and thoughts --------------------------------------------------------------- */

static void tell(struct session *session, const char *kind, struct span item_id, struct span text)
{
	cleanup_free char *id = json_string_dup(item_id);
	session_base_tell(&session->base, kind, text, id);
}

void item_delta(struct session *session, const char *kind, struct span item_id, struct span delta)
{
	if (!session->streaming_id || !json_string_is(item_id, session->streaming_id))
		session_keep(&session->streaming_id, item_id);
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

/* "data:TYPE;base64,DATA", as turn/start got it. */
static void tell_image(struct session *session, struct span url)
{
	cleanup_free char *text = json_string_dup(url);
	char *end = text ? strstr(text, ";base64,") : NULL;
	if (!end || strncmp(text, "data:", 5) != 0)
		return;
	cleanup_buf struct buf type = BUF_INIT(BUF_MAX_OWN), data = BUF_INIT(BUF_MAX_OWN);
	json_add_string(&type, (struct span){text + 5, (size_t)(end - text) - 5});
	json_add_string(&data, span_of(end + strlen(";base64,")));
	session_base_tell_image(&session->base, "user_message_chunk", buf_span(&data),
				buf_span(&type));
}

static void tell_user(struct session *session, struct span item)
{
	struct json_iter it = json_iter(json_get(item, "content"));
	struct span part;
	while (json_next(&it, NULL, &part))
		if (json_string_is(json_get(part, "type"), "image"))
			tell_image(session, json_get(part, "url"));
		else
			tell(session, "user_message_chunk", json_get(item, "id"),
			     json_get(part, "text"));
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
	struct buf *b = toolcall_update_open(
	    &session->base, is_first ? "tool_call" : "tool_call_update", json_get(item, "id"),
	    is_over ? details_status(item) : "in_progress");
	if (is_first)
		details_write_call(b, item);
	if (is_over)
		details_write_result(b, item);
	adapter_update_close(session->base.adapter);
}

void item_started(struct session *session, struct span item)
{
	struct span id = json_get(item, "id");
	if (!details_is_tool(item) || json_type(id) != JSON_STRING ||
	    toolcall_find(&session->base, id))
		return;
	struct item *known = toolcall_add(&session->base, id, sizeof(*known));
	known->output = BUF_INIT(ITEM_OUTPUT_BYTES);
	tell_call(session, item, true, false);
}

void item_completed(struct session *session, struct span item)
{
	struct item *known = toolcall_find(&session->base, json_get(item, "id"));
	if (tell_message(session, item, false))
		return;
	if (json_type(json_get(item, "id")) != JSON_STRING)
		return;
	tell_call(session, item, !known, true);
	if (known)
		toolcall_forget(&session->base, known);
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
	struct item *item = toolcall_find(&session->base, item_id);
	if (!item || json_string_add(&item->output, delta) < 0 || item->output.len < 2 * item->told)
		return;
	item->told = item->output.len;
	struct buf *b = toolcall_update_open(&session->base, "tool_call_update", item_id, NULL);
	json_key(b, "content");
	json_open(b, '[');
	content_fenced(b, "console", buf_span(&item->output));
	json_close(b, ']');
	adapter_update_close(session->base.adapter);
}
