#include "answer.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "http/octet.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

#define VARY "origin, access-control-request-method, access-control-request-headers"

static void add_field(struct buf *b, const char *name, const char *value)
{
	http_header_add(b, name, span_of(value));
}

void answer_add_common(struct conn *c, struct buf *b)
{
	char id[REQUEST_ID_BYTES];
	exchange_id(c, id);
	buf_adds(b, "vary: " VARY "\r\nx-request-id: ");
	buf_adds(b, id);
	buf_adds(b, "\r\n");
	if (c->exchange.origin)
		add_field(b, "access-control-allow-origin", c->exchange.origin);
	if (c->front->options->is_cors_credentials)
		add_field(b, "access-control-allow-credentials", "true");
}

/* Fields of a command: an object of strings. Those that it may not set are left out. */
static bool add_fields(struct buf *b, struct span fields)
{
	struct json_iter it = json_iter(fields);
	struct span key, value;
	bool has_type = false;
	while (json_next(&it, &key, &value)) {
		cleanup_free char *name = json_string_dup(key);
		cleanup_free char *text = json_string_dup(value);
		if (!name || !text || http_header_add(b, name, span_of(text)) < 0)
			continue;
		has_type = has_type || http_is_nocase(span_of(name), "content-type");
	}
	return has_type;
}

enum http_body answer_head(struct conn *c, int status, enum http_body body, uint64_t length,
			   const char *type, struct span fields)
{
	struct exchange *x = &c->exchange;
	if (x->has_body && !exchange_body_is_short(x))
		c->is_last = true;
	struct http_response response = {
	    .status = status,
	    .body = body,
	    .length_bytes = length,
	    .date_s = clock_now_ms() / 1000,
	    .minor_version = x->minor_version,
	    .is_head = x->is_head,
	    .is_keep_alive = x->is_keep_alive && !c->is_last && !c->front->is_stopping,
	};
	x->status = status;
	x->is_answered = true;
	enum http_body how = http_head_begin(&c->out_bytes, &response);
	bool has_type = json_type(fields) == JSON_OBJECT && add_fields(&c->out_bytes, fields);
	if (type && !has_type)
		add_field(&c->out_bytes, "content-type", type);
	answer_add_common(c, &c->out_bytes);
	http_head_end(&c->out_bytes);
	c->is_last = status != 101 && !response.is_keep_alive;
	return how;
}

void answer_text(struct conn *c, int status, const char *type, struct span body, struct span fields)
{
	bool is_empty = !body.p;
	enum http_body how = answer_head(c, status, is_empty ? HTTP_BODY_NONE : HTTP_BODY_LENGTH,
					 body.n, is_empty ? NULL : type, fields);
	if (how == HTTP_BODY_LENGTH)
		buf_add_span(&c->out_bytes, body);
	conn_answered(c);
}

/* The same in the words of OpenCode's clients. */
static void answer_list(struct conn *c, int status, struct span detail, struct span fields)
{
	cleanup_buf struct buf body = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&body, "{\"errors\":[{");
	json_kv_span(&body, "message", detail);
	buf_adds(&body, "}]}");
	answer_text(c, status, "application/json", buf_span(&body), fields);
}

void answer_problem(struct conn *c, const struct http_problem *problem, struct span fields)
{
	cleanup_buf struct buf body = BUF_INIT(BUF_MAX_OWN);
	if (c->exchange.has_error_list) {
		answer_list(c, http_problem_status(problem), problem->detail, fields);
		return;
	}
	http_problem_add(&body, problem);
	answer_text(c, http_problem_status(problem), HTTP_PROBLEM_TYPE, buf_span(&body), fields);
}

void answer_kind(struct conn *c, enum problem_kind kind, const char *detail)
{
	answer_problem(c, &(struct http_problem){.kind = kind, .detail = span_of(detail)},
		       SPAN_NONE);
}

void answer_kind_message(struct conn *c, enum problem_kind kind, const char *detail)
{
	cleanup_buf struct buf details = BUF_INIT(BUF_MAX_OWN);
	json_key(&details, "details");
	json_open(&details, '{');
	json_kv_string(&details, "message", detail);
	json_close(&details, '}');
	answer_problem(c,
		       &(struct http_problem){.kind = kind,
					      .detail = span_of(detail),
					      .extensions = buf_span(&details)},
		       SPAN_NONE);
}

void answer_error(struct conn *c, const struct sa_error *err)
{
	answer_kind(c, err->kind, err->message);
}

void answer_document(struct conn *c, struct span problem, struct span fields)
{
	int64_t status = json_int_or(json_get(problem, "status"), 500);
	if (status < 400 || status > 599)
		status = 500;
	if (c->exchange.has_error_list) {
		cleanup_free char *detail = json_string_dup(json_get(problem, "detail"));
		answer_list(c, (int)status, span_of(detail ? detail : "failed"), fields);
		return;
	}
	answer_text(c, (int)status, HTTP_PROBLEM_TYPE, problem, fields);
}

static void add_list(struct buf *b, const char *name, const struct string_list *list)
{
	cleanup_buf struct buf value = BUF_INIT(BUF_MAX_OWN);
	for (size_t i = 0; i < list->count; i++)
		buf_addf(&value, "%s%s", i ? "," : "", list->items[i]);
	json_kv_span(b, name, list->count ? buf_span(&value) : span_of("*"));
}

void answer_options(struct conn *c)
{
	const struct front_options *o = c->front->options;
	cleanup_buf struct buf fields = BUF_INIT(BUF_MAX_OWN);
	/* A star does not cover Authorization in browsers: it is named where a token is wanted. */
	json_open(&fields, '{');
	add_list(&fields, "access-control-allow-methods", &o->cors_methods);
	if (o->cors_headers.count == 0 && o->token)
		json_kv_string(&fields, "access-control-allow-headers", "*, authorization");
	else
		add_list(&fields, "access-control-allow-headers", &o->cors_headers);
	json_close(&fields, '}');
	answer_text(c, 200, NULL, SPAN_NONE, buf_span(&fields));
}
