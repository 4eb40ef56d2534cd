#include "adapter/prompt.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- parts ----------------------------------------------------------------------------- */

static void add_link(struct buf *text, struct span uri, struct span name)
{
	cleanup_buf struct buf address = BUF_INIT(BUF_MAX_OWN);
	json_string_add(&address, uri);
	struct span s = buf_span(&address);
	if (span_starts_with(s, "file://")) {
		s.p += 7;
		s.n -= 7;
		buf_addc(text, '@');
		buf_add_span(text, s);
		return;
	}
	buf_addc(text, '[');
	if (json_string_add(text, name) < 0)
		buf_add_span(text, s);
	buf_adds(text, "](");
	buf_add_span(text, s);
	buf_addc(text, ')');
}

static void set_text(struct prompt_part *ret, const struct buf *scratch)
{
	*ret = (struct prompt_part){.kind = PROMPT_TEXT, .text = buf_span(scratch)};
}

static int image(struct span block, struct prompt_part *ret, struct sa_error *err)
{
	*ret = (struct prompt_part){
	    .kind = PROMPT_IMAGE,
	    .mime_type = json_get(block, "mimeType"),
	    .data = json_get(block, "data"),
	};
	if (json_type(ret->data) != JSON_STRING || json_type(ret->mime_type) != JSON_STRING)
		return error_set(err, PROBLEM_INVALID_REQUEST, "an image needs data and mimeType");
	return 0;
}

static bool begins_as(const char *type, const char *with)
{
	return type && strncasecmp(type, with, strlen(with)) == 0;
}

static int resource(struct span resource, struct buf *scratch, struct prompt_part *ret,
		    struct sa_error *err)
{
	struct span uri = json_get(resource, "uri"), text = json_get(resource, "text");
	struct span blob = json_get(resource, "blob"), mime_type = json_get(resource, "mimeType");
	cleanup_free char *type = json_string_dup(mime_type);
	cleanup_free char *address = json_string_dup(uri);
	bool has_blob = json_type(blob) == JSON_STRING;
	if (has_blob && begins_as(type, "image/")) {
		*ret = (struct prompt_part){PROMPT_IMAGE, SPAN_NONE, mime_type, blob};
		return 0;
	}
	if (has_blob && begins_as(type, "application/pdf")) {
		*ret = (struct prompt_part){PROMPT_DOCUMENT, SPAN_NONE, mime_type, blob};
		return 0;
	}
	/* A file the agent can read itself. */
	if (json_type(text) != JSON_STRING && !(has_blob && begins_as(address, "file://")))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "an embedded resource needs a text, or to be an image or a PDF");
	if (!address)
		return error_set(err, PROBLEM_INVALID_REQUEST, "an embedded resource needs a uri");
	add_link(scratch, uri, SPAN_NONE);
	if (json_type(text) == JSON_STRING) {
		buf_adds(scratch, "\n<context ref=\"");
		json_string_add(scratch, uri);
		buf_adds(scratch, "\">\n");
		json_string_add(scratch, text);
		buf_adds(scratch, "\n</context>");
	}
	set_text(ret, scratch);
	return 0;
}

int prompt_part(struct span block, struct buf *scratch, struct prompt_part *ret,
		struct sa_error *err)
{
	struct span type = json_get(block, "type");
	buf_clear(scratch);
	if (json_string_is(type, "image"))
		return image(block, ret, err);
	if (json_string_is(type, "text") &&
	    json_string_add(scratch, json_get(block, "text")) == 0) {
		set_text(ret, scratch);
	} else if (json_string_is(type, "resource_link")) {
		if (json_type(json_get(block, "uri")) != JSON_STRING)
			return error_set(err, PROBLEM_INVALID_REQUEST, "a link needs a uri");
		add_link(scratch, json_get(block, "uri"), json_get(block, "name"));
		set_text(ret, scratch);
	} else if (json_string_is(type, "resource")) {
		return resource(json_get(block, "resource"), scratch, ret, err);
	} else {
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "a content block of the type %.*s is not taken",
				 (int)(type.n < 40 ? type.n : 40), type.p ? type.p : "");
	}
	return 0;
}

int prompt_write(struct buf *b, struct span prompt, prompt_write_fn *fn, struct sa_error *err)
{
	cleanup_buf struct buf scratch = BUF_INIT(BUF_MAX_OWN);
	struct json_iter it = json_iter(prompt);
	struct prompt_part part;
	struct span block;
	bool is_empty = true;
	if (json_type(prompt) != JSON_ARRAY)
		return error_set(err, PROBLEM_INVALID_REQUEST, "prompt is not an array");
	json_open(b, '[');
	while (json_next(&it, NULL, &block)) {
		is_empty = false;
		if (prompt_part(block, &scratch, &part, err) < 0 || fn(b, &part, err) < 0)
			return -1;
	}
	json_close(b, ']');
	if (is_empty)
		return error_set(err, PROBLEM_INVALID_REQUEST, "prompt is empty");
	if (b->is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE, "the prompt is too long");
	return 0;
}

