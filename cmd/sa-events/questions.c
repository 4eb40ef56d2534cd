#include "questions.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "follower.h"
#include "json/scan.h"
#include "json/write.h"
#include "cli/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TYPED_BYTES = 64 * 1024 }; /* longest line that is taken */

enum question_kind { QUESTION_PERMISSION, QUESTION_FORM, QUESTION_URL };

struct question {
	struct question *next;
	struct follower *follower; /* whose link takes the answer */
	enum question_kind kind;
	char *event_id;
	char *rpc_id;  /* JSON value */
	char *payload; /* JSON */
	struct span params;
};

int questions_open(struct questions *q, struct sa_error *err)
{
	*q = (struct questions){.fd = -1, .line = BUF_INIT(TYPED_BYTES)};
	/* Standard input may hold session records; a description of our own may be non-blocking. */
	q->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (q->fd < 0)
		return error_set_errno(err, PROBLEM_INVALID_REQUEST, errno,
				       "--interactive wants a terminal");
	return 0;
}

/* Take it out of the queue. */
static void remove_at(struct questions *q, struct question **at)
{
	struct question *question = *at;
	if (question == q->first) {
		q->is_asked = false;
		form_free(&q->form);
	}
	*at = question->next;
	free(question->event_id);
	free(question->rpc_id);
	free(question->payload);
	free(question);
}

void questions_close(struct questions *q)
{
	while (q->first)
		remove_at(q, &q->first);
	buf_free(&q->line);
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
}

void questions_interrupt(struct questions *q, struct buf *out)
{
	if (q->is_shown)
		buf_addc(out, '\n');
	q->is_shown = false;
}

/* --- what is asked ------------------------------------------------------------ */

static void add(struct questions *q, struct follower *f, const struct view *v,
		enum question_kind kind)
{
	struct question *question = xcalloc(1, sizeof(*question)), **end = &q->first;
	struct span rpc_id = json_get(v->payload, "id");
	question->follower = f;
	question->kind = kind;
	question->event_id = json_string_dup(v->id);
	question->rpc_id = xmemdup0(rpc_id.p ? rpc_id.p : "null", rpc_id.p ? rpc_id.n : 4);
	question->payload = xmemdup0(v->payload.p, v->payload.n);
	question->params = json_get(span_of(question->payload), "params");
	while (*end)
		end = &(*end)->next;
	*end = question;
}

/* Take the first question that fits out of the queue. */
static void withdraw(struct questions *q, const struct follower *f, struct span rpc_id,
		     const char *why, struct buf *out)
{
	struct question **at = &q->first;
	while (*at && ((*at)->follower != f ||
		       (rpc_id.p && !json_scalar_equal(span_of((*at)->rpc_id), rpc_id))))
		at = &(*at)->next;
	if (!*at)
		return;
	if (*at == q->first && q->is_asked) {
		questions_interrupt(q, out);
		buf_addf(out, "  (%s)\n", why);
	}
	remove_at(q, at);
}

void questions_note(struct questions *q, struct follower *f, struct view *view, struct buf *out)
{
	if (q->fd < 0)
		return;
	bool is_answer = json_string_is(view->answers, "session/request_permission") ||
			 json_string_is(view->answers, "elicitation/create");
	if (is_answer) {
		withdraw(q, f, json_get(view->payload, "id"), "answered elsewhere", out);
		return;
	}
	if (!json_string_is(view->sender, "agent") || view->answers.p)
		return;
	view_look_inside(view);
	if (json_string_is(view->method, "session/request_permission"))
		add(q, f, view, QUESTION_PERMISSION);
	else if (json_string_is(view->method, "elicitation/create"))
		add(q, f, view,
		    json_path(view->payload, "params.url").p ? QUESTION_URL : QUESTION_FORM);
}

void questions_drop(struct questions *q, const struct follower *f, struct buf *out)
{
	for (bool has_more = true; has_more;) {
		has_more = false;
		for (struct question *i = q->first; i; i = i->next)
			has_more |= i->follower == f;
		if (has_more)
			withdraw(q, f, SPAN_NONE, "the agent is gone", out);
	}
}

/* --- asking --------------------------------------------------------------------- */

/* Option number i (from 0) of a permission. */
static struct span permission_option(const struct question *question, size_t i)
{
	struct span options = json_get(question->params, "options"), option;
	if (json_type(options) != JSON_ARRAY)
		return SPAN_NONE;
	struct json_iter it = json_iter(options);
	for (size_t n = 0; json_next(&it, NULL, &option); n++)
		if (n == i)
			return option;
	return SPAN_NONE;
}

static void introduce(const struct question *question, struct buf *out)
{
	struct span option;
	if (question->kind != QUESTION_PERMISSION) {
		buf_adds(out, "answer: ");
		plain_add_json(out, json_get(question->params, "message"));
		buf_adds(out, question->kind == QUESTION_FORM ? "  (^D declines)\n" : "\n");
		return;
	}
	buf_adds(out, "answer: ");
	plain_add_json(out, json_path(question->params, "toolCall.title"));
	buf_addc(out, '\n');
	for (size_t i = 0; (option = permission_option(question, i)).p; i++) {
		buf_addf(out, "  %zu) ", i + 1);
		struct span name = json_get(option, "name");
		plain_add_json(out, name.p ? name : json_get(option, "optionId"));
		buf_addc(out, '\n');
	}
}

