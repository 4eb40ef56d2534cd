#include "ask.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "ids.h"
#include "tool.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

static const char permission_method[] = "session/request_permission";
static const char question_method[] = "elicitation/create";

bool ask_is_question(const char *method)
{
	return strcmp(method, question_method) == 0;
}

bool ask_is_known(const char *method)
{
	return strcmp(method, permission_method) == 0 || ask_is_question(method);
}

struct span ask_event_id(struct span id, bool is_question)
{
	const char *prefix = is_question ? "q_" : "perm_";
	size_t n = strlen(prefix);
	return span_starts_with(id, prefix) ? (struct span){id.p + n, id.n - n} : SPAN_NONE;
}

/* --- permissions --------------------------------------------------------------------- */

static bool has_option(struct span params, const char *kind, struct span *ret_id)
{
	struct json_iter it = json_iter(json_get(params, "options"));
	struct span option;
	while (json_next(&it, NULL, &option))
		if (json_string_is(json_get(option, "kind"), kind)) {
			*ret_id = json_get(option, "optionId");
			return true;
		}
	return false;
}

static void add_permission(struct buf *b, const struct ask_place *place, struct span params)
{
	struct span call = json_get(params, "toolCall");
	struct span input = json_get(call, "rawInput"), title = json_get(call, "title");
	struct span command = json_get(input, "command"), id;
	struct span file = tool_file(json_get(call, "content"), json_get(call, "locations"), input);
	struct span pattern = json_type(command) == JSON_STRING ? command : file.p ? file : title;
	if (json_type(pattern) != JSON_STRING)
		pattern = SPAN_LIT("\"*\"");
	json_kv_string(b, "permission", tool_name_of_kind(json_get(call, "kind")));
	json_key(b, "patterns");
	json_open(b, '[');
	json_add_raw(b, pattern);
	json_close(b, ']');
	json_key(b, "metadata");
	json_open(b, '{');
	json_kv_raw(b, "title", title);
	json_kv_raw(b, "filepath", file);
	json_kv_raw(b, "input", input);
	json_close(b, '}');
	json_key(b, "always");
	json_open(b, '[');
	if (has_option(params, "allow_always", &id))
		json_add_raw(b, pattern);
	json_close(b, ']');
	if (!place->message_id)
		return;
	json_key(b, "tool");
	json_open(b, '{');
	json_kv_string(b, "messageID", place->message_id);
	json_kv_raw(b, "callID", json_get(call, "toolCallId"));
	json_close(b, '}');
}

int ask_add_decision(struct buf *b, struct span payload, struct span reply, struct sa_error *err)
{
	static const struct {
		const char *reply;
		const char *kinds[3];
	} table[] = {{"once", {"allow_once", "allow_always"}},
		     {"always", {"allow_always", "allow_once"}},
		     {"reject", {"reject_once", "reject_always"}}};
	struct span params = json_get(payload, "params"), id = SPAN_NONE;
	size_t row = 0;
	while (row < ARRAY_SIZE(table) && !json_string_is(reply, table[row].reply))
		row++;
	if (row == ARRAY_SIZE(table))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "reply wants \"once\", \"always\" or \"reject\"");
	for (size_t i = 0; !id.p && table[row].kinds[i]; i++)
		has_option(params, table[row].kinds[i], &id);
	if (!id.p && row < 2)
		return error_set(err, PROBLEM_CONFLICT, "the agent offers no way to allow this");
	buf_adds(b, "{\"outcome\":{");
	json_kv_string(b, "outcome", id.p ? "selected" : "cancelled");
	json_kv_raw(b, "optionId", id);
	buf_adds(b, "}}");
	return 0;
}

/* --- questions --------------------------------------------------------------------------- */

/* The choices of a property: {"label","description"} each. False: it has none. */
static bool each_choice(struct span schema, struct json_iter *ret)
{
	static const char *const names[] = {"enum", "oneOf", "anyOf"};
	struct span items = json_get(schema, "items");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct span list = json_get(schema, names[i]);
		if (!list.p)
			list = json_get(items, names[i]);
		if (json_type(list) == JSON_ARRAY) {
			*ret = json_iter(list);
			return true;
		}
	}
	return false;
}

