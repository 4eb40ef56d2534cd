#include "render.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "cli/plain.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DIM "\033[2m"
#define RED "\033[31m"
#define GREEN "\033[32m"
#define BOLD "\033[1m"
#define RESET "\033[0m"

void render_init(struct render *r, const struct options *options)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	*r = (struct render){
	    .has_color = isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
			 !(term && strcmp(term, "dumb") == 0),
	    .options = options,
	};
	r->prose.has_color = r->has_color;
}

/* Before each text: terminals change their size. */
static size_t width_now(const struct render *r)
{
	struct winsize size;
	if (r->options->width != UINT64_MAX)
		return (size_t)r->options->width;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void render_free(struct render *r)
{
	free(r->session);
	r->session = NULL;
}

static void paint(const struct render *r, struct buf *out, const char *code)
{
	if (r->has_color)
		buf_adds(out, code);
}

void render_end(struct render *r, struct buf *out)
{
	if (r->stream == STREAM_NONE)
		return;
	prose_end(&r->prose, out);
	buf_addc(out, '\n');
	r->stream = STREAM_NONE;
}

static void chunk(struct render *r, struct buf *out, enum render_stream stream,
		  struct span content)
{
	if (r->stream != stream) {
		render_end(r, out);
		r->stream = stream;
		if (stream == STREAM_USER)
			buf_adds(out, "> ");
		const char *base = stream == STREAM_THOUGHT ? DIM : stream == STREAM_USER ? BOLD : "";
		r->prose.width = width_now(r);
		prose_begin(&r->prose, base);
		paint(r, out, base);
	}
	struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (json_string_add(&text, json_get(content, "text")) == 0) {
		prose_add(&r->prose, out, buf_span(&text));
		buf_free(&text);
		return;
	}
	buf_free(&text);
	buf_addc(out, '[');
	plain_add_json(out, json_get(content, "type"));
	struct span uri = json_get(content, "uri");
	if (uri.p)
		buf_addc(out, ' ');
	plain_add_json(out, uri);
	buf_addc(out, ']');
}

static void diff_side(struct render *r, struct buf *out, struct span value, char sign)
{
	struct buf text = BUF_INIT(BUF_MAX_OWN);
	plain_add_json(&text, value);
	struct span rest = buf_span(&text);
	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		paint(r, out, sign == '-' ? RED : GREEN);
		buf_adds(out, "  ");
		buf_addc(out, sign);
		buf_add(out, rest.p, n);
		paint(r, out, RESET);
		buf_addc(out, '\n');
		n += end ? 1 : 0;
		rest.p += n;
		rest.n -= n;
	}
	buf_free(&text);
}

static void tool_content(struct render *r, struct buf *out, struct span content)
{
	struct json_iter it = json_iter(content);
	struct span item;
	while (json_type(content) == JSON_ARRAY && json_next(&it, NULL, &item)) {
		struct span text = json_path(item, "content.text");
		if (json_string_is(json_get(item, "type"), "diff")) {
			buf_adds(out, "  ");
			plain_add_json(out, json_get(item, "path"));
			buf_addc(out, '\n');
			diff_side(r, out, json_get(item, "oldText"), '-');
			diff_side(r, out, json_get(item, "newText"), '+');
		} else if (text.p) {
			buf_adds(out, "  ");
			plain_add_json(out, text);
			buf_addc(out, '\n');
		}
	}
}

static void tool(struct render *r, struct buf *out, struct span update)
{
	struct span title = json_get(update, "title"), status = json_get(update, "status");
	render_end(r, out);
	buf_adds(out, "● ");
	plain_add_json(out, title.p ? title : json_get(update, "toolCallId"));
	if (status.p) {
		buf_adds(out, " [");
		plain_add_json(out, status);
		buf_addc(out, ']');
	}
	buf_addc(out, '\n');
	tool_content(r, out, json_get(update, "content"));
}

static void plan(struct render *r, struct buf *out, struct span entries)
{
	render_end(r, out);
	buf_adds(out, "Plan:\n");
	struct json_iter it = json_iter(entries);
	struct span entry;
	while (json_type(entries) == JSON_ARRAY && json_next(&it, NULL, &entry)) {
		struct span status = json_get(entry, "status");
		buf_adds(out, json_string_is(status, "completed")     ? "  [x] "
			      : json_string_is(status, "in_progress") ? "  [~] "
								      : "  [ ] ");
		plain_add_json(out, json_get(entry, "content"));
		buf_addc(out, '\n');
	}
}

static void usage(struct render *r, struct buf *out, struct span update)
{
	render_end(r, out);
	paint(r, out, DIM);
	buf_addf(out, "usage: %lld of %lld tokens",
		 (long long)json_int_or(json_get(update, "used"), 0),
		 (long long)json_int_or(json_get(update, "size"), 0));
	struct span amount = json_path(update, "cost.amount");
	if (amount.p) {
		buf_addf(out, ", %.4f ", json_double_or(amount, 0));
		plain_add_json(out, json_path(update, "cost.currency"));
	}
	paint(r, out, RESET);
	buf_addc(out, '\n');
}

