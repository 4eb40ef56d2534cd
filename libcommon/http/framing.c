#include "http/framing.h"

#include "base/num.h"
#include "http/octet.h"
#include "http/value.h"

/*
 * RFC 9112 6.1 and 6.3: a coding before a final "chunked" is one that this
 * server does not have (501); with anything else at the end nobody can know
 * where the body ends (400).
 */
static enum http_verdict refuse_coding(struct span value, struct http_refusal *ret_refusal)
{
	struct span rest = value, item, last = SPAN_NONE;
	size_t chunked = 0, count = 0;
	while (http_list_next(&rest, &item)) {
		if (!http_is_token(item)) /* parameters have no place here either */
			return http_refuse(ret_refusal, 400, "Transfer-Encoding is not valid");
		chunked += http_is_nocase(item, "chunked");
		count++;
		last = item;
	}
	if (chunked == 1 && count > 1 && http_is_nocase(last, "chunked"))
		return http_refuse(ret_refusal, 501, "chunked is the only transfer coding here");
	return http_refuse(ret_refusal, 400, "Transfer-Encoding is not chunked, once and alone");
}

static bool is_digits(struct span s)
{
	size_t n = 0;
	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n == s.n && n > 0;
}

static enum http_verdict frame_body(struct http_request *r, struct http_refusal *ret_refusal)
{
	struct span length = http_request_get(r, HTTP_CONTENT_LENGTH);
	struct span coding = http_request_get(r, HTTP_TRANSFER_ENCODING);
	if (coding.p) {
		if (length.p)
			return http_refuse(
			    ret_refusal, 400,
			    "Content-Length and Transfer-Encoding exclude each other");
		if (r->minor_version < 1)
			return http_refuse(ret_refusal, 400, "HTTP/1.0 has no Transfer-Encoding");
		if (!http_is_nocase(coding, "chunked"))
			return refuse_coding(coding, ret_refusal);
		r->is_chunked = true;
	} else if (length.p) {
		uint64_t bytes;
		if (!is_digits(length))
			return http_refuse(ret_refusal, 400, "Content-Length is not a number");
		if (num_parse_u64(length, INT64_MAX, &bytes) < 0)
			return http_refuse(ret_refusal, 413, "Content-Length is absurd");
		r->has_content_length = true;
		r->content_length = (int64_t)bytes;
	}
	return HTTP_OK;
}

/* Every member of the list fields must be what the grammar says (RFC 9110 7.6.1, 7.8). */
static enum http_verdict check_connection_lists(const struct http_request *r,
						struct http_refusal *ret_refusal)
{
	for (size_t i = 0; i < r->header_count; i++) {
		struct span rest = r->headers[i].value, item;
		if (r->headers[i].field != HTTP_CONNECTION)
			continue;
		while (http_list_next(&rest, &item))
			if (!http_is_token(item))
				return http_refuse(ret_refusal, 400,
						   "Connection is not a list of words");
	}
	return HTTP_OK;
}

enum http_verdict http_frame(struct http_request *r, struct http_refusal *ret_refusal)
{
	struct span expect = http_request_get(r, HTTP_EXPECT);
	if (frame_body(r, ret_refusal) == HTTP_BAD ||
	    check_connection_lists(r, ret_refusal) == HTTP_BAD)
		return HTTP_BAD;
	if (expect.p && r->minor_version >= 1) { /* RFC 9110 10.1.1: 1.0 is to be ignored */
		if (!http_is_nocase(expect, "100-continue"))
			return http_refuse(ret_refusal, 417,
					   "100-continue is the only expectation that is met here");
		r->expects_continue = http_request_has_body(r);
	}
	bool has_close = http_request_lists(r, HTTP_CONNECTION, "close");
	r->is_keep_alive = !has_close && (r->minor_version >= 1 ||
					  http_request_lists(r, HTTP_CONNECTION, "keep-alive"));
	r->has_upgrade = r->minor_version >= 1 && http_request_get(r, HTTP_UPGRADE).n > 0 &&
			 http_request_lists(r, HTTP_CONNECTION, "upgrade");
	return HTTP_OK;
}
