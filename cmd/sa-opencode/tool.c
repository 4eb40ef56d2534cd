#include "tool.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum { TOOL_TEXT_BYTES = 64 << 20 };

const char *tool_name_of_kind(struct span kind)
{
	static const struct {
		const char *kind;
		const char *name;
	} table[] = {{"execute", "bash"}, {"edit", "edit"},	 {"read", "read"},
		     {"search", "grep"},  {"fetch", "webfetch"}, {"delete", "delete"},
		     {"move", "move"},	  {"think", "think"}};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (json_string_is(kind, table[i].kind))
			return table[i].name;
	return "tool";
}

/* --- what it is about --------------------------------------------------------------- */

static struct span find_diff(struct span content)
{
	struct json_iter it = json_iter(content);
	struct span item;
	while (json_type(content) == JSON_ARRAY && json_next(&it, NULL, &item))
		if (json_string_is(json_get(item, "type"), "diff"))
			return item;
	return SPAN_NONE;
}

struct span tool_file(struct span content, struct span locations, struct span input)
{
	static const char *const names[] = {"filePath", "file_path", "path", "abs_path"};
	struct json_iter it = json_iter(locations);
	struct span location;
	struct span path = json_get(find_diff(content), "path");
	for (size_t i = 0; !path.p && i < ARRAY_SIZE(names); i++) {
		path = json_get(input, names[i]);
		if (json_type(path) != JSON_STRING)
			path = SPAN_NONE;
	}
	if (!path.p && json_type(locations) == JSON_ARRAY && json_next(&it, NULL, &location))
		path = json_get(location, "path");
	return json_type(path) == JSON_STRING ? path : SPAN_NONE;
}

/* The agent's input, and the names under which OpenCode's clients look for it. */
static void add_input(struct buf *b, const struct tool *tool)
{
	struct span input = span_of(tool->input);
	bool is_object = json_type(input) == JSON_OBJECT;
	struct span file = tool_file(span_of(tool->content), span_of(tool->locations), input);
	struct json_iter it = json_iter(input);
	struct span key, value;
	json_key(b, "input");
	json_open(b, '{');
	while (is_object && json_next(&it, &key, &value)) {
		cleanup_free char *name = json_string_dup(key);
		if (name && strcmp(name, "filePath") != 0)
			json_kv_raw(b, name, value);
	}
	if (input.p && !is_object)
		json_kv_raw(b, "input", input);
	json_kv_raw(b, "filePath", file);
	if (json_string_is(span_of(tool->kind), "execute") && !json_get(input, "command").p)
		json_kv_raw(b, "command", span_of(tool->title));
	json_close(b, '}');
}

/* --- what came of it ------------------------------------------------------------------- */

static void add_output_text(struct buf *text, const struct tool *tool)
{
	static const char *const names[] = {"output", "stdout", "formatted_output", "text",
					    "content"};
	struct span content = span_of(tool->content), output = span_of(tool->output);
	struct json_iter it = json_iter(content);
	struct span item;
	while (json_type(content) == JSON_ARRAY && json_next(&it, NULL, &item)) {
		struct span said = json_path(item, "content.text");
		if (said.p && text->len)
			buf_addc(text, '\n');
		json_string_add(text, said);
	}
	if (!text->len)
		json_string_add(text, output);
	for (size_t i = 0; !text->len && i < ARRAY_SIZE(names); i++)
		json_string_add(text, json_get(output, names[i]));
}