static struct span choice_value(struct span choice)
{
	return json_type(choice) == JSON_OBJECT ? json_get(choice, "const") : choice;
}

static struct span choice_label(struct span choice)
{
	struct span title = json_get(choice, "title");
	return title.p ? title : choice_value(choice);
}

static void add_option(struct buf *b, struct span label, struct span description)
{
	json_open(b, '{');
	json_kv_raw(b, "label", label);
	json_kv_raw(b, "description", description.p ? description : label);
	json_close(b, '}');
}

static void add_choice(struct buf *b, struct span choice)
{
	struct span label = choice_label(choice);
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (json_type(label) == JSON_NUMBER) {
		json_add_string(&text, label);
		label = buf_span(&text);
	}
	if (json_type(label) == JSON_STRING)
		add_option(b, label, json_get(choice, "description"));
}

static bool is_boolean(struct span schema)
{
	return json_string_is(json_get(schema, "type"), "boolean");
}

static void add_question(struct buf *b, struct span message, struct span name, struct span schema)
{
	struct json_iter it;
	struct span choice, title = json_get(schema, "title");
	struct span text = json_get(schema, "description");
	bool has_choices = each_choice(schema, &it);
	json_open(b, '{');
	json_kv_raw(b, "question", text.p ? text : message.p ? message : title.p ? title : name);
	json_kv_raw(b, "header", title.p ? title : name);
	json_key(b, "options");
	json_open(b, '[');
	while (has_choices && json_next(&it, NULL, &choice))
		add_choice(b, choice);
	if (is_boolean(schema)) {
		add_option(b, SPAN_LIT("\"Yes\""), SPAN_NONE);
		add_option(b, SPAN_LIT("\"No\""), SPAN_NONE);
	}
	json_close(b, ']');
	json_kv_bool(b, "multiple", json_string_is(json_get(schema, "type"), "array"));
	json_kv_bool(b, "custom", !has_choices && !is_boolean(schema));
	json_close(b, '}');
}

static void add_questions(struct buf *b, struct span params)
{
	struct span properties = json_path(params, "requestedSchema.properties");
	struct span message = json_get(params, "message"), url = json_get(params, "url");
	struct json_iter it = json_iter(properties);
	struct span name, schema;
	bool has_any = false;
	json_key(b, "questions");
	json_open(b, '[');
	while (json_type(properties) == JSON_OBJECT && json_next(&it, &name, &schema)) {
		add_question(b, message, name, schema);
		has_any = true;
	}
	/* An address to visit, or nothing to fill in: only yes or no. */
	if (!has_any)
		add_question(b, url.p ? url : message, SPAN_LIT("\"Continue\""),
			     SPAN_LIT("{\"type\":\"boolean\"}"));
	json_close(b, ']');
}

void ask_add_request(struct buf *b, const struct ask_place *place, struct span payload)
{
	struct span params = json_get(payload, "params");
	bool is_question = json_string_is(json_get(payload, "method"), question_method);
	cleanup_free char *id = id_of_ask(is_question, place->server_uid, place->index);
	json_open(b, '{');
	json_kv_string(b, "id", id);
	json_kv_string(b, "sessionID", place->session_id);
	if (is_question)
		add_questions(b, params);
	else
		add_permission(b, place, params);
	json_close(b, '}');
}

/* --- answers ------------------------------------------------------------------------------- */

/* A number out of a text, or NONE. */
static struct span number_of(struct span label)
{
	struct span text = json_string_plain(label);
	return text.p && json_check(text, NULL) == 0 && json_type(text) == JSON_NUMBER ? text
										       : SPAN_NONE;
}

static bool is_choice(struct span choice, struct span label)
{
	struct span value = choice_value(choice);
	struct span number = json_type(value) == JSON_NUMBER ? number_of(label) : SPAN_NONE;
	return json_scalar_equal(choice_label(choice), label) || json_scalar_equal(value, label) ||
	       (number.p && json_scalar_equal(value, number));
}

