/* max: 70000 */
/*
 * The head parser: every prefix says "more" or what the whole says; a
 * refusal is final; what is found lies inside the input. Then the input as
 * a connection, in one piece and in many: the same verdicts. Input: a byte
 * that chooses limits and pieces, then the stream.
 */
#include "fuzz.h"
#include "http/octet.h"
#include "http/stream.h"

enum { EVERY_PREFIX_BYTES = 400, SMALL_LINE = 64, SMALL_HEAD = 256, SMALL_COUNT = 8 };

struct outcome {
	enum http_verdict verdict;
	struct http_refusal refusal;
	struct http_request request;
};

static void check_inside(struct span outer, struct span inner)
{
	/* The path of an absolute form without one is a constant. */
	if (!inner.p || span_equal(inner, SPAN_LIT("/")))
		return;
	fuzz_require(inner.p >= outer.p && inner.p + inner.n <= outer.p + outer.n);
}

static void check_request(struct span in, const struct http_request *r)
{
	struct span head = {in.p, r->head_bytes};
	fuzz_require(r->head_bytes <= in.n && r->header_count <= HTTP_HEADERS_MAX);
	fuzz_require(memcmp(head.p + head.n - 4, "\r\n\r\n", 4) == 0);
	fuzz_require(!memchr(head.p, '\0', head.n));
	fuzz_require(http_is_token(r->method));
	check_inside(head, r->method);
	check_inside(head, r->target.path);
	check_inside(head, r->target.query);
	check_inside(head, r->host);
	fuzz_require(r->content_length >= 0 && !(r->is_chunked && r->content_length));
	fuzz_require(r->minor_version == 0 || r->host.n > 0);
	for (size_t i = 0; i < r->header_count; i++) {
		fuzz_require(http_is_token(r->headers[i].name));
		fuzz_require(!memchr(r->headers[i].value.p, '\r', r->headers[i].value.n));
		check_inside(head, r->headers[i].name);
		check_inside(head, r->headers[i].value);
	}
}

static void check_prefix(struct span in, size_t n, const struct http_limits *limits,
			 const struct outcome *whole, size_t *seen)
{
	static struct outcome o;
	/* A copy of its own: a read past the prefix is found by the sanitizer. */
	char *copy = malloc(n + !n);
	if (n)
		memcpy(copy, in.p, n);
	struct span prefix = {copy, n};
	o.verdict = http_parse_head(prefix, limits, &o.request, &o.refusal);
	if (o.verdict == HTTP_MORE) {
		fuzz_require(whole->verdict == HTTP_MORE || n < in.n);
		*seen = n;
	} else {
		fuzz_require(http_head_is_due(prefix, *seen, limits));
		fuzz_require(o.verdict == whole->verdict);
	}
	if (o.verdict == HTTP_BAD)
		fuzz_require(o.refusal.status == whole->refusal.status &&
			     o.refusal.why == whole->refusal.why);
	if (o.verdict == HTTP_OK)
		fuzz_require(o.request.head_bytes == whole->request.head_bytes &&
			     o.request.header_count == whole->request.header_count);
	free(copy);
}

static void check_stream(struct span in, uint32_t seed)
{
	struct stream whole, pieces;
	stream_init(&whole);
	stream_init(&pieces);
	stream_feed(&whole, in);
	for (size_t at = 0; at < in.n;) {
		seed = seed * 1103515245u + 12345u;
		size_t n = 1 + (seed >> 16) % (in.n > 4096 ? 4096 : 64);
		n = n < in.n - at ? n : in.n - at;
		stream_feed(&pieces, (struct span){in.p + at, n});
		at += n;
	}
	fuzz_require(span_equal(stream_end(&whole), stream_end(&pieces)));
	stream_free(&whole);
	stream_free(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outcome whole;
	struct http_limits limits = {SMALL_LINE, SMALL_LINE, SMALL_HEAD, SMALL_COUNT};
	if (size < 2)
		return 0;
	if (data[0] & 1)
		limits = HTTP_LIMITS_DEFAULT;
	struct span in = {(const char *)data + 1, size - 1};
	whole.verdict = http_parse_head(in, &limits, &whole.request, &whole.refusal);
	if (whole.verdict == HTTP_OK)
		check_request(in, &whole.request);
	if (whole.verdict == HTTP_BAD)
		fuzz_require(whole.refusal.status >= 400 && whole.refusal.status <= 505);
	fuzz_require(whole.verdict != HTTP_MORE || in.n < limits.head_bytes + 4);
	size_t seen = 0, step = in.n <= EVERY_PREFIX_BYTES ? 1 : in.n / 50;
	for (size_t n = 0; n < in.n; n += step)
		check_prefix(in, n, &limits, &whole, &seen);
	check_prefix(in, in.n, &limits, &whole, &seen);
	check_stream(in, data[0]);
	return 0;
}