void questions_prompt(struct questions *q, struct buf *out)
{
	if (!q->first || q->is_shown)
		return;
	if (!q->is_asked) {
		introduce(q->first, out);
		if (q->first->kind == QUESTION_FORM)
			form_begin(&q->form, json_get(q->first->params, "requestedSchema"));
		q->is_asked = true;
	}
	if (q->first->kind == QUESTION_FORM && !form_is_done(&q->form))
		form_prompt(&q->form, out);
	else if (q->first->kind == QUESTION_PERMISSION)
		buf_adds(out, "number (^D cancels)? ");
	else
		buf_adds(out, "go on [y/n] (^D cancels)? ");
	buf_add_span(out, buf_span(&q->line));
	q->is_shown = true;
}

/* --- answering -------------------------------------------------------------------- */

/* Send the result (JSON) of the first question to its agent. */
static void answer(struct questions *q, struct span result, struct buf *out)
{
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	struct sa_error err = SA_ERROR_INIT;
	struct link *link = &q->first->follower->link;
	json_open(&op, '{');
	json_kv_string(&op, "op", "reply");
	json_kv_int(&op, "ref", ++link->next_ref);
	json_kv_string(&op, "eventId", q->first->event_id);
	json_kv_raw(&op, "result", result);
	json_close(&op, '}');
	/* What the supervisor says to it comes over the link: an event, or a problem. */
	if (link->fd < 0)
		buf_adds(out, "  (no connection to the agent: not answered)\n");
	else if (link_send(link, buf_span(&op), &err) < 0)
		buf_addf(out, "  (not answered: %s)\n", err.message);
	remove_at(q, &q->first);
}

static void answer_permission(struct questions *q, struct span line, struct buf *out)
{
	cleanup_buf struct buf result = BUF_INIT(BUF_MAX_OWN);
	uint64_t number = 0;
	struct span option = SPAN_NONE;
	if (num_parse_u64(line, 1 << 20, &number) == 0 && number > 0)
		option = permission_option(q->first, (size_t)number - 1);
	for (size_t i = 0; !option.p && permission_option(q->first, i).p; i++) {
		struct span id = json_get(permission_option(q->first, i), "optionId");
		cleanup_free char *text = json_string_dup(id);
		if (text && span_is(line, text))
			option = permission_option(q->first, i);
	}
	if (!option.p) {
		buf_adds(out, "  (a number from the list, please)\n");
		return;
	}
	buf_adds(&result, "{\"outcome\":{\"outcome\":\"selected\"");
	json_kv_raw(&result, "optionId", json_get(option, "optionId"));
	buf_adds(&result, "}}");
	answer(q, buf_span(&result), out);
}

static void answer_form(struct questions *q, struct span line, struct buf *out)
{
	cleanup_buf struct buf result = BUF_INIT(BUF_MAX_OWN);
	/* A form without fields is a question of yes or no. */
	bool is_no = form_is_done(&q->form) && (span_is(line, "n") || span_is(line, "no"));
	const char *problem = form_take(&q->form, line);
	if (is_no) {
		answer(q, SPAN_LIT("{\"action\":\"decline\"}"), out);
		return;
	}
	if (problem)
		buf_addf(out, "  (%s)\n", problem);
	if (!form_is_done(&q->form))
		return;
	buf_adds(&result, "{\"action\":\"accept\",\"content\":");
	form_add_content(&q->form, &result);
	buf_addc(&result, '}');
	answer(q, buf_span(&result), out);
}

static void take_line(struct questions *q, struct span line, struct buf *out)
{
	if (!q->first || !q->is_asked)
		return;
	/* The terminal has echoed the line's end. */
	q->is_shown = false;
	line = span_trim(line);
	if (q->first->kind == QUESTION_FORM)
		answer_form(q, line, out);
	else if (q->first->kind == QUESTION_PERMISSION)
		answer_permission(q, line, out);
	else if (span_is(line, "y") || span_is(line, "yes"))
		answer(q, SPAN_LIT("{\"action\":\"accept\"}"), out);
	else if (span_is(line, "n") || span_is(line, "no"))
		answer(q, SPAN_LIT("{\"action\":\"decline\"}"), out);
}

/* ^D on an empty line. */
static void take_end(struct questions *q, struct buf *out)
{
	if (!q->first || !q->is_asked)
		return;
	questions_interrupt(q, out);
	answer(q,
	       q->first->kind == QUESTION_PERMISSION
		   ? SPAN_LIT("{\"outcome\":{\"outcome\":\"cancelled\"}}")
	       : q->first->kind == QUESTION_FORM ? SPAN_LIT("{\"action\":\"decline\"}")
						 : SPAN_LIT("{\"action\":\"cancel\"}"),
	       out);
}

void questions_read(struct questions *q, struct buf *out)
{
	char chunk[4096];
	ssize_t n = read(q->fd, chunk, sizeof(chunk));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		/* The terminal has gone; what is asked stays for others. */
		close(q->fd);
		q->fd = -1;
		return;
	}
	if (n == 0) {
		take_end(q, out);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (chunk[i] != '\n') {
			buf_addc(&q->line, chunk[i]);
			continue;
		}
		take_line(q, buf_span(&q->line), out);
		buf_clear(&q->line);
	}
}
