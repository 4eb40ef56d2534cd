#include "tool_output.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "tool.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

/* What Claude says of a command that printed nothing. */
static const char no_output[] = "(Bash completed with no output)";

/* How a tool's text is shown: NULL as it is, else in a fence of this language. */
static const char *fence_of(const char *name, bool is_error)
{
	if (is_error)
		return "";
	if (strcmp(name, "Bash") == 0)
		return "console";
	return strcmp(name, "Read") == 0 ? "" : NULL;
}

static void write_one_text(struct buf *b, struct span value, const char *fence)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (json_string_add(&text, value) < 0)
		return;
	if (fence)
		content_fenced(b, fence, buf_span(&text));
	else
		content_text(b, buf_span(&text));
}

static void write_blocks(struct buf *b, struct span content, const char *fence)
{
	if (json_type(content) == JSON_STRING) {
		write_one_text(b, content, fence);
		return;
	}
	struct json_iter it = json_iter(content);
	struct span block;
	while (json_next(&it, NULL, &block)) {
		struct span data = json_path(block, "source.data");
		if (json_type(data) == JSON_STRING)
			content_image(b, data, json_path(block, "source.media_type"));
		else
			write_one_text(b, json_get(block, "text"), fence);
	}
}

/* --- edits -------------------------------------------------------------------------- */

/* The hunk's lines without those of the other side, as one JSON string. */
static void write_side(struct buf *b, const char *key, struct span lines, char other)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	struct json_iter it = json_iter(lines);
	struct span line;
	bool is_first = true;
	while (json_next(&it, NULL, &line)) {
		cleanup_buf struct buf one = BUF_INIT(BUF_MAX_OWN);
		json_string_add(&one, line);
		if (one.len == 0 || one.data[0] == other || one.data[0] == '\\')
			continue;
		if (!is_first)
			buf_addc(&text, '\n');
		is_first = false;
		buf_add(&text, one.data + 1, one.len - 1);
	}
	json_kv_span(b, key, buf_span(&text));
}

/* Claude's structuredPatch: a diff a hunk, with the lines around it. Whether there was any. */
static bool write_patch(struct buf *b, struct span structured)
{
	struct span patch = json_get(structured, "structuredPatch");
	struct span path = json_get(structured, "filePath");
	struct json_iter it = json_iter(patch);
	struct span hunk;
	if (json_type(path) != JSON_STRING || !json_next(&it, NULL, &hunk))
		return false;
	json_key(b, "content");
	json_open(b, '[');
	for (it = json_iter(patch); json_next(&it, NULL, &hunk);) {
		json_open(b, '{');
		json_kv_string(b, "type", "diff");
		json_kv_raw(b, "path", path);
		write_side(b, "oldText", json_get(hunk, "lines"), '+');
		write_side(b, "newText", json_get(hunk, "lines"), '-');
		json_close(b, '}');
	}
	json_close(b, ']');
	json_key(b, "locations");
	json_open(b, '[');
	for (it = json_iter(patch); json_next(&it, NULL, &hunk);) {
		json_open(b, '{');
		json_kv_raw(b, "path", path);
		json_kv_int(b, "line", json_int_or(json_get(hunk, "newStart"), 1));
		json_close(b, '}');
	}
	json_close(b, ']');
	return true;
}

void tool_write_output(struct buf *b, const char *name, struct span content, struct span structured,
		       bool is_error)
{
	if (!is_error && strcmp(tool_kind(name), "edit") == 0) {
		write_patch(b, structured); /* without one, the input's diff stands */
		return;
	}
	if (!is_error && tool_is_exit_plan(name)) {
		json_kv_string(b, "title", "Exited Plan Mode");
		return;
	}
	if (strcmp(name, "Bash") == 0 && json_string_is(content, no_output))
		return;
	json_key(b, "content");
	json_open(b, '[');
	write_blocks(b, content, fence_of(name, is_error));
	json_close(b, ']');
}
