#include "transcript.h"

#include "json/scan.h"
#include "cli/plain.h"

#include <string.h>

void transcript_init(struct transcript *t)
{
	*t = (struct transcript){.out = BUF_INIT(BUF_MAX_OWN)};
}

void transcript_free(struct transcript *t)
{
	buf_free(&t->out);
}

/* Every line of text with prefix in front. */
static void add_lines(struct buf *out, struct span text, const char *prefix)
{
	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;
		buf_adds(out, prefix);
		buf_add(out, text.p, n);
		buf_addc(out, '\n');
		n += end ? 1 : 0;
		text.p += n;
		text.n -= n;
	}
}

void transcript_end(struct transcript *t)
{
	if (t->part != PART_NONE)
		buf_adds(&t->out, t->is_line_open ? "\n\n" : "\n");
	t->part = PART_NONE;
	t->is_line_open = false;
}

/* Text under way: a thought is quoted, line by line. */
static void add_text(struct transcript *t, struct span text)
{
	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end + 1 - text.p) : text.n;
		if (!t->is_line_open && t->part == PART_THOUGHT)
			buf_adds(&t->out, "> ");
		buf_add(&t->out, text.p, n);
		t->is_line_open = !end;
		text.p += n;
		text.n -= n;
	}
}

static void add_chunk(struct transcript *t, enum transcript_part part, struct span content)
{
	struct buf words = BUF_INIT(BUF_MAX_OWN);
	if (t->part != part) {
		transcript_end(t);
		buf_adds(&t->out, part == PART_USER    ? "## User\n\n"
				  : part == PART_AGENT ? "## Agent\n\n"
						       : "");
	}
	t->part = part;
	struct span text = json_get(content, "text");
	if (!text.p)
		buf_addc(&words, '[');
	plain_add_json(&words, text.p ? text : json_get(content, "type"));
	if (!text.p)
		buf_addc(&words, ']');
	add_text(t, buf_span(&words));
	buf_free(&words);
}

/* A fence longer than any run of backquotes in text. */
static void add_fence(struct buf *out, struct span text)
{
	size_t longest = 2, run = 0;
	for (size_t i = 0; i < text.n; i++) {
		run = text.p[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		buf_addc(out, '`');
}

static void add_fenced(struct buf *out, struct span text, const char *language)
{
	buf_addc(out, '\n');
	add_fence(out, text);
	buf_addf(out, "%s\n", language);
	add_lines(out, text, "");
	add_fence(out, text);
	buf_adds(out, "\n\n");
}

static void add_diff(struct buf *out, struct span diff)
{
	struct buf text = BUF_INIT(BUF_MAX_OWN), side = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&text, "--- ");
	plain_add_json(&text, json_get(diff, "path"));
	buf_addc(&text, '\n');
	plain_add_json(&side, json_get(diff, "oldText"));
	add_lines(&text, buf_span(&side), "-");
	buf_clear(&side);
	plain_add_json(&side, json_get(diff, "newText"));
	add_lines(&text, buf_span(&side), "+");
	add_fenced(out, buf_span(&text), "diff");
	buf_free(&text);
	buf_free(&side);
}

static void add_tool(struct transcript *t, struct span update)
{
	struct span title = json_get(update, "title"), status = json_get(update, "status");
	struct span content = json_get(update, "content"), item;
	transcript_end(t);
	buf_adds(&t->out, "- **Tool:** ");
	plain_add_json(&t->out, title.p ? title : json_get(update, "toolCallId"));
	if (status.p) {
		buf_adds(&t->out, " (");
		plain_add_json(&t->out, status);
		buf_addc(&t->out, ')');
	}
	buf_addc(&t->out, '\n');
	struct json_iter it = json_iter(content);
	while (json_type(content) == JSON_ARRAY && json_next(&it, NULL, &item)) {
		struct span text = json_path(item, "content.text");
		if (json_string_is(json_get(item, "type"), "diff")) {
			add_diff(&t->out, item);
		} else if (text.p) {
			struct buf words = BUF_INIT(BUF_MAX_OWN);
			plain_add_json(&words, text);
			add_fenced(&t->out, buf_span(&words), "");
			buf_free(&words);
		}
	}
}

static void add_plan(struct transcript *t, struct span entries)
{
	struct json_iter it = json_iter(entries);
	struct span entry;
	transcript_end(t);
	buf_adds(&t->out, "\n**Plan**\n\n");
	while (json_type(entries) == JSON_ARRAY && json_next(&it, NULL, &entry)) {
		bool is_done = json_string_is(json_get(entry, "status"), "completed");
		buf_adds(&t->out, is_done ? "- [x] " : "- [ ] ");
		plain_add_json(&t->out, json_get(entry, "content"));
		buf_addc(&t->out, '\n');
	}
	buf_addc(&t->out, '\n');
}

static void add_update(struct transcript *t, const struct view *v)
{
	struct span content = json_get(v->update, "content");
	if (json_string_is(v->kind, "agent_message_chunk"))
		add_chunk(t, PART_AGENT, content);
	else if (json_string_is(v->kind, "agent_thought_chunk"))
		add_chunk(t, PART_THOUGHT, content);
	else if (json_string_is(v->kind, "user_message_chunk"))
		add_chunk(t, PART_USER, content);
	else if (json_string_is(v->kind, "tool_call") ||
		 json_string_is(v->kind, "tool_call_update"))
		add_tool(t, v->update);
	else if (json_string_is(v->kind, "plan"))
		add_plan(t, json_get(v->update, "entries"));
}

/* One line: what is asked, or what came of it. */
static void add_note(struct transcript *t, const char *label, struct span value)
{
	transcript_end(t);
	buf_addf(&t->out, "\n**%s:** ", label);
	plain_add_json(&t->out, value);
	buf_adds(&t->out, "\n\n");
}

void transcript_add(struct transcript *t, struct view *v)
{
	struct span blocks = json_path(v->payload, "params.prompt"), block;
	view_look_inside(v);
	if (v->update.p) {
		add_update(t, v);
	} else if (view_is_prompt(v)) {
		struct json_iter it = json_iter(blocks);
		transcript_end(t);
		while (json_type(blocks) == JSON_ARRAY && json_next(&it, NULL, &block))
			add_chunk(t, PART_USER, block);
		transcript_end(t);
	} else if (json_string_is(v->method, "session/request_permission")) {
		add_note(t, "Permission wanted", json_path(v->payload, "params.toolCall.title"));
	} else if (json_string_is(v->answers, "session/request_permission")) {
		struct span option = json_path(v->payload, "result.outcome.optionId");
		add_note(t, "Permission answer",
			 option.p ? option : json_path(v->payload, "result.outcome.outcome"));
	} else if (view_is_turn_end(v)) {
		struct span reason = json_path(v->payload, "result.stopReason");
		add_note(t, reason.p ? "Turn ended" : "Turn failed",
			 reason.p ? reason : json_path(v->payload, "error.message"));
	}
}
