#include "item_details.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "hunk.h"
#include "item.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

struct type_row {
	const char *type;
	const char *kind;
	const char *title; /* NULL: from the item */
};

static const struct type_row types[] = {
    {"commandExecution", "execute", NULL},
    {"fileChange", "edit", NULL},
    {"mcpToolCall", "other", NULL},
    {"dynamicToolCall", "other", NULL},
    {"collabAgentToolCall", "think", NULL},
    {"webSearch", "fetch", NULL},
    {"imageView", "read", "View image"},
    {"contextCompaction", "think", "Compact the context"},
    {"enteredReviewMode", "think", "Review begins"},
    {"exitedReviewMode", "think", "Review"},
    {"imageGeneration", "other", "Generate an image"},
};

static const struct type_row *find_type(struct span item)
{
	struct span type = json_get(item, "type");
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (json_string_is(type, types[i].type))
			return &types[i];
	return NULL;
}

bool details_is_tool(struct span item)
{
	return find_type(item) != NULL;
}

static bool is_type(struct span item, const char *type)
{
	return json_string_is(json_get(item, "type"), type);
}

const char *details_status(struct span item)
{
	struct span status = json_get(item, "status");
	bool is_bad = json_string_is(status, "failed") || json_string_is(status, "declined");
	return is_bad ? "failed" : "completed";
}

/* --- commands ------------------------------------------------------------------------------ */

/* The single action of a command, or none. */
static struct span only_action(struct span command)
{
	struct json_iter it = json_iter(json_get(command, "commandActions"));
	struct span first, second;
	if (!json_next(&it, NULL, &first) || json_next(&it, NULL, &second))
		return SPAN_NONE;
	return first;
}

const char *details_command_kind(struct span command)
{
	struct span type = json_get(only_action(command), "type");
	if (json_string_is(type, "read"))
		return "read";
	return json_string_is(type, "search") || json_string_is(type, "listFiles") ? "search"
										   : "execute";
}

/* The script of "/bin/bash -lc SCRIPT" as the actions tell it, else the whole line. */
static void add_script(struct buf *b, struct span command)
{
	struct json_iter it = json_iter(json_get(command, "commandActions"));
	struct span action, first = SPAN_NONE;
	size_t count = 0;
	while (json_next(&it, NULL, &action)) {
		first = count++ ? first : action;
	}
	struct span script = count == 1 ? json_get(first, "command") : SPAN_NONE;
	json_string_add(b,
			json_type(script) == JSON_STRING ? script : json_get(command, "command"));
}

void details_write_command(struct buf *b, struct span command)
{
	cleanup_buf struct buf script = BUF_INIT(BUF_MAX_OWN);
	struct span action = only_action(command), path = json_get(action, "path");
	add_script(&script, command);
	json_kv_string(b, "kind", details_command_kind(command));
	if (json_string_is(json_get(action, "type"), "read")) {
		cleanup_buf struct buf title = BUF_INIT(BUF_MAX_OWN);
		buf_adds(&title, "Read ");
		json_string_add(&title, json_get(action, "name"));
		json_kv_span(b, "title", buf_span(&title));
	} else {
		json_kv_span(b, "title", buf_span(&script));
	}
	json_key(b, "rawInput");
	json_open(b, '{');
	json_kv_span(b, "command", buf_span(&script));
	json_kv_raw(b, "cwd", json_get(command, "cwd"));
	json_close(b, '}');
	if (json_type(path) == JSON_STRING)
		content_location(b, path, 0);
}

static void write_command_result(struct buf *b, struct span item)
{
	struct span code = json_get(item, "exitCode");
	cleanup_buf struct buf output = BUF_INIT(BUF_MAX_OWN);
	json_string_add(&output, json_get(item, "aggregatedOutput"));
	json_key(b, "content");
	json_open(b, '[');
	if (output.len)
		content_fenced(b, "console", buf_span(&output));
	json_close(b, ']');
	if (json_type(code) == JSON_NUMBER) {
		json_key(b, "rawOutput");
		json_open(b, '{');
		json_kv_raw(b, "exit_code", code);
		json_close(b, '}');
	}
}

/* --- file changes ---------------------------------------------------------------------------- */

static void write_update(struct buf *b, struct span path, struct span diff)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	cleanup_hunk struct hunk hunk = HUNK_INIT;
	json_string_add(&text, diff);
	struct span rest = buf_span(&text);
	while (hunk_next(&rest, &hunk)) {
		json_open(b, '{');
		json_kv_string(b, "type", "diff");
		json_kv_raw(b, "path", path);
		json_kv_span(b, "oldText", buf_span(&hunk.old_text));
		json_kv_span(b, "newText", buf_span(&hunk.new_text));
		json_close(b, '}');
	}
}

static void write_change(struct buf *b, struct span change)
{
	struct span path = json_get(change, "path"), diff = json_get(change, "diff");
	struct span kind = json_path(change, "kind.type");
	if (json_type(path) != JSON_STRING || json_type(diff) != JSON_STRING)
		return;
	if (json_string_is(kind, "add"))
		content_diff(b, path, SPAN_NONE, diff);
	else if (json_string_is(kind, "delete"))
		content_diff(b, path, diff, SPAN_NONE);
	else
		write_update(b, path, diff);
}

