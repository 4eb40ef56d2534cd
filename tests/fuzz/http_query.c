/* max: 8192 */
/*
 * Queries, escapes and field values on any bytes: everything found lies
 * inside the input, decoding undoes encoding, a full buffer changes nothing,
 * and a value that is written as a header stays one line.
 */
#include "fuzz.h"
#include "http/origin.h"
#include "http/response.h"
#include "http/sse.h"
#include "http/target.h"
#include "http/uri.h"
#include "http/value.h"

static void check_inside(struct span outer, struct span inner)
{
	fuzz_require(inner.p >= outer.p && inner.p + inner.n <= outer.p + outer.n);
}

static void check_escapes(struct span in)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN), back = BUF_INIT(BUF_MAX_OWN), tiny = BUF_INIT(3);
	if (http_percent_decode(&b, in) == 0)
		fuzz_require(b.len <= in.n && !(b.len && memchr(b.data, '\0', b.len)));
	buf_clear(&b);
	fuzz_require(http_percent_encode(&b, in) == 0);
	if (!memchr(in.p, '\0', in.n)) {
		fuzz_require(http_percent_decode(&back, buf_span(&b)) == 0);
		fuzz_require(span_equal(buf_span(&back), in));
		buf_clear(&back);
		fuzz_require(http_query_decode(&back, buf_span(&b)) == 0);
		fuzz_require(span_equal(buf_span(&back), in));
	}
	if (http_query_decode(&tiny, in) < 0 || http_percent_encode(&tiny, in) < 0)
		fuzz_require(tiny.len <= 3);
	buf_free(&b);
	buf_free(&back);
	buf_free(&tiny);
}

static void check_walks(struct span in)
{
	struct span rest = in, name, value;
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	size_t used = 0;
	while (http_query_next(&rest, &name, &value)) {
		check_inside(in, name);
		check_inside(in, value);
		used += name.n + value.n;
	}
	fuzz_require(used <= in.n);
	if (http_query_get(in, "path", &b) != HTTP_QUERY_FOUND)
		fuzz_require(b.len == 0);
	rest = in;
	while (http_segment_next(&rest, &name)) {
		check_inside(in, name);
		fuzz_require(!memchr(name.p, '/', name.n));
	}
	rest = in;
	while (http_list_next(&rest, &name)) {
		check_inside(in, name);
		fuzz_require(name.n > 0);
	}
	buf_free(&b);
}

static void check_values(struct span in)
{
	struct http_authority a;
	struct http_target t;
	struct http_refusal refusal;
	uint64_t id;
	struct span token = http_bearer_token(in);
	if (token.p)
		check_inside(in, token);
	if (http_parse_authority(in, &a) == 0)
		fuzz_require(a.host.n > 0 && a.host.n <= in.n && a.port <= 65535);
	if (http_parse_target(SPAN_LIT("GET"), in, &t, &refusal) == HTTP_OK)
		fuzz_require(t.path.n > 0 && t.path.p[0] == '/');
	http_media_type_is(in, "application/json");
	http_accept_admits(in, "application/json");
	http_host_is_allowed(in, NULL);
	http_origin_is_allowed(in, NULL);
	http_last_event_id(in, &id);
	fuzz_require(http_secret_equal(in, in) == (in.n > 0));
}

static void check_writers(struct span in)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (http_header_add(&b, "x", in) == 0)
		fuzz_require(memchr(b.data, '\r', b.len) == b.data + b.len - 2 &&
			     memchr(b.data, '\n', b.len) == b.data + b.len - 1);
	buf_clear(&b);
	sse_frame_add(&b, NULL, 1, in);
	fuzz_require(!memchr(b.data, '\r', b.len));
	const char *line = memchr(b.data, '\n', b.len);
	fuzz_require(memchr(line + 1, '\n', b.len) == b.data + b.len - 2);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + !size);
	if (size)
		memcpy(copy, data, size);
	struct span in = {copy, size};
	check_escapes(in);
	check_walks(in);
	check_values(in);
	check_writers(in);
	free(copy);
	return 0;
}
