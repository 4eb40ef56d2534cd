#include "form.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

static void write_field(struct buf *b, struct span question)
{
	cleanup_free char *id = json_string_dup(json_get(question, "id"));
	if (!id)
		return;
	json_key(b, id);
	json_open(b, '{');
	json_kv_string(b, "type", "string");
	json_kv_raw(b, "title", json_get(question, "header"));
	json_kv_raw(b, "description", json_get(question, "question"));
	content_form_choices(b, "oneOf", json_get(question, "options"));
	json_close(b, '}');
	if (!json_bool_or(json_get(question, "isOther"), false))
		return;
	cleanup_free char *other = xasprintf("%s_custom", id);
	json_key(b, other);
	json_open(b, '{');
	json_kv_string(b, "type", "string");
	json_kv_string(b, "title", "Other");
	json_close(b, '}');
}

void form_write_questions(struct buf *b, struct span params)
{
	struct span questions = json_get(params, "questions"), question = SPAN_NONE;
	struct json_iter it = json_iter(questions);
	json_next(&it, NULL, &question);
	json_kv_string(b, "mode", "form");
	json_kv_raw(b, "toolCallId", json_get(params, "itemId"));
	content_form_open(b, json_get(question, "question"));
	for (it = json_iter(questions); json_next(&it, NULL, &question);)
		write_field(b, question);
	content_form_close(b);
}

static void write_answer(struct buf *b, const char *id, struct span content)
{
	cleanup_free char *other = xasprintf("%s_custom", id);
	struct span chosen = json_get(content, id), own = json_get(content, other);
	bool has_own =
	    json_type(own) == JSON_STRING && own.n > 2 && !json_scalar_equal(own, chosen);
	json_key(b, id);
	json_open(b, '{');
	json_key(b, "answers");
	json_open(b, '[');
	if (json_type(chosen) == JSON_STRING)
		json_add_raw(b, chosen);
	if (has_own)
		json_add_raw(b, own);
	json_close(b, ']');
	json_close(b, '}');
}

void form_write_answers(struct buf *b, struct span params, struct span answer)
{
	bool is_accepted = json_string_is(json_get(answer, "action"), "accept");
	struct json_iter it = json_iter(json_get(params, "questions"));
	struct span question;
	json_open(b, '{');
	json_key(b, "answers");
	json_open(b, '{');
	while (is_accepted && json_next(&it, NULL, &question)) {
		cleanup_free char *id = json_string_dup(json_get(question, "id"));
		if (id)
			write_answer(b, id, json_get(answer, "content"));
	}
	json_close(b, '}');
	json_close(b, '}');
}

void form_write_mcp(struct buf *b, struct span params)
{
	struct span url = json_get(params, "url");
	json_kv_string(b, "mode", json_type(url) == JSON_STRING ? "url" : "form");
	json_kv_raw(b, "message", json_get(params, "message"));
	json_kv_raw(b, "requestedSchema", json_get(params, "requestedSchema"));
	json_kv_raw(b, "url", url);
	json_kv_raw(b, "elicitationId", json_get(params, "elicitationId"));
}

void form_write_mcp_result(struct buf *b, struct span params, struct span answer)
{
	struct span content = json_get(answer, "content");
	(void)params;
	json_open(b, '{');
	json_kv_raw(b, "action", json_get(answer, "action"));
	json_kv_raw(b, "content", content.p ? content : SPAN_LIT("null"));
	json_close(b, '}');
}