/* --- the queue ---------------------------------------------------------------------------- */

static void prompt_free(struct prompt *prompt)
{
	free(prompt->request);
	buf_free(&prompt->body);
	free(prompt);
}

int prompts_add(struct prompts *prompts, struct span request, struct buf *body,
		struct sa_error *err)
{
	struct prompt **end = &prompts->first;
	size_t count = 0;
	for (; *end; end = &(*end)->next)
		count++;
	if (count >= PROMPT_QUEUE_MAX)
		return error_set(err, PROBLEM_SESSION_BUSY, "%zu prompts wait already", count);
	struct prompt *prompt = xcalloc(1, sizeof(*prompt));
	prompt->request = request.p ? xmemdup0(request.p, request.n) : NULL;
	ident_uuid(prompt->uuid);
	prompt->body = *body;
	buf_init(body, body->max);
	*end = prompt;
	return 0;
}

void prompts_pop(struct prompts *prompts)
{
	struct prompt *prompt = prompts->first;
	prompts->first = prompt->next;
	prompt_free(prompt);
}

static int64_t add(int64_t a, int64_t b)
{
	int64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

void prompt_add_tokens(int64_t tokens[PROMPT_TOKENS], struct span usage,
		       const char *const names[PROMPT_TOKENS])
{
	for (size_t i = 0; i < PROMPT_TOKENS; i++)
		tokens[i] = add(tokens[i], json_int_or(json_get(usage, names[i]), 0));
}

void prompt_write_usage(struct buf *b, const int64_t tokens[PROMPT_TOKENS])
{
	static const char *const names[PROMPT_TOKENS] = {"inputTokens", "outputTokens",
							 "cachedReadTokens", "cachedWriteTokens"};
	int64_t total = 0;
	json_key(b, "usage");
	json_open(b, '{');
	for (size_t i = 0; i < PROMPT_TOKENS; i++) {
		json_kv_int(b, names[i], tokens[i]);
		total = add(total, tokens[i]);
	}
	json_kv_int(b, "totalTokens", total);
	json_close(b, '}');
}

/* tokens may be NULL. */
static void answer_stop(struct adapter *adapter, const struct prompt *prompt, const char *reason,
			const int64_t *tokens)
{
	if (!prompt->request)
		return;
	struct buf *b = adapter_result_open(adapter, span_of(prompt->request));
	json_open(b, '{');
	json_kv_string(b, "stopReason", reason);
	if (tokens)
		prompt_write_usage(b, tokens);
	json_close(b, '}');
	adapter_result_close(adapter);
}

void prompts_stop(struct prompts *prompts, struct adapter *adapter, const char *stop_reason)
{
	answer_stop(adapter, prompts->first, stop_reason, NULL);
	prompts_pop(prompts);
}

void prompts_stop_usage(struct prompts *prompts, struct adapter *adapter, const char *stop_reason,
			const int64_t tokens[PROMPT_TOKENS])
{
	answer_stop(adapter, prompts->first, stop_reason, tokens);
	prompts_pop(prompts);
}

void prompts_fail(struct prompts *prompts, struct adapter *adapter, int64_t code, const char *why)
{
	adapter_error(adapter, span_of(prompts->first->request), code, "%s", why);
	prompts_pop(prompts);
}

static void cancel(struct prompt **link, struct adapter *adapter)
{
	struct prompt *prompt = *link;
	answer_stop(adapter, prompt, "cancelled", NULL);
	*link = prompt->next;
	prompt_free(prompt);
}

void prompts_cancel_waiting(struct prompts *prompts, struct adapter *adapter)
{
	struct prompt **link = &prompts->first;
	while (*link)
		if ((*link)->is_sent)
			link = &(*link)->next;
		else
			cancel(link, adapter);
}

bool prompts_cancel_request(struct prompts *prompts, struct adapter *adapter, struct span request)
{
	for (struct prompt **link = &prompts->first; *link; link = &(*link)->next) {
		if (!json_scalar_equal(span_of((*link)->request), request))
			continue;
		if ((*link)->is_sent)
			return true;
		cancel(link, adapter);
		return false;
	}
	return false;
}

/* The first one's end. */
static void fail_first(struct prompts *prompts, struct adapter *adapter, const char *why)
{
	if (prompts->first->is_cancelled)
		prompts_stop(prompts, adapter, "cancelled");
	else
		prompts_fail(prompts, adapter, RPC_INTERNAL_ERROR, why);
}

void prompts_fail_running(struct prompts *prompts, struct adapter *adapter, const char *why)
{
	if (prompts_running(prompts))
		fail_first(prompts, adapter, why);
}

void prompts_fail_all(struct prompts *prompts, struct adapter *adapter, const char *why)
{
	while (prompts->first)
		fail_first(prompts, adapter, why);
}
