#include "match.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "http/octet.h"
#include "http/uri.h"
#include "http/value.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* "{name}" -> "name"; SPAN_NONE when the segment is a literal one. */
static struct span capture_name(struct span segment)
{
	if (segment.n < 3 || segment.p[0] != '{')
		return SPAN_NONE;
	return (struct span){segment.p + 1, segment.n - 2};
}

static bool path_fits(const struct route *route, struct span path)
{
	struct span want = span_of(route->pattern), segment, wanted;
	for (;;) {
		bool has = http_segment_next(&path, &segment);
		if (has != http_segment_next(&want, &wanted))
			return false;
		if (!has)
			return path.n == 0;
		bool is_name = capture_name(wanted).p;
		if (is_name && route->is_deep && want.n == 0)
			return true;
		if (is_name ? segment.n == 0 : !span_equal(wanted, segment))
			return false;
	}
}

static bool method_fits(const struct route *route, struct span method)
{
	return span_is(method, route->method) ||
	       (span_is(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

/* By name: wildcards do not ask for a stream. */
static bool wants_stream(const struct http_request *r)
{
	for (size_t i = 0; i < r->header_count; i++) {
		struct span rest = r->headers[i].value, item;
		while (r->headers[i].field == HTTP_ACCEPT && http_list_next(&rest, &item))
			if (http_media_type_is(item, "text/event-stream"))
				return true;
	}
	return false;
}

static bool condition_fits(const struct route *route, const struct http_request *r)
{
	if (route->is_if_stream && !wants_stream(r))
		return false;
	if (!route->condition)
		return true;
	struct span rest = r->target.query, name, value;
	while (http_query_next(&rest, &name, &value)) {
		cleanup_buf struct buf plain = BUF_INIT(name.n + value.n + 1);
		if (http_query_decode(&plain, name) == 0 && buf_addc(&plain, '=') == 0 &&
		    http_query_decode(&plain, value) == 0 &&
		    span_is(buf_span(&plain), route->condition))
			return true;
	}
	return false;
}

enum match match_route(const struct http_request *r, const struct route **ret_route)
{
	enum match result = MATCH_NO_PATH;
	for (size_t i = 0; i < route_count; i++) {
		const struct route *route = &routes[i];
		if (!path_fits(route, r->target.path))
			continue;
		*ret_route = route;
		result = MATCH_NO_METHOD;
		if (method_fits(route, r->method) && condition_fits(route, r))
			return MATCH_FOUND;
	}
	return result;
}

void match_allow(const struct http_request *r, struct buf *b)
{
	const char *last = NULL;
	for (size_t i = 0; i < route_count; i++) {
		const struct route *route = &routes[i];
		if (!path_fits(route, r->target.path) || (last && strcmp(last, route->method) == 0))
			continue;
		last = route->method;
		buf_addf(b, "%s, %s", route->method,
			 strcmp(route->method, "GET") == 0 ? "HEAD, " : "");
	}
	buf_adds(b, "OPTIONS");
}

/* --- what travels along --------------------------------------------------------- */

static int add_member(struct buf *b, const char *name, struct span raw, bool is_query,
		      struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(raw.n + 1);
	int rc = is_query ? http_query_decode(&text, raw) : http_percent_decode(&text, raw);
	if (rc < 0 || !utf8_is_valid(buf_span(&text)))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "'%s' in the URL is not UTF-8 or has a broken escape", name);
	json_kv_span(b, name, buf_span(&text));
	return 0;
}

/* The name that the command knows a parameter by. name is rewritten in place. */
static void rename_param(const struct route *route, struct buf *name)
{
	const char *p = route->renames;
	while (p && *p) {
		size_t from = strcspn(p, "="), to = strcspn(p + from + 1, " ");
		struct span want = {p, from};
		if (span_equal(buf_span(name), want)) {
			cleanup_free char *other = xmemdup0(p + from + 1, to);
			buf_clear(name);
			buf_adds(name, other);
			return;
		}
		p += from + 1 + to;
		p += *p == ' ';
	}
}

static bool has_member(const struct buf *members, const char *name)
{
	cleanup_free char *value = match_member(members, name);
	return value != NULL;
}

static int add_captures(const struct route *route, struct span path, struct buf *b,
			struct sa_error *err)
{
	struct span pattern = span_of(route->pattern), segment, wanted;
	while (http_segment_next(&path, &segment) && http_segment_next(&pattern, &wanted)) {
		struct span capture = capture_name(wanted);
		if (!capture.p)
			continue;
		cleanup_free char *name = xmemdup0(capture.p, capture.n);
		if (add_member(b, name, segment, false, err) < 0)
			return -1;
	}
	return 0;
}

int match_params(const struct route *route, const struct http_request *r, struct buf *b,
		 struct sa_error *err)
{
	struct span rest = r->target.query, name, value;
	size_t count = 0;
	if (add_captures(route, r->target.path, b, err) < 0)
		return -1;
	size_t captured = b->len;
	while (http_query_next(&rest, &name, &value)) {
		cleanup_buf struct buf plain = BUF_INIT(name.n + ROUTE_NAME_BYTES);
		if (++count > HTTP_QUERY_PARAMS_MAX)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "more than %d query parameters", HTTP_QUERY_PARAMS_MAX);
		if (http_query_decode(&plain, name) < 0 || !utf8_is_valid(buf_span(&plain)))
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "a query parameter's name has a broken escape");
		rename_param(route, &plain);
		const char *text = plain.data ? plain.data : "";
		if (strcmp(text, "access_token") == 0)
			continue;
		if (has_member(b, text)) {
			struct buf captures = {.data = b->data, .len = captured};
			if (has_member(&captures, text))
				continue;
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "query parameter '%s' is given twice", text);
		}
		if (add_member(b, text, value, true, err) < 0)
			return -1;
	}
	if (b->is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE, "the query is too long");
	return 0;
}

