#include "question.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "claude.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>

/* "question_0_custom" and its NUL. */
enum { QUESTION_KEY_BYTES = 40 };

static void write_question(struct buf *b, int index, struct span question)
{
	char key[QUESTION_KEY_BYTES];
	snprintf(key, sizeof(key), "question_%d", index);
	json_key(b, key);
	json_open(b, '{');
	bool is_multi = json_bool_or(json_get(question, "multiSelect"), false);
	json_kv_string(b, "type", is_multi ? "array" : "string");
	json_kv_raw(b, "title", json_get(question, "header"));
	json_kv_raw(b, "description", json_get(question, "question"));
	if (is_multi) {
		json_key(b, "items");
		json_open(b, '{');
	}
	content_form_choices(b, is_multi ? "anyOf" : "oneOf", json_get(question, "options"));
	if (is_multi)
		json_close(b, '}');
	json_close(b, '}');
	snprintf(key, sizeof(key), "question_%d_custom", index);
	json_key(b, key);
	json_open(b, '{');
	json_kv_string(b, "type", "string");
	json_kv_string(b, "title", "Other");
	json_kv_string(b, "description", "An answer of your own, or a note to the one above.");
	json_close(b, '}');
}

int64_t question_ask(struct permission *permission, adapter_answer_fn *fn)
{
	struct session *session = permission->session;
	struct adapter *adapter = session->base.adapter;
	struct span request = buf_span(&permission->request);
	struct span questions = json_path(request, "input.questions");
	struct json_iter it = json_iter(questions);
	struct span question = SPAN_NONE;
	json_next(&it, NULL, &question);
	struct buf *b = adapter_ask_open(adapter, "elicitation/create");
	json_open(b, '{');
	json_kv_string(b, "mode", "form");
	json_kv_string(b, "sessionId", session->base.id);
	json_kv_raw(b, "toolCallId", json_get(request, "tool_use_id"));
	content_form_open(b, json_get(question, "question"));
	it = json_iter(questions);
	for (int i = 0; json_next(&it, NULL, &question); i++)
		write_question(b, i, question);
	content_form_close(b);
	json_close(b, '}');
	return adapter_ask_close(adapter, fn, permission);
}

/* --- the answer ------------------------------------------------------------------- */

static void add_part(struct buf *text, struct span value)
{
	cleanup_buf struct buf part = BUF_INIT(BUF_MAX_OWN);
	if (json_string_add(&part, value) < 0 || part.len == 0)
		return;
	/* A form that fills both fields with the same says it once. */
	if (span_equal(buf_span(text), buf_span(&part)))
		return;
	if (text->len)
		buf_adds(text, ", ");
	buf_add_span(text, buf_span(&part));
}

static void add_answer(struct buf *text, struct span content, int index)
{
	char key[QUESTION_KEY_BYTES];
	snprintf(key, sizeof(key), "question_%d", index);
	struct span chosen = json_get(content, key);
	struct json_iter it = json_iter(chosen);
	struct span one;
	if (json_type(chosen) == JSON_ARRAY)
		while (json_next(&it, NULL, &one))
			add_part(text, one);
	else
		add_part(text, chosen);
	snprintf(key, sizeof(key), "question_%d_custom", index);
	add_part(text, json_get(content, key));
}

static void accept(struct permission *permission, struct span content)
{
	struct span questions = json_path(buf_span(&permission->request), "input.questions");
	cleanup_buf struct buf input = BUF_INIT(BUF_MAX_OWN);
	json_open(&input, '{');
	json_kv_raw(&input, "questions", questions.p ? questions : SPAN_LIT("[]"));
	json_key(&input, "answers");
	json_open(&input, '{');
	struct json_iter it = json_iter(questions);
	struct span question;
	for (int i = 0; json_next(&it, NULL, &question); i++) {
		cleanup_buf struct buf answer = BUF_INIT(BUF_MAX_OWN);
		cleanup_free char *key = json_string_dup(json_get(question, "question"));
		add_answer(&answer, content, i);
		if (key && answer.len)
			json_kv_span(&input, key, buf_span(&answer));
	}
	json_close(&input, '}');
	json_close(&input, '}');
	permission_allow(permission, buf_span(&input), SPAN_NONE);
}

void question_answered(struct permission *permission, struct span result)
{
	struct span action = json_get(result, "action");
	if (json_string_is(action, "accept"))
		accept(permission, json_get(result, "content"));
	else if (json_string_is(action, "decline"))
		permission_deny(permission, "The user declined to answer", false);
	else
		permission_deny(permission, "The user cancelled", true);
}
