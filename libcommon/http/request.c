#include "http/request.h"

#include "http/framing.h"
#include "http/octet.h"
#include "http/value.h"

struct cursor {
	struct span input;
	size_t at;
};

/*
 * Names of the known fields; a singleton that comes twice is refused,
 * whatever its values. HTAB around a value is white space by RFC 9112 5.1,
 * but nginx and node take it for part of the value, and not in the same
 * places (tests/http/COMPARISON.md): it is refused where that would move
 * the end of a request or change its host.
 */
static const struct {
	struct span name;
	bool is_singleton;
	bool has_no_tab;
} fields[HTTP_FIELD_COUNT] = {
    [HTTP_ACCEPT] = {SPAN_LIT("accept"), false, false},
    [HTTP_AUTHORIZATION] = {SPAN_LIT("authorization"), true, false},
    [HTTP_CONNECTION] = {SPAN_LIT("connection"), false, false},
    [HTTP_CONTENT_LENGTH] = {SPAN_LIT("content-length"), true, true},
    [HTTP_CONTENT_TYPE] = {SPAN_LIT("content-type"), true, false},
    [HTTP_EXPECT] = {SPAN_LIT("expect"), true, false},
    [HTTP_HOST] = {SPAN_LIT("host"), true, true},
    [HTTP_LAST_EVENT_ID] = {SPAN_LIT("last-event-id"), true, false},
    [HTTP_ORIGIN] = {SPAN_LIT("origin"), true, false},
    [HTTP_TRANSFER_ENCODING] = {SPAN_LIT("transfer-encoding"), true, true},
    [HTTP_UPGRADE] = {SPAN_LIT("upgrade"), false, false},
    [HTTP_WEBSOCKET_KEY] = {SPAN_LIT("sec-websocket-key"), true, false},
    [HTTP_WEBSOCKET_PROTOCOL] = {SPAN_LIT("sec-websocket-protocol"), false, false},
    [HTTP_WEBSOCKET_VERSION] = {SPAN_LIT("sec-websocket-version"), true, false},
};

enum http_field http_field_of(struct span name)
{
	for (int f = HTTP_FIELD_OTHER + 1; f < HTTP_FIELD_COUNT; f++)
		if (name.n == fields[f].name.n && http_equal_nocase(name, fields[f].name))
			return (enum http_field)f;
	return HTTP_FIELD_OTHER;
}

struct span http_request_get(const struct http_request *r, enum http_field field)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (r->headers[i].field == field)
			return r->headers[i].value;
	return SPAN_NONE;
}

struct span http_request_find(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (http_is_nocase(r->headers[i].name, name))
			return r->headers[i].value;
	return SPAN_NONE;
}

bool http_request_lists(const struct http_request *r, enum http_field field, const char *token)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (r->headers[i].field == field && http_list_has(r->headers[i].value, token))
			return true;
	return false;
}

/* How long the line at c->at may be: its own limit, or what is left of the head's. */
static size_t line_ceiling(size_t at, size_t line_bytes, size_t head_bytes)
{
	size_t left = at < head_bytes ? head_bytes - at : 0;
	return left < line_bytes ? left : line_bytes;
}

/*
 * The next line without its CRLF. What it says is looked at only when its LF
 * is there, so that the verdict does not depend on where the bytes were cut.
 * HTTP_BAD with status 0: its LF cannot come in time any more.
 */
static enum http_verdict next_line(struct cursor *c, size_t ceiling, struct span *ret_line,
				   struct http_refusal *ret_refusal)
{
	const char *p = c->input.p + c->at;
	size_t left = c->input.n - c->at;
	size_t window = left < ceiling + 2 ? left : ceiling + 2;
	const char *lf = window ? memchr(p, '\n', window) : NULL;
	size_t looked = lf ? (size_t)(lf - p) : window;
	if (looked > 1 && memchr(p, '\r', looked - 1)) /* told before the line ends: it may not */
		return http_refuse(ret_refusal, 400, "a CR stands alone");
	if (!lf)
		return left >= ceiling + 2 ? http_refuse(ret_refusal, 0, "") : HTTP_MORE;
	if (lf == p || lf[-1] != '\r')
		return http_refuse(ret_refusal, 400, "a line ends in LF without CR");
	*ret_line = (struct span){p, (size_t)(lf - p) - 1};
	c->at += ret_line->n + 2;
	return HTTP_OK;
}

