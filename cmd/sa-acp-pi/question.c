#include "question.h"

#include "acp/envelope.h"
#include "adapter/consent.h"
#include "adapter/content.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "gate.h"
#include "pi.h"
#include "session.h"
#include "tool.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

struct question {
	struct question *next;
	struct session *session;
	int64_t ask_id;
	char *id;   /* Pi's, a raw JSON string */
	char *tool; /* of our gate: the tool's name; NULL: of another extension */
	bool is_confirm;
};

/* --- answering Pi ------------------------------------------------------------------------ */

static struct buf *answer_open(struct session *session, struct span id)
{
	struct buf *b = wire_queue(&session->base.child.wire);
	json_open(b, '{');
	json_kv_string(b, "type", "extension_ui_response");
	json_kv_raw(b, "id", id);
	return b;
}

static void answer_close(struct buf *b)
{
	json_close(b, '}');
	buf_addc(b, '\n');
}

static void answer_value(struct session *session, struct span id, struct span value)
{
	struct buf *b = answer_open(session, id);
	json_kv_raw(b, "value", value);
	answer_close(b);
}

static void answer_cancelled(struct session *session, struct span id)
{
	struct buf *b = answer_open(session, id);
	json_kv_bool(b, "cancelled", true);
	answer_close(b);
}

static void answer_gate(struct session *session, struct span id, bool is_allowed)
{
	answer_value(session, id,
		     is_allowed ? SPAN_LIT("\"" GATE_ALLOW "\"") : SPAN_LIT("\"" GATE_REJECT "\""));
}

/* --- the list ------------------------------------------------------------------------------- */

static void unlink_question(struct question *question)
{
	struct question **link = &question->session->questions;
	while (*link != question)
		link = &(*link)->next;
	*link = question->next;
}

static void question_free(struct question *question)
{
	free(question->id);
	free(question->tool);
	free(question);
}

static struct question *make(struct session *session, struct span id)
{
	struct question *question = xcalloc(1, sizeof(*question));
	question->session = session;
	question->id = xmemdup0(id.p, id.n);
	question->next = session->questions;
	session->questions = question;
	return question;
}

static void drop_all(struct session *session, bool is_told)
{
	while (session->questions) {
		struct question *question = session->questions;
		if (is_told)
			answer_cancelled(session, span_of(question->id));
		adapter_ask_cancel(session->base.adapter, question->ask_id);
		unlink_question(question);
		question_free(question);
	}
}

void question_cancel_all(struct session *session)
{
	drop_all(session, true);
}

void question_drop_all(struct session *session)
{
	drop_all(session, false);
}

/* --- permissions ------------------------------------------------------------------------------ */

static void on_permission(void *arg, const struct envelope *envelope)
{
	struct question *question = arg;
	struct session *session = question->session;
	answer_gate(session, span_of(question->id),
		    consent_read(&session->consents, question->tool, envelope));
	unlink_question(question);
	question_free(question);
}

static void ask_permission(struct question *question, struct span call)
{
	struct session *session = question->session;
	struct buf *b = consent_ask_open(&session->base, json_get(call, "id"));
	tool_write_details(b, session, json_get(call, "name"), json_get(call, "input"));
	question->ask_id =
	    consent_ask_close(&session->base, question->tool, on_permission, question);
}

/* text is the question behind GATE_PREFIX: the call as JSON. */
static void gate_asked(struct session *session, struct span id, struct span text)
{
	size_t bad_offset;
	bool is_call = json_check(text, &bad_offset) == 0;
	struct span name = is_call ? json_get(text, "name") : SPAN_NONE;
	cleanup_free char *tool = json_string_dup(name);
	if (!tool || !settings_asks(&session->settings) || tool_only_reads(name) ||
	    consents_has(&session->consents, tool)) {
		answer_gate(session, id, is_call);
		return;
	}
	struct question *question = make(session, id);
	question->tool = TAKE_PTR(tool);
	ask_permission(question, text);
}

/* --- other extensions ---------------------------------------------------------------------------
 */

static void on_form(void *arg, const struct envelope *envelope)
{
	struct question *question = arg;
	struct session *session = question->session;
	struct span result = envelope->result, value = json_path(result, "content.answer");
	struct span id = span_of(question->id);
	bool is_accepted = json_string_is(json_get(result, "action"), "accept");
	if (question->is_confirm && !envelope->error.p) {
		struct buf *b = answer_open(session, id);
		json_kv_bool(b, "confirmed", is_accepted && json_bool_or(value, true));
		answer_close(b);
	} else if (is_accepted && json_type(value) == JSON_STRING) {
		answer_value(session, id, value);
	} else {
		answer_cancelled(session, id);
	}
	unlink_question(question);
	question_free(question);
}

static void write_field(struct buf *b, struct span line, bool is_confirm)
{
	struct span options = json_get(line, "options");
	json_open(b, '{');
	json_kv_string(b, "type", is_confirm ? "boolean" : "string");
	json_kv_raw(b, "title", json_get(line, "title"));
	if (json_type(options) == JSON_ARRAY)
		json_kv_raw(b, "enum", options);
	json_close(b, '}');
}

static void ask_form(struct session *session, struct span id, struct span line, bool is_confirm)
{
	struct question *question = make(session, id);
	struct span message = json_get(line, "message");
	question->is_confirm = is_confirm;
	struct buf *b = adapter_ask_open(session->base.adapter, "elicitation/create");
	json_open(b, '{');
	json_kv_string(b, "mode", "form");
	json_kv_string(b, "sessionId", session->base.id);
	content_form_open(b, json_type(message) == JSON_STRING ? message : json_get(line, "title"));
	json_key(b, "answer");
	write_field(b, line, is_confirm);
	content_form_close(b);
	json_close(b, '}');
	question->ask_id = adapter_ask_close(session->base.adapter, on_form, question);
}

void question_asked(struct session *session, struct span line)
{
	struct span id = json_get(line, "id"), method = json_get(line, "method");
	bool is_confirm = json_string_is(method, "confirm");
	bool is_text = json_string_is(method, "select") || json_string_is(method, "input") ||
		       json_string_is(method, "editor");
	size_t count = 0;
	for (struct question *q = session->questions; q; q = q->next)
		count++;
	if (json_type(id) != JSON_STRING || (!is_confirm && !is_text))
		return; /* notify, setStatus and the like want no answer */
	cleanup_buf struct buf title = BUF_INIT(BUF_MAX_OWN);
	json_string_add(&title, json_get(line, "title"));
	struct span text = buf_span(&title);
	if (is_text && span_starts_with(text, GATE_PREFIX)) {
		text.p += strlen(GATE_PREFIX);
		text.n -= strlen(GATE_PREFIX);
		gate_asked(session, id, text);
	} else if (count >= QUESTIONS_MAX || !session->base.id ||
		   !session->base.adapter->client_can.has_forms) {
		answer_cancelled(session, id);
	} else {
		ask_form(session, id, line, is_confirm);
	}
}
