#include "tool.h"

#include "adapter/content.h"
#include "adapter/toolcall.h"
#include "amp.h"
#include "base/cleanup.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

struct tool_row {
	const char *name;
	const char *kind;
	const char *title; /* in front of the argument */
	const char *argument;
};

static const struct tool_row rows[] = {
    {"Bash", "execute", "", "cmd"},
    {"create_file", "edit", "Write ", "path"},
    {"edit_file", "edit", "Edit ", "path"},
    {"undo_edit", "edit", "Undo ", "path"},
    {"Read", "read", "Read ", "path"},
    {"look_at", "read", "Look at ", "path"},
    {"glob", "search", "Find ", "filePattern"},
    {"Grep", "search", "grep ", "pattern"},
    {"finder", "search", "Find ", "query"},
    {"web_search", "fetch", "Search ", "query"},
    {"read_web_page", "fetch", "Fetch ", "url"},
    {"Task", "think", "Task: ", "description"},
    {"oracle", "think", "Oracle: ", "task"},
    {"librarian", "think", "Librarian: ", "query"},
    {"task_list", "think", "Tasks", ""},
};

struct tool {
	struct toolcall base; /* first */
	const struct tool_row *row;
};

static const struct tool_row *find_row(struct span name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (json_string_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

static bool reads(const struct tool_row *row)
{
	return strcmp(row->kind, "read") == 0 || strcmp(row->kind, "search") == 0 ||
	       strcmp(row->kind, "think") == 0;
}

bool tool_only_reads(struct span name)
{
	const struct tool_row *row = find_row(name);
	return row && reads(row);
}

const char *tool_that_reads(size_t index)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (reads(&rows[i]) && index-- == 0)
			return rows[i].name;
	return NULL;
}

/* --- telling ---------------------------------------------------------------------------- */

static void write_title(struct buf *b, struct span name, struct span input,
			const struct tool_row *row)
{
	cleanup_buf struct buf title = BUF_INIT(BUF_MAX_OWN);
	if (row) {
		buf_adds(&title, row->title);
		json_string_add(&title, json_get(input, row->argument));
	} else {
		json_string_add(&title, name);
	}
	json_kv_span(b, "title", buf_span(&title));
}

static void write_diff(struct buf *b, struct span input)
{
	struct span path = json_get(input, "path"), old_text = json_get(input, "old_str");
	struct span new_text = json_get(input, "new_str"), content = json_get(input, "content");
	if (json_type(path) != JSON_STRING)
		return;
	if (json_type(content) == JSON_STRING)
		content_diff(b, path, SPAN_NONE, content);
	else if (json_type(new_text) == JSON_STRING)
		content_diff(b, path, old_text, new_text);
}

void tool_write_details(struct buf *b, struct span name, struct span input)
{
	const struct tool_row *row = find_row(name);
	struct span path = json_get(input, "path");
	json_kv_string(b, "kind", row ? row->kind : "other");
	write_title(b, name, input, row);
	json_kv_raw(b, "rawInput", input);
	json_key(b, "content");
	json_open(b, '[');
	if (row && strcmp(row->kind, "edit") == 0)
		write_diff(b, input);
	json_close(b, ']');
	if (json_type(path) == JSON_STRING)
		content_location(b, path, 0);
}

void tool_called(struct session *session, struct span block)
{
	struct span id = json_get(block, "id"), name = json_get(block, "name");
	if (json_type(id) != JSON_STRING || toolcall_find(&session->base, id))
		return;
	struct tool *tool = toolcall_add(&session->base, id, sizeof(*tool));
	tool->row = find_row(name);
	struct buf *b = toolcall_update_open(&session->base, "tool_call", id, "in_progress");
	tool_write_details(b, name, json_get(block, "input"));
	adapter_update_close(session->base.adapter);
}

/*
 * A result is text that is JSON again: {"output","exitCode"} of commands,
 * {"content"} of files, an array of MCP blocks; or plain text.
 */
static void write_result(struct buf *b, struct span text, const struct tool_row *row)
{
	size_t bad_offset;
	bool is_json = json_check(text, &bad_offset) == 0;
	struct span output = is_json ? json_get(text, "output") : SPAN_NONE;
	struct span content = is_json ? json_get(text, "content") : SPAN_NONE;
	struct json_iter it = json_iter(is_json ? text : SPAN_NONE);
	struct span block;
	cleanup_buf struct buf plain = BUF_INIT(BUF_MAX_OWN);
	if (json_string_add(&plain, output) == 0) {
		if (plain.len)
			content_fenced(b, row && strcmp(row->kind, "execute") == 0 ? "console" : "",
				       buf_span(&plain));
	} else if (json_type(content) == JSON_STRING) {
		content_text_raw(b, content);
	} else if (is_json && json_type(text) == JSON_ARRAY) {
		while (json_next(&it, NULL, &block))
			if (json_type(json_get(block, "text")) == JSON_STRING)
				content_text_raw(b, json_get(block, "text"));
	} else if (text.n) {
		content_text(b, text);
	}
}

void tool_ended(struct session *session, struct span block)
{
	struct span id = json_get(block, "tool_use_id"), content = json_get(block, "content");
	struct tool *tool = toolcall_find(&session->base, id);
	if (!tool)
		return;
	bool is_error = json_bool_or(json_get(block, "is_error"), false);
	bool is_edit = tool->row && strcmp(tool->row->kind, "edit") == 0;
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	json_string_add(&text, content);
	struct buf *b = toolcall_update_open(&session->base, "tool_call_update", id,
					     is_error ? "failed" : "completed");
	if (is_error || !is_edit) { /* an edit's diff stands */
		json_key(b, "content");
		json_open(b, '[');
		write_result(b, buf_span(&text), tool->row);
		json_close(b, ']');
	}
	json_kv_raw(b, "rawOutput", content);
	adapter_update_close(session->base.adapter);
	toolcall_forget(&session->base, tool);
}