/* "HTTP/1.x". RFC 9112 2.3, RFC 9110 2.5: a higher minor version is taken as the highest known. */
static enum http_verdict parse_version(struct span text, int *ret_minor,
				       struct http_refusal *ret_refusal)
{
	if (text.n != 8 || memcmp(text.p, "HTTP/", 5) != 0 || text.p[5] < '0' || text.p[5] > '9' ||
	    text.p[6] != '.' || text.p[7] < '0' || text.p[7] > '9')
		return http_refuse(ret_refusal, 400, "the request line does not end in HTTP/1.1");
	if (text.p[5] != '1')
		return http_refuse(ret_refusal, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
	*ret_minor = text.p[7] == '0' ? 0 : 1;
	return HTTP_OK;
}

/* RFC 9112 3: method SP request-target SP HTTP-version, single spaces only. */
static enum http_verdict parse_request_line(struct span line, struct http_request *r,
					    struct http_refusal *ret_refusal)
{
	size_t method = http_octets_span(line, OCTET_TOKEN);
	if (method == line.n || line.p[method] != ' ')
		return http_refuse(ret_refusal, 400, "the request line has no valid method");
	r->method = (struct span){line.p, method};
	struct span rest = {line.p + method + 1, line.n - method - 1};
	const char *space = rest.n ? memchr(rest.p, ' ', rest.n) : NULL;
	if (!space)
		return http_refuse(ret_refusal, 400, "the request line has no HTTP version");
	struct span target = {rest.p, (size_t)(space - rest.p)};
	struct span version = {space + 1, rest.n - target.n - 1};
	if (parse_version(version, &r->minor_version, ret_refusal) == HTTP_BAD)
		return HTTP_BAD;
	if (method > HTTP_METHOD_BYTES_MAX)
		return http_refuse(ret_refusal, 501, "no method is that long");
	return http_parse_target(r->method, target, &r->target, ret_refusal);
}

static enum http_verdict request_line_too_long(struct span input, struct http_refusal *ret_refusal)
{
	if (input.n > HTTP_METHOD_BYTES_MAX)
		input.n = HTTP_METHOD_BYTES_MAX + 1;
	if (input.n > HTTP_METHOD_BYTES_MAX && http_octets_all(input, OCTET_TOKEN))
		return http_refuse(ret_refusal, 501, "no method is that long");
	return http_refuse(ret_refusal, 414, "the request line is too long");
}

/* RFC 9112 5: field-name ":" OWS field-value OWS. */
static enum http_verdict parse_field(struct span line, struct http_header *h,
				     struct http_refusal *ret_refusal)
{
	if (line.p[0] == ' ' || line.p[0] == '\t')
		return http_refuse(ret_refusal, 400,
				   "a header line begins with white space (folding is refused)");
	size_t n = http_octets_span(line, OCTET_TOKEN);
	if (n == line.n)
		return http_refuse(ret_refusal, 400, "a header line has no colon");
	if (line.p[n] != ':')
		return http_refuse(
		    ret_refusal, 400,
		    line.p[n] == ' ' || line.p[n] == '\t'
			? "there is white space between a header's name and its colon"
			: "a header's name holds a byte that is not allowed there");
	if (n == 0)
		return http_refuse(ret_refusal, 400, "a header has no name");
	h->name = (struct span){line.p, n};
	struct span raw = {line.p + n + 1, line.n - n - 1};
	h->value = http_trim(raw);
	if (!http_octets_all(h->value, OCTET_VALUE))
		return http_refuse(ret_refusal, 400, "a header's value holds a control byte");
	h->field = http_field_of(h->name);
	if (fields[h->field].has_no_tab && raw.n && memchr(raw.p, '\t', raw.n))
		return http_refuse(ret_refusal, 400,
				   "there is a tab around a header that frames the request");
	return HTTP_OK;
}

static enum http_verdict parse_fields(struct cursor *c, const struct http_limits *limits,
				      struct http_request *r, struct http_refusal *ret_refusal)
{
	size_t most = limits->headers < HTTP_HEADERS_MAX ? limits->headers : HTTP_HEADERS_MAX;
	unsigned seen = 0;
	for (;;) {
		struct span line;
		size_t ceiling = line_ceiling(c->at, limits->field_line_bytes, limits->head_bytes);
		enum http_verdict v = next_line(c, ceiling, &line, ret_refusal);
		if (v == HTTP_BAD && ret_refusal->status == 0)
			return http_refuse(ret_refusal, 431,
					   "a header line, or all of them, "
					   "are too long");
		if (v != HTTP_OK)
			return v;
		if (line.n == 0)
			return HTTP_OK;
		if (r->header_count == most)
			return http_refuse(ret_refusal, 431, "there are too many header lines");
		struct http_header *h = &r->headers[r->header_count];
		if (parse_field(line, h, ret_refusal) == HTTP_BAD)
			return HTTP_BAD;
		if (fields[h->field].is_singleton && (seen & 1u << h->field))
			return http_refuse(ret_refusal, 400,
					   "a header that may come once comes twice");
		seen |= 1u << h->field;
		r->header_count++;
	}
}

/* RFC 9112 3.2: exactly one Host in HTTP/1.1, a valid one; the absolute form overrides it. */
static enum http_verdict find_host(struct http_request *r, struct http_refusal *ret_refusal)
{
	struct http_authority ignored;
	struct span host = http_request_get(r, HTTP_HOST);
	if (!host.p && r->minor_version >= 1)
		return http_refuse(ret_refusal, 400, "there is no Host header");
	if (host.p && http_parse_authority(host, &ignored) < 0)
		return http_refuse(ret_refusal, 400, "the Host header is not valid");
	r->host = r->target.authority.p ? r->target.authority : host;
	return HTTP_OK;
}

/* At most one empty line is skipped. HTTP_OK: c stands at the first byte of a method. */
static enum http_verdict skip_empty_line(struct cursor *c, struct http_refusal *ret_refusal)
{
	struct span in = c->input;
	if (in.n && in.p[0] == '\r') {
		if (in.n > 1 && in.p[1] != '\n')
			return http_refuse(ret_refusal, 400, "a CR stands alone");
		if (in.n < 2)
			return HTTP_MORE;
		c->at = 2;
	}
	if (c->at == in.n)
		return HTTP_MORE;
	/* Told at once: TLS spoken to a plain port often holds no LF for long. */
	if (!http_octet_is(in.p[c->at], OCTET_TOKEN))
		return http_refuse(ret_refusal, 400, "the request does not begin with a method");
	return HTTP_OK;
}

enum http_verdict http_parse_head(struct span input, const struct http_limits *limits,
				  struct http_request *ret, struct http_refusal *ret_refusal)
{
	struct cursor c = {input, 0};
	struct span line;
	memset(ret, 0,
	       offsetof(struct http_request, headers)); /* the 4 KiB of headers are not read */
	enum http_verdict v = skip_empty_line(&c, ret_refusal);
	if (v != HTTP_OK)
		return v;
	struct span start = {input.p + c.at, input.n - c.at};
	size_t ceiling = line_ceiling(c.at, limits->request_line_bytes, limits->head_bytes);
	v = next_line(&c, ceiling, &line, ret_refusal);
	if (v == HTTP_BAD && ret_refusal->status == 0)
		return request_line_too_long(start, ret_refusal);
	if (v == HTTP_OK)
		v = parse_request_line(line, ret, ret_refusal);
	if (v == HTTP_OK)
		v = parse_fields(&c, limits, ret, ret_refusal);
	if (v == HTTP_OK)
		v = find_host(ret, ret_refusal);
	if (v == HTTP_OK)
		v = http_frame(ret, ret_refusal);
	if (v == HTTP_OK)
		ret->head_bytes = c.at;
	return v;
}

bool http_head_is_due(struct span input, size_t seen, const struct http_limits *limits)
{
	size_t line = limits->request_line_bytes > limits->field_line_bytes
			  ? limits->field_line_bytes
			  : limits->request_line_bytes;
	if (seen < 3 || seen > input.n) /* an empty line and the first byte */
		return true;
	if (memchr(input.p + seen, '\n', input.n - seen) ||
	    memchr(input.p + seen - 1, '\r', input.n - seen))
		return true;
	/* No CR or LF in the new bytes: only a ceiling can have been crossed. */
	const char *last = memrchr(input.p, '\n', seen);
	size_t start = last ? (size_t)(last - input.p) + 1 : 0;
	return input.n - start >= line_ceiling(start, line, limits->head_bytes) + 2;
}