static void update(struct render *r, struct buf *out, const struct view *v)
{
	struct span content = json_get(v->update, "content");
	if (json_string_is(v->kind, "agent_message_chunk"))
		chunk(r, out, STREAM_MESSAGE, content);
	else if (json_string_is(v->kind, "agent_thought_chunk"))
		chunk(r, out, STREAM_THOUGHT, content);
	else if (json_string_is(v->kind, "user_message_chunk"))
		chunk(r, out, STREAM_USER, content);
	else if (json_string_is(v->kind, "tool_call") ||
		 json_string_is(v->kind, "tool_call_update"))
		tool(r, out, v->update);
	else if (json_string_is(v->kind, "plan"))
		plan(r, out, json_get(v->update, "entries"));
	else if (json_string_is(v->kind, "usage_update"))
		usage(r, out, v->update);
	else if (json_string_is(v->kind, "current_mode_update")) {
		render_end(r, out);
		buf_adds(out, "mode: ");
		plain_add_json(out, json_get(v->update, "currentModeId"));
		buf_addc(out, '\n');
	}
}

static void permission(struct render *r, struct buf *out, const struct view *v)
{
	render_end(r, out);
	buf_adds(out, "? permission wanted: ");
	plain_add_json(out, json_path(v->payload, "params.toolCall.title"));
	buf_addc(out, '\n');
	/* Asked by questions.c, in its turn. */
	if (r->options->is_interactive)
		return;
	struct span options = json_path(v->payload, "params.options"), option;
	struct json_iter it = json_iter(options);
	while (json_type(options) == JSON_ARRAY && json_next(&it, NULL, &option)) {
		buf_adds(out, "    ");
		plain_add_json(out, json_get(option, "optionId"));
		buf_adds(out, "  ");
		plain_add_json(out, json_get(option, "name"));
		buf_addc(out, '\n');
	}
	buf_adds(out, "  answer with: sa-session reply ");
	plain_add_json(out, v->id);
	buf_adds(out, " OPTION\n");
}

/* A question of the agent's (ACP elicitation): a form to fill in, or a page to visit. */
static void question(struct render *r, struct buf *out, const struct view *v)
{
	struct span params = json_get(v->payload, "params");
	struct span url = json_get(params, "url");
	render_end(r, out);
	buf_adds(out, "? question: ");
	plain_add_json(out, json_get(params, "message"));
	if (url.p)
		buf_addc(out, ' ');
	plain_add_json(out, url);
	buf_addc(out, '\n');
	if (r->options->is_interactive)
		return;
	buf_adds(out, "  answer with: sa-session reply ");
	plain_add_json(out, v->id);
	buf_adds(out, " JSON\n");
}

static void prompt(struct render *r, struct buf *out, struct span blocks)
{
	struct json_iter it = json_iter(blocks);
	struct span block;
	render_end(r, out);
	while (json_type(blocks) == JSON_ARRAY && json_next(&it, NULL, &block))
		chunk(r, out, STREAM_USER, block);
	render_end(r, out);
}

static void turn_end(struct render *r, struct buf *out, const struct view *v)
{
	struct span reason = json_path(v->payload, "result.stopReason");
	render_end(r, out);
	paint(r, out, DIM);
	buf_adds(out, reason.p ? "-- turn ended: " : "-- turn failed: ");
	plain_add_json(out, reason.p ? reason : json_path(v->payload, "error.message"));
	paint(r, out, RESET);
	buf_addc(out, '\n');
}

/* What the supervisor did to a turn. */
static void notice(struct render *r, struct buf *out, const struct view *v)
{
	static const struct {
		const char *method, *words, *member;
	} known[] = {
	    {"_adapter/request_expired", "nobody answered", "reason"},
	    {"_adapter/hook_failed", "the hook failed", "reason"},
	    {"_adapter/limit_reached", "limit reached", "reason"},
	    {"_adapter/cancel_escalated", "the cancel is not heeded", "step"},
	    {"_adapter/prompt_dropped", "a prompt was taken out of the queue", "promptId"},
	    {"_adapter/prompt_edited", "a prompt in the queue was changed", "promptId"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!json_string_is(v->method, known[i].method))
			continue;
		render_end(r, out);
		paint(r, out, DIM);
		buf_addf(out, "-- %s: ", known[i].words);
		plain_add_json(out,
			       json_get(json_get(v->payload, "params"), known[i].member));
		paint(r, out, RESET);
		buf_addc(out, '\n');
		return;
	}
}

/* Several sessions: say whose words follow. */
static void header(struct render *r, struct buf *out, const struct view *v)
{
	if (!v->session.p || (r->session && span_is(v->session, r->session)))
		return;
	if (r->session) {
		render_end(r, out);
		buf_adds(out, "== session ");
		plain_add_json(out, v->session);
		buf_adds(out, " ==\n");
	}
	free(r->session);
	r->session = xmemdup0(v->session.p, v->session.n);
}

void render_add(struct render *r, struct buf *out, struct view *v)
{
	view_look_inside(v);
	header(r, out, v);
	if (v->update.p)
		update(r, out, v);
	else if (view_is_prompt(v))
		prompt(r, out, json_path(v->payload, "params.prompt"));
	else if (view_is_turn_end(v))
		turn_end(r, out, v);
	else if (json_string_is(v->method, "session/request_permission"))
		permission(r, out, v);
	else if (json_string_is(v->method, "elicitation/create"))
		question(r, out, v);
	else
		notice(r, out, v);
}
