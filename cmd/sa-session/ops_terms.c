#include "ops_terms.h"

#include "base/cleanup.h"
#include "json/scan.h"
#include "json/write.h"

#include <ctype.h>
#include <stdlib.h>

const char *const ops_terms_members[] = {
    "policy",	    "askTimeout", "askDefault", "askUnattended", "cancelGrace", "onAsk",
    "onAskTimeout", "maxTurns",	  "maxTokens",	"maxCost",	 NULL};

/* sa-supervise's option for a member: --ask-timeout of askTimeout. The caller frees. */
static char *option_of(const char *member)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&b, "--");
	for (; *member; member++)
		if (isupper((unsigned char)*member))
			buf_addf(&b, "-%c", tolower((unsigned char)*member));
		else
			buf_addc(&b, *member);
	return buf_take(&b);
}

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
	for (const char *const *member = ops_terms_members; *member; member++) {
		struct span value = json_get(body, *member);
		cleanup_free char *option = option_of(*member);
		if (value.p && add_term(&b, option, value) < 0) {
			error_set(err, PROBLEM_INVALID_REQUEST, "\"%s\" is a text or a number",
				  *member);
			return NULL;
		}
	}
	json_close(&b, ']');
	return buf_take(&b);
}