/* The value of a field; a list's lines together (RFC 9110 5.2). */
static void add_header_value(const struct http_request *r, const char *name, struct buf *b)
{
	bool is_list = strcmp(name, "if-match") == 0 || strcmp(name, "if-none-match") == 0;
	for (size_t i = 0; i < r->header_count; i++) {
		if (!http_is_nocase(r->headers[i].name, name) || r->headers[i].value.n == 0)
			continue;
		if (b->len && !is_list)
			return;
		buf_adds(b, b->len ? ", " : "");
		buf_add_span(b, r->headers[i].value);
	}
}

void match_headers(const struct route *route, const struct http_request *r, struct buf *b)
{
	bool is_head = span_is(r->method, "HEAD");
	for (const char *p = route->headers; p && *p;) {
		size_t n = strcspn(p, " ");
		cleanup_free char *name = xmemdup0(p, n);
		cleanup_buf struct buf value = BUF_INIT(HTTP_HEAD_BYTES * 2);
		p += n + (p[n] == ' ');
		/* HEAD has no ranges (RFC 9110 14.2). */
		if (!is_head || strcmp(name, "range") != 0)
			add_header_value(r, name, &value);
		if (value.len)
			json_kv_span(b, name, buf_span(&value));
	}
}

/* --- words ------------------------------------------------------------------------- */

char *match_member(const struct buf *members, const char *name)
{
	cleanup_buf struct buf object = BUF_INIT(BUF_MAX_OWN);
	buf_addc(&object, '{');
	buf_add(&object, members->data, members->len);
	buf_addc(&object, '}');
	return json_string_dup(json_get(buf_span(&object), name));
}

/* One word with its parameters put in; NULL when one of them is absent. */
static char *expand(const char *word, const struct buf *params, const struct buf *headers)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	while (*word) {
		size_t plain = strcspn(word, "{");
		buf_add(&text, word, plain);
		word += plain;
		if (!*word)
			break;
		size_t n = strcspn(word, "}");
		cleanup_free char *name = xmemdup0(word + 1, n - 1);
		char *value = match_member(params, name);
		if (!value)
			value = match_member(headers, name);
		if (!value)
			return NULL;
		buf_adds(&text, value);
		free(value);
		word += n + 1;
	}
	return buf_take(&text);
}

char **match_words(const struct route *route, const struct buf *params, const struct buf *headers,
		   const char *const *extra)
{
	size_t room = 1, n = 0;
	for (const char *const *w = route->words; *w; w++)
		room++;
	for (const char *const *w = extra; *w; w++)
		room++;
	char **words = xcalloc(room, sizeof(*words));
	for (size_t i = 0; route->words[i]; i++) {
		char *word = expand(route->words[i], params, headers);
		if (word)
			words[n++] = word;
		for (const char *const *w = extra; i == 1 && *w; w++)
			words[n++] = xstrdup(*w);
	}
	return words;
}