/* The value behind a label; where anything may be written it is itself. 0, or -1. */
static int value_of(struct span schema, const char *name, struct span label, struct span *ret,
		    struct sa_error *err)
{
	struct json_iter it;
	struct span choice;
	*ret = label;
	if (!each_choice(schema, &it))
		return 0;
	while (json_next(&it, NULL, &choice))
		if (is_choice(choice, label)) {
			*ret = choice_value(choice);
			return 0;
		}
	return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' has no choice %.*s", name,
			 SPAN_ARG(label));
}

/* 1: yes, 0: no, -1: neither. */
static int is_yes(struct span label, const char *name, struct sa_error *err)
{
	if (json_string_is(label, "Yes") || json_string_is(label, "true"))
		return 1;
	if (json_string_is(label, "No") || json_string_is(label, "false"))
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' wants \"Yes\" or \"No\"", name);
}

static int add_value(struct buf *b, const char *name, struct span schema, struct span labels,
		     struct sa_error *err)
{
	struct span type = json_get(schema, "type"), label = SPAN_NONE, value;
	struct json_iter it = json_iter(labels);
	if (json_string_is(type, "array")) {
		json_key(b, name);
		json_open(b, '[');
		while (json_next(&it, NULL, &label)) {
			if (value_of(schema, name, label, &value, err) < 0)
				return -1;
			json_add_raw(b, value);
		}
		json_close(b, ']');
		return 0;
	}
	if (!json_next(&it, NULL, &label))
		return 0; /* left out: the agent knows which ones it needs */
	if (json_string_is(type, "boolean")) {
		int yes = is_yes(label, name, err);
		json_kv_bool(b, name, yes > 0);
		return yes < 0 ? -1 : 0;
	}
	if (value_of(schema, name, label, &value, err) < 0)
		return -1;
	if (json_string_is(type, "number") || json_string_is(type, "integer"))
		value = json_type(value) == JSON_NUMBER ? value : number_of(value);
	if (!value.p)
		return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' wants a number", name);
	json_kv_raw(b, name, value);
	return 0;
}

/* To an address, or to nothing that could be filled in: who chooses nothing has not agreed. */
static int add_consent(struct buf *b, struct span labels, struct sa_error *err)
{
	struct json_iter it = json_iter(labels);
	struct span label;
	int yes = 0;
	if (json_type(labels) == JSON_ARRAY && json_next(&it, NULL, &label))
		yes = is_yes(label, "Continue", err);
	buf_adds(b, yes > 0 ? "{\"action\":\"accept\"}" : "{\"action\":\"decline\"}");
	return yes < 0 ? -1 : 0;
}

int ask_add_answers(struct buf *b, struct span payload, struct span answers, struct sa_error *err)
{
	struct span properties = json_path(payload, "params.requestedSchema.properties");
	struct json_iter it = json_iter(properties), given = json_iter(answers);
	struct span key, schema, labels;
	if (json_type(answers) != JSON_ARRAY)
		return error_set(
		    err, PROBLEM_INVALID_REQUEST,
		    "answers wants an array with an array of labels for each question");
	if (json_type(properties) != JSON_OBJECT || !json_next(&it, NULL, &schema)) {
		return add_consent(b, json_next(&given, NULL, &labels) ? labels : SPAN_NONE, err);
	}
	it = json_iter(properties);
	buf_adds(b, "{\"action\":\"accept\",\"content\":{");
	while (json_next(&it, &key, &schema)) {
		cleanup_free char *name = json_string_dup(key);
		if (!json_next(&given, NULL, &labels))
			break;
		if (json_type(labels) != JSON_ARRAY)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "answers wants an array of labels for each question");
		if (name && add_value(b, name, schema, labels, err) < 0)
			return -1;
	}
	buf_adds(b, "}}");
	return 0;
}

void ask_add_told_answers(struct buf *b, struct span result)
{
	struct span content = json_get(result, "content");
	struct json_iter it = json_iter(content);
	struct span value;
	json_open(b, '[');
	while (json_type(content) == JSON_OBJECT && json_next(&it, NULL, &value)) {
		if (json_type(value) == JSON_ARRAY) {
			json_add_raw(b, value);
			continue;
		}
		json_open(b, '[');
		if (json_type(value) == JSON_STRING)
			json_add_raw(b, value);
		else
			json_add_string(b, value);
		json_close(b, ']');
	}
	json_close(b, ']');
}