static void add_base_name(struct buf *b, struct span path)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	json_string_add(&text, path);
	const char *slash = text.len ? memrchr(text.data, '/', text.len) : NULL;
	buf_adds(b, slash ? slash + 1 : text.len ? text.data : "");
}

static void write_changes(struct buf *b, struct span item)
{
	cleanup_buf struct buf title = BUF_INIT(BUF_MAX_OWN);
	struct span changes = json_get(item, "changes"), change;
	struct json_iter it = json_iter(changes);
	buf_adds(&title, "Edit ");
	for (int i = 0; json_next(&it, NULL, &change); i++) {
		buf_adds(&title, i ? ", " : "");
		add_base_name(&title, json_get(change, "path"));
	}
	json_kv_string(b, "kind", "edit");
	json_kv_span(b, "title", buf_span(&title));
	json_key(b, "content");
	json_open(b, '[');
	for (it = json_iter(changes); json_next(&it, NULL, &change);)
		write_change(b, change);
	json_close(b, ']');
	json_key(b, "locations");
	json_open(b, '[');
	for (it = json_iter(changes); json_next(&it, NULL, &change);) {
		if (json_type(json_get(change, "path")) != JSON_STRING)
			continue;
		json_open(b, '{');
		json_kv_raw(b, "path", json_get(change, "path"));
		json_close(b, '}');
	}
	json_close(b, ']');
}

/* --- the others ----------------------------------------------------------------------------- */

static void add_title(struct buf *b, struct span item, const struct type_row *row)
{
	if (is_type(item, "mcpToolCall")) {
		json_string_add(b, json_get(item, "server"));
		buf_addc(b, '.');
		json_string_add(b, json_get(item, "tool"));
	} else if (is_type(item, "webSearch")) {
		buf_adds(b, "Search ");
		json_string_add(b, json_get(item, "query"));
	} else if (is_type(item, "collabAgentToolCall")) {
		buf_adds(b, "Sub-agent: ");
		json_string_add(b, json_get(item, "tool"));
	} else if (row->title) {
		buf_adds(b, row->title);
	} else {
		json_string_add(b, json_get(item, "tool"));
	}
}

static void write_other(struct buf *b, struct span item, const struct type_row *row)
{
	cleanup_buf struct buf title = BUF_INIT(BUF_MAX_OWN);
	struct span prompt = json_get(item, "prompt");
	add_title(&title, item, row);
	json_kv_string(b, "kind", row->kind);
	json_kv_span(b, "title", buf_span(&title));
	json_kv_raw(b, "rawInput", json_get(item, "arguments"));
	if (json_type(prompt) == JSON_STRING) {
		json_key(b, "content");
		json_open(b, '[');
		content_text_raw(b, prompt);
		json_close(b, ']');
	}
	if (is_type(item, "imageView") && json_type(json_get(item, "path")) == JSON_STRING)
		content_location(b, json_get(item, "path"), 0);
}

/* MCP content blocks are ACP's; what is neither text nor image is left to rawOutput. */
static void write_mcp_result(struct buf *b, struct span item)
{
	struct span result = json_get(item, "result"), error = json_path(item, "error.message");
	struct json_iter it = json_iter(json_get(result, "content"));
	struct span block;
	json_key(b, "content");
	json_open(b, '[');
	if (json_type(error) == JSON_STRING)
		content_text_raw(b, error);
	while (json_next(&it, NULL, &block))
		if (json_type(json_get(block, "text")) == JSON_STRING)
			content_text_raw(b, json_get(block, "text"));
		else if (json_type(json_get(block, "data")) == JSON_STRING)
			content_image(b, json_get(block, "data"), json_get(block, "mimeType"));
	json_close(b, ']');
	json_kv_raw(b, "rawOutput", json_type(result) == JSON_OBJECT ? result : SPAN_NONE);
}

static void write_review(struct buf *b, struct span item)
{
	struct span review = json_get(item, "review");
	if (json_type(review) != JSON_STRING)
		return;
	json_key(b, "content");
	json_open(b, '[');
	content_text_raw(b, review);
	json_close(b, ']');
}

void details_write_call(struct buf *b, struct span item)
{
	const struct type_row *row = find_type(item);
	if (is_type(item, "commandExecution"))
		details_write_command(b, item);
	else if (is_type(item, "fileChange"))
		write_changes(b, item);
	else if (row)
		write_other(b, item, row);
}

void details_write_result(struct buf *b, struct span item)
{
	if (is_type(item, "commandExecution"))
		write_command_result(b, item);
	else if (is_type(item, "mcpToolCall"))
		write_mcp_result(b, item);
	else if (is_type(item, "exitedReviewMode"))
		write_review(b, item);
}

void item_write_command(struct buf *b, struct span item_id, struct span params)
{
	struct span reason = json_get(params, "reason");
	json_kv_raw(b, "toolCallId", item_id);
	json_kv_string(b, "status", "pending");
	details_write_command(b, params);
	if (json_type(reason) == JSON_STRING) {
		json_key(b, "content");
		json_open(b, '[');
		content_text_raw(b, reason);
		json_close(b, ']');
	}
}