static size_t count_lines(struct span text)
{
	size_t n = text.n && text.p[text.n - 1] != '\n';
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static struct span take_line(struct span *text)
{
	const char *end = text->n ? memchr(text->p, '\n', text->n) : NULL;
	struct span line = {text->p, end ? (size_t)(end - text->p) + 1 : text->n};
	*text = (struct span){text->p + line.n, text->n - line.n};
	return line;
}

static void add_marked(struct buf *b, char mark, struct span text)
{
	while (text.n) {
		struct span line = take_line(&text);
		buf_addc(b, mark);
		buf_add_span(b, line);
		if (line.p[line.n - 1] != '\n')
			buf_adds(b, "\n\\ No newline at end of file\n");
	}
}

void tool_add_diff(struct buf *b, const char *path, struct span old_text, struct span new_text)
{
	size_t skipped = 0;
	while (old_text.n && new_text.n) {
		struct span old_rest = old_text, new_rest = new_text;
		if (!span_equal(take_line(&old_rest), take_line(&new_rest)))
			break;
		old_text = old_rest;
		new_text = new_rest;
		skipped++;
	}
	size_t old_count = count_lines(old_text), new_count = count_lines(new_text);
	buf_addf(b, "--- %s\n+++ %s\n@@ -%zu,%zu +%zu,%zu @@\n", path, path,
		 skipped + (old_count > 0), old_count, skipped + (new_count > 0), new_count);
	add_marked(b, '-', old_text);
	add_marked(b, '+', new_text);
}

static void add_metadata(struct buf *b, const struct tool *tool, struct span output)
{
	struct span diff = find_diff(span_of(tool->content));
	json_key(b, "metadata");
	json_open(b, '{');
	if (json_string_is(span_of(tool->kind), "execute"))
		json_kv_span(b, "output", output);
	if (diff.p) {
		cleanup_buf struct buf text = BUF_INIT(TOOL_TEXT_BYTES);
		cleanup_free char *path = json_string_dup(json_get(diff, "path"));
		cleanup_buf struct buf old_text = BUF_INIT(TOOL_TEXT_BYTES);
		cleanup_buf struct buf new_text = BUF_INIT(TOOL_TEXT_BYTES);
		json_string_add(&old_text, json_get(diff, "oldText"));
		json_string_add(&new_text, json_get(diff, "newText"));
		tool_add_diff(&text, path ? path : "file", buf_span(&old_text),
			      buf_span(&new_text));
		json_kv_span(b, "diff", buf_span(&text));
	}
	json_close(b, '}');
}

static void add_time(struct buf *b, const struct part *part, bool has_ended)
{
	json_key(b, "time");
	json_open(b, '{');
	json_kv_int(b, "start", part->start_ms);
	if (has_ended)
		json_kv_int(b, "end", part->end_ms ? part->end_ms : part->start_ms);
	json_close(b, '}');
}

static const char *state_of(const struct part *part)
{
	struct span status = span_of(part->tool.status);
	if (json_string_is(status, "completed"))
		return "completed";
	if (json_string_is(status, "failed") || part->end_ms)
		return "error";
	/* Pending with its input known is what OpenCode calls running. */
	if (json_string_is(status, "in_progress") || part->tool.input || part->tool.title)
		return "running";
	return "pending";
}

void tool_add_members(struct buf *b, const struct part *part)
{
	const struct tool *tool = &part->tool;
	const char *state = state_of(part);
	bool has_ended = strcmp(state, "completed") == 0 || strcmp(state, "error") == 0;
	struct span title = span_of(tool->title);
	cleanup_buf struct buf output = BUF_INIT(TOOL_TEXT_BYTES);
	add_output_text(&output, tool);
	json_kv_string(b, "callID", tool->call_id);
	json_kv_string(b, "tool", tool_name_of_kind(span_of(tool->kind)));
	json_key(b, "state");
	json_open(b, '{');
	json_kv_string(b, "status", state);
	add_input(b, tool);
	if (strcmp(state, "pending") == 0)
		json_kv_string(b, "raw", "");
	if (strcmp(state, "completed") == 0)
		json_kv_span(b, "output", buf_span(&output));
	if (strcmp(state, "error") == 0)
		json_kv_span(b, "error", output.len ? buf_span(&output) : span_of("failed"));
	else if (strcmp(state, "pending") != 0)
		json_kv_raw(b, "title", title.p ? title : SPAN_LIT("\"\""));
	if (strcmp(state, "pending") != 0) {
		add_metadata(b, tool, buf_span(&output));
		add_time(b, part, has_ended);
	}
	json_close(b, '}');
}
