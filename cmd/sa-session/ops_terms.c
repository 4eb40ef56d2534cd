#include "ops_terms.h"

#include "base/cleanup.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

static const struct {
	const char *member, *option;
} terms[] = {{"policy", "--policy"},
	     {"askTimeout", "--ask-timeout"},
	     {"askDefault", "--ask-default"},
	     {"askUnattended", "--ask-unattended"},
	     {"cancelGrace", "--cancel-grace"},
	     {"onAsk", "--on-ask"},
	     {"onAskTimeout", "--on-ask-timeout"},
	     {"maxTurns", "--max-turns"},
	     {"maxTokens", "--max-tokens"},
	     {"maxCost", "--max-cost"}};

/* option and its value for a text or a number, or for each of an array of them. 0, or -1. */
static int add_term(struct buf *b, const char *option, struct span value)
{
	bool is_list = json_type(value) == JSON_ARRAY;
	struct json_iter it = json_iter(value);
	struct span item = value;
	for (bool has_one = !is_list || json_next(&it, NULL, &item); has_one;
	     has_one = is_list && json_next(&it, NULL, &item)) {
		bool is_number = json_type(item) == JSON_NUMBER;
		if (!is_number && json_type(item) != JSON_STRING)
			return -1;
		json_add_string(b, span_of(option));
		if (is_number)
			json_add_string(b, span_trim(item));
		else
			json_add_raw(b, item);
	}
	return 0;
}

char *ops_terms(struct span body, struct sa_error *err)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '[');
	for (size_t i = 0; i < ARRAY_SIZE(terms); i++)
		if (json_get(body, terms[i].member).p &&
		    add_term(&b, terms[i].option, json_get(body, terms[i].member)) < 0) {
			error_set(err, PROBLEM_INVALID_REQUEST, "\"%s\" is a text or a number",
				  terms[i].member);
			return NULL;
		}
	json_close(&b, ']');
	return buf_take(&b);
}
