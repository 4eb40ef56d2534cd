#include "filter.h"

#include "json/scan.h"

#include <stdio.h>
#include <stdlib.h>

/* Keep the first message of the compiler: it names the place. */
static void on_message(void *arg, jv message)
{
	struct buf *text = arg;
	message = jq_format_error(message);
	if (text->len == 0 && jv_get_kind(message) == JV_KIND_STRING)
		buf_adds(text, jv_string_value(message));
	jv_free(message);
}

int filter_init(struct filter *filter, const struct string_list *types, const char *program,
		struct sa_error *err)
{
	*filter = (struct filter){.types = types};
	if (!program)
		return 0;
	filter->jq = jq_init();
	if (!filter->jq)
		return error_set(err, PROBLEM_FAILED, "jq does not start");
	struct buf text = BUF_INIT(BUF_MAX_OWN);
	jq_set_error_cb(filter->jq, on_message, &text);
	int is_compiled = jq_compile(filter->jq, program);
	jq_set_error_cb(filter->jq, NULL, NULL);
	if (!is_compiled)
		error_set(err, PROBLEM_INVALID_REQUEST, "--jq: %s",
			  text.len ? text.data : "the filter does not compile");
	buf_free(&text);
	return is_compiled ? 0 : -1;
}

void filter_free(struct filter *filter)
{
	if (filter->jq)
		jq_teardown(&filter->jq);
}

bool filter_matches(const struct filter *filter, struct view *view)
{
	if (!filter->types || filter->types->count == 0)
		return true;
	view_look_inside(view);
	for (size_t i = 0; i < filter->types->count; i++) {
		const char *type = filter->types->items[i];
		if (json_string_is(view->method, type) || json_string_is(view->kind, type) ||
		    json_string_is(view->answers, type))
			return true;
	}
	return false;
}

static void tell_failure(jv failure)
{
	jv message = jq_format_error(jv_invalid_get_msg(failure));
	if (jv_get_kind(message) == JV_KIND_STRING)
		fprintf(stderr, "sa-events: %s\n", jv_string_value(message));
	jv_free(message);
}

void filter_run(struct filter *filter, struct span line, struct buf *out)
{
	jv input = jv_parse_sized(line.p, (int)line.n);
	if (!jv_is_valid(input)) {
		tell_failure(input);
		return;
	}
	jq_start(filter->jq, input, 0);
	for (;;) {
		jv result = jq_next(filter->jq);
		if (!jv_is_valid(result)) {
			if (jv_invalid_has_msg(jv_copy(result)))
				tell_failure(result);
			else
				jv_free(result);
			return;
		}
		jv text = jv_dump_string(result, 0);
		buf_add(out, jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text)));
		buf_addc(out, '\n');
		jv_free(text);
	}
}
