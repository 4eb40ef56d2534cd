#include "tool.h"

#include "adapter/content.h"
#include "adapter/toolcall.h"
#include "base/cleanup.h"
#include "pi.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

struct tool {
	struct toolcall base; /* first */
	bool is_edit;	      /* its diff stays when it has ended */
	size_t told;	      /* length of the output that was shown last, bytes */
};

struct tool_row {
	const char *name;
	const char *kind;
	bool only_reads;
};

static const struct tool_row rows[] = {
    {"bash", "execute", false}, {"read", "read", true},	  {"edit", "edit", false},
    {"write", "edit", false},	{"grep", "search", true}, {"find", "search", true},
    {"ls", "search", true},
};

static const struct tool_row *find_row(struct span name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (json_string_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

bool tool_only_reads(struct span name)
{
	const struct tool_row *row = find_row(name);
	return row && row->only_reads;
}

/* --- what a call is --------------------------------------------------------------------- */

static void add_title(struct buf *b, const struct session *session, struct span name,
		      struct span input)
{
	struct span path = json_get(input, "path");
	if (json_string_is(name, "bash")) {
		json_string_add(b, json_get(input, "command"));
		return;
	}
	json_string_add(b, name);
	if (find_row(name) && b->len)
		b->data[0] = (char)(b->data[0] - 'a' + 'A');
	if (json_type(path) != JSON_STRING)
		return;
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	json_string_add(&text, path);
	size_t n = strlen(session->base.cwd);
	bool is_inside = text.len > n + 1 && strncmp(text.data, session->base.cwd, n) == 0 &&
			 text.data[n] == '/';
	buf_addf(b, " %s", is_inside ? text.data + n + 1 : text.len ? text.data : "");
}

static void write_diffs(struct buf *b, struct span input)
{
	struct span path = json_get(input, "path"), edits = json_get(input, "edits"), edit;
	struct json_iter it = json_iter(edits);
	if (json_type(path) != JSON_STRING)
		return;
	if (json_type(json_get(input, "content")) == JSON_STRING)
		content_diff(b, path, SPAN_NONE, json_get(input, "content"));
	else if (json_type(edits) != JSON_ARRAY)
		content_diff(b, path, json_get(input, "oldText"), json_get(input, "newText"));
	else
		while (json_next(&it, NULL, &edit))
			content_diff(b, path, json_get(edit, "oldText"), json_get(edit, "newText"));
}

void tool_write_details(struct buf *b, const struct session *session, struct span name,
			struct span input)
{
	const struct tool_row *row = find_row(name);
	cleanup_buf struct buf title = BUF_INIT(BUF_MAX_OWN);
	struct span path = json_get(input, "path");
	add_title(&title, session, name, input);
	json_kv_string(b, "kind", row ? row->kind : "other");
	json_kv_span(b, "title", buf_span(&title));
	json_kv_raw(b, "rawInput", input);
	json_key(b, "content");
	json_open(b, '[');
	if (row && strcmp(row->kind, "edit") == 0)
		write_diffs(b, input);
	json_close(b, ']');
	if (json_type(path) == JSON_STRING)
		content_location(b, path, 0);
}

/* --- telling ------------------------------------------------------------------------------ */

static void begin(struct session *session, struct span id, struct span name, struct span input)
{
	if (json_type(id) != JSON_STRING || toolcall_find(&session->base, id))
		return;
	const struct tool_row *row = find_row(name);
	struct tool *tool = toolcall_add(&session->base, id, sizeof(*tool));
	tool->is_edit = row && strcmp(row->kind, "edit") == 0;
	struct buf *b = toolcall_update_open(&session->base, "tool_call", id, "pending");
	tool_write_details(b, session, name, input);
	adapter_update_close(session->base.adapter);
}

void tool_called(struct session *session, struct span call)
{
	begin(session, json_get(call, "id"), json_get(call, "name"), json_get(call, "arguments"));
}

void tool_started(struct session *session, struct span event)
{
	struct span id = json_get(event, "toolCallId");
	begin(session, id, json_get(event, "toolName"), json_get(event, "args"));
	if (!toolcall_find(&session->base, id))
		return;
	toolcall_update_open(&session->base, "tool_call_update", id, "in_progress");
	adapter_update_close(session->base.adapter);
}

/* Pi's content blocks: text in a fence where it is a command's, images as they are. */
static void write_blocks(struct buf *b, struct span content, bool is_fenced)
{
	struct json_iter it = json_iter(content);
	struct span block;
	json_key(b, "content");
	json_open(b, '[');
	while (json_next(&it, NULL, &block)) {
		cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
		if (json_type(json_get(block, "data")) == JSON_STRING)
			content_image(b, json_get(block, "data"), json_get(block, "mimeType"));
		else if (json_string_add(&text, json_get(block, "text")) < 0)
			continue;
		else if (is_fenced)
			content_fenced(b, "console", buf_span(&text));
		else
			content_text(b, buf_span(&text));
	}
	json_close(b, ']');
}

static size_t text_length(struct span content)
{
	struct json_iter it = json_iter(content);
	struct span block;
	size_t length = 0;
	while (json_next(&it, NULL, &block))
		length += json_get(block, "text").n;
	return length;
}

/* Pi sends the whole output so far; it is shown again when it has doubled only. */
void tool_updated(struct session *session, struct span event)
{
	struct span content = json_path(event, "partialResult.content");
	struct tool *tool = toolcall_find(&session->base, json_get(event, "toolCallId"));
	size_t length = text_length(content);
	if (!tool || length == 0 || length < 2 * tool->told)
		return;
	tool->told = length;
	struct buf *b = toolcall_update_open(&session->base, "tool_call_update",
					     json_get(event, "toolCallId"), "in_progress");
	write_blocks(b, content, true);
	adapter_update_close(session->base.adapter);
}

static void end(struct session *session, struct span id, struct span name, struct span content,
		bool is_error)
{
	struct tool *tool = toolcall_find(&session->base, id);
	if (!tool)
		return;
	struct buf *b = toolcall_update_open(&session->base, "tool_call_update", id,
					     is_error ? "failed" : "completed");
	if (is_error || !tool->is_edit)
		write_blocks(b, content, json_string_is(name, "bash"));
	json_kv_raw(b, "rawOutput", content);
	adapter_update_close(session->base.adapter);
	toolcall_forget(&session->base, tool);
}

void tool_ended(struct session *session, struct span event)
{
	end(session, json_get(event, "toolCallId"), json_get(event, "toolName"),
	    json_path(event, "result.content"), json_bool_or(json_get(event, "isError"), false));
}

void tool_replayed(struct session *session, struct span message)
{
	end(session, json_get(message, "toolCallId"), json_get(message, "toolName"),
	    json_get(message, "content"), json_bool_or(json_get(message, "isError"), false));
}
