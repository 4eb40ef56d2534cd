#include "cli/form.h"

#include "base/num.h"
#include "base/utf8.h"
#include "json/scan.h"
#include "json/write.h"
#include "cli/plain.h"

void form_begin(struct form *form, struct span schema)
{
	*form = (struct form){.schema = schema, .content = BUF_INIT(BUF_MAX_OWN)};
	json_open(&form->content, '{');
}

void form_free(struct form *form)
{
	buf_free(&form->content);
}

/* The property at index. Whether there is one. */
static bool property(const struct form *form, size_t index, struct span *ret_name,
		     struct span *ret_value)
{
	struct span properties = json_get(form->schema, "properties");
	if (json_type(properties) != JSON_OBJECT)
		return false;
	struct json_iter it = json_iter(properties);
	for (size_t i = 0; json_next(&it, ret_name, ret_value); i++)
		if (i == index)
			return true;
	return false;
}

bool form_is_done(const struct form *form)
{
	struct span name, value;
	return !property(form, form->at, &name, &value);
}

static bool is_required(const struct form *form, struct span name)
{
	struct span required = json_get(form->schema, "required"), item;
	struct json_iter it = json_iter(required);
	while (json_type(required) == JSON_ARRAY && json_next(&it, NULL, &item))
		if (json_scalar_equal(item, name))
			return true;
	return false;
}

/* Choice number i (from 0): "enum" holds values, "oneOf" objects with const and title. */
static bool choice(struct span field, size_t i, struct span *ret_value, struct span *ret_title)
{
	struct span list = json_get(field, "enum");
	bool is_objects = json_type(list) != JSON_ARRAY;
	if (is_objects)
		list = json_get(field, "oneOf");
	if (json_type(list) != JSON_ARRAY)
		return false;
	struct json_iter it = json_iter(list);
	struct span item;
	for (size_t n = 0; json_next(&it, NULL, &item); n++) {
		if (n != i)
			continue;
		*ret_value = is_objects ? json_get(item, "const") : item;
		struct span title = is_objects ? json_get(item, "title") : item;
		*ret_title = title.p ? title : *ret_value;
		return ret_value->p != NULL;
	}
	return false;
}

static void add_value(struct buf *out, struct span value)
{
	if (json_type(value) == JSON_STRING)
		plain_add_json(out, value);
	else
		plain_add(out, value);
}

void form_prompt(const struct form *form, struct buf *out)
{
	struct span name, field, value, title;
	if (!property(form, form->at, &name, &field))
		return;
	struct span words = json_get(field, "title"), more = json_get(field, "description");
	buf_adds(out, "  ");
	plain_add_json(out, words.p ? words : name);
	if (more.p)
		buf_adds(out, " - ");
	plain_add_json(out, more);
	for (size_t i = 0; choice(field, i, &value, &title); i++) {
		buf_addf(out, "%s%zu) ", i ? "  " : " [", i + 1);
		add_value(out, title);
	}
	if (choice(field, 0, &value, &title))
		buf_addc(out, ']');
	else if (json_string_is(json_get(field, "type"), "boolean"))
		buf_adds(out, " [y/n]");
	struct span fallback = json_get(field, "default");
	if (fallback.p) {
		buf_adds(out, " (Enter: ");
		add_value(out, fallback);
		buf_addc(out, ')');
	} else if (!is_required(form, name)) {
		buf_adds(out, " (Enter: nothing)");
	}
	buf_adds(out, ": ");
}

/* A choice by its number or its words. 1 when taken, 0 when there are no choices, -1. */
static int take_choice(struct buf *b, struct span field, struct span line)
{
	struct span value, title;
	uint64_t number = 0;
	bool is_number = num_parse_u64(line, 1 << 20, &number) == 0;
	struct buf words = BUF_INIT(BUF_MAX_OWN);
	int rc = 0;
	for (size_t i = 0; rc <= 0 && choice(field, i, &value, &title); i++) {
		rc = -1;
		buf_clear(&words);
		add_value(&words, title);
		if (number == i + 1 || (!is_number && span_equal(buf_span(&words), line))) {
			json_add_raw(b, value);
			rc = 1;
		}
	}
	buf_free(&words);
	return rc;
}

static const char *take_typed(struct buf *b, struct span field, struct span line)
{
	struct span type = json_get(field, "type");
	if (json_string_is(type, "boolean")) {
		bool is_yes = span_is(line, "y") || span_is(line, "yes") || span_is(line, "true");
		if (!is_yes && !span_is(line, "n") && !span_is(line, "no") &&
		    !span_is(line, "false"))
			return "y or n, please";
		json_add_bool(b, is_yes);
		return NULL;
	}
	int64_t integer;
	bool is_number = json_check(line, NULL) == 0 && json_type(line) == JSON_NUMBER;
	if (json_string_is(type, "integer") && json_int(line, &integer) < 0)
		return "a whole number, please";
	if (json_string_is(type, "number") && !is_number)
		return "a number, please";
	if (json_string_is(type, "integer") || json_string_is(type, "number")) {
		json_add_raw(b, line);
	} else if (json_string_is(type, "array")) {
		/* Several choices: the words or numbers between commas. */
		json_open(b, '[');
		struct span items = json_get(field, "items");
		while (line.n) {
			const char *comma = memchr(line.p, ',', line.n);
			size_t n = comma ? (size_t)(comma - line.p) : line.n;
			struct span word = span_trim((struct span){line.p, n});
			int rc = take_choice(b, items, word);
			if (rc < 0)
				return "numbers from the list, please, with commas between them";
			if (rc == 0)
				json_add_string(b, word);
			line.p += n + (comma ? 1 : 0);
			line.n -= n + (comma ? 1 : 0);
		}
		json_close(b, ']');
	} else {
		json_add_string(b, line);
	}
	return NULL;
}

const char *form_take(struct form *form, struct span line)
{
	struct span name, field;
	line = span_trim(line);
	if (!property(form, form->at, &name, &field))
		return NULL;
	struct span fallback = json_get(field, "default");
	if (line.n == 0 && !fallback.p && is_required(form, name))
		return "this one is wanted";
	size_t before = form->content.len;
	const char *problem = NULL;
	if (line.n || fallback.p) {
		json_add_raw(&form->content, name);
		buf_addc(&form->content, ':');
		int rc = line.n ? take_choice(&form->content, field, line) : 0;
		if (line.n == 0)
			json_add_raw(&form->content, fallback);
		else if (rc < 0)
			problem = "a number from the list, please";
		else if (rc == 0)
			problem = take_typed(&form->content, field, line);
	}
	if (problem)
		form->content.len = before;
	else
		form->at++;
	return problem;
}

void form_add_content(struct form *form, struct buf *out)
{
	json_close(&form->content, '}');
	json_add_raw(out, buf_span(&form->content));
}
