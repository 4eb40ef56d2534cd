#include "policy/answer.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* Words for kinds of options, and the second choice. */
static const struct word {
	const char *word;
	const char *kind;
	const char *other;
} words[] = {
    {"allow", "allow_once", "allow_always"},
    {"allow-always", "allow_always", NULL},
    {"reject", "reject_once", "reject_always"},
    {"reject-always", "reject_always", NULL},
};

static struct span find_option(struct span options, const char *member, const char *text)
{
	struct json_iter it = json_iter(options);
	struct span option;
	while (options.p && text && json_next(&it, NULL, &option))
		if (json_string_is(json_get(option, member), text))
			return json_get(option, "optionId");
	return SPAN_NONE;
}

/* The optionId that word means. */
static struct span choose(struct span options, const char *word)
{
	struct span id = find_option(options, "optionId", word);
	cleanup_free char *plain = xstrdup(word);
	for (char *p = plain; *p; p++)
		*p = *p == '_' ? '-' : *p;
	for (size_t i = 0; !id.p && i < ARRAY_SIZE(words); i++) {
		if (strcmp(plain, words[i].word) != 0)
			continue;
		id = find_option(options, "kind", words[i].kind);
		if (!id.p)
			id = find_option(options, "kind", words[i].other);
	}
	return id;
}

static int no_such_option(struct span options, const char *word, struct sa_error *err)
{
	cleanup_buf struct buf list = BUF_INIT(BUF_MAX_OWN);
	struct json_iter it = json_iter(options);
	struct span option;
	while (options.p && json_next(&it, NULL, &option)) {
		if (list.len)
			buf_adds(&list, ", ");
		json_string_add(&list, json_get(option, "optionId"));
	}
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "'%s' is no answer to this permission; its options are: %s, and there are "
			 "allow, reject, cancel",
			 word, list.len ? list.data : "none");
}

static int permission(struct buf *b, const char *word, struct span request, struct sa_error *err)
{
	struct span options = json_path(request, "params.options");
	struct span id = choose(options, word);
	if (!id.p && strcmp(word, "cancel") != 0 && strcmp(word, "cancelled") != 0)
		return no_such_option(options, word, err);
	json_key(b, "result");
	json_open(b, '{');
	json_key(b, "outcome");
	json_open(b, '{');
	json_kv_string(b, "outcome", id.p ? "selected" : "cancelled");
	json_kv_raw(b, "optionId", id);
	buf_adds(b, "}}");
	return 0;
}

/* Can it be accepted by a word alone? */
static bool is_without_content(struct span request)
{
	struct span properties = json_path(request, "params.requestedSchema.properties");
	struct json_iter it = json_iter(properties);
	struct span key, value;
	return json_type(properties) != JSON_OBJECT || !json_next(&it, &key, &value);
}

static int question(struct buf *b, const char *word, const struct answer *d, struct span request,
		    struct sa_error *err)
{
	if (strcmp(word, "allow") == 0 && is_without_content(request))
		word = "accept";
	else if (strcmp(word, "reject") == 0)
		word = "decline";
	bool is_accept = strcmp(word, "accept") == 0;
	if (!is_accept && strcmp(word, "decline") != 0 && strcmp(word, "cancel") != 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "'%s' is no answer to this question; there are accept (with its "
				 "content), decline, cancel",
				 word);
	if (d->content.p && (json_type(d->content) != JSON_OBJECT || !is_accept))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "content is a JSON object and goes with accept");
	json_key(b, "result");
	json_open(b, '{');
	json_kv_string(b, "action", word);
	if (is_accept)
		json_kv_raw(b, "content", d->content.p ? d->content : SPAN_LIT("{}"));
	json_close(b, '}');
	return 0;
}

void answer_read(struct span object, struct answer *ret)
{
	static const char *const names[] = {"result",  "error",	 "decision", "optionId",
					    "outcome", "action", "content",  "reason"};
	struct span f[ARRAY_SIZE(names)];
	json_members(object, names, f, ARRAY_SIZE(names));
	/* ACP's own form of a permission's outcome is understood too. */
	struct span nested = json_get(f[4], "optionId");
	struct span outcome = json_type(f[4]) == JSON_OBJECT ? json_get(f[4], "outcome") : f[4];
	*ret = (struct answer){
	    .result = f[0],
	    .error = f[1],
	    .word = f[2].p     ? f[2]
		    : f[3].p   ? f[3]
		    : nested.p ? nested
		    : f[5].p   ? f[5]
			       : outcome,
	    .content = f[6],
	    .reason = f[7],
	};
	if (json_string_is(ret->word, "deny"))
		ret->word = SPAN_LIT("\"reject\"");
}

int answer_add(struct buf *b, const struct answer *d, struct span request, struct sa_error *err)
{
	struct span method = json_get(request, "method");
	if (d->result.p && d->error.p)
		return error_set(err, PROBLEM_INVALID_REQUEST, "either a result or an error");
	if (d->result.p || d->error.p) {
		json_kv_raw(b, d->error.p ? "error" : "result", d->error.p ? d->error : d->result);
		return 0;
	}
	cleanup_free char *word = json_string_dup(d->word);
	if (!word)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "no answer is given: an option, allow, reject, cancel, accept, "
				 "decline, a result or an error");
	if (json_string_is(method, "session/request_permission"))
		return permission(b, word, request, err);
	if (json_string_is(method, "elicitation/create"))
		return question(b, word, d, request, err);
	cleanup_free char *name = json_string_dup(method);
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "the agent asks for %s: only a result or an error answers that",
			 name ? name : "something unknown");
}
