/* Answers, chunks, events, problems, SHA-1. */
#include "tap.h"

#include "http/chunked.h"
#include "http/response.h"
#include "http/sha1.h"
#include "http/sse.h"

#define DATE "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"

static void check_head(struct http_response r, const char *want, enum http_body want_body,
		       const char *name)
{
	cleanup_buf struct buf b = BUF_INIT(1024);
	enum http_body body = http_head_begin(&b, &r);
	is_text(buf_span(&b), want, name);
	is_int(body, want_body, "and how its body goes");
}

static void check_heads(void)
{
	struct http_response r = {
	    .status = 200, .body = HTTP_BODY_LENGTH, .length_bytes = 5, .minor_version = 1};
	r.is_keep_alive = true;
	check_head(r, "HTTP/1.1 200 OK\r\n" DATE "content-length: 5\r\n", HTTP_BODY_LENGTH,
		   "plain");
	r.is_head = true;
	check_head(r, "HTTP/1.1 200 OK\r\n" DATE "content-length: 5\r\n", HTTP_BODY_NONE, "HEAD");
	r.is_head = false;
	r.is_keep_alive = false;
	check_head(r, "HTTP/1.1 200 OK\r\n" DATE "content-length: 5\r\nconnection: close\r\n",
		   HTTP_BODY_LENGTH, "the last on its connection");
	r.is_keep_alive = true;
	r.minor_version = 0;
	check_head(r, "HTTP/1.1 200 OK\r\n" DATE "content-length: 5\r\nconnection: keep-alive\r\n",
		   HTTP_BODY_LENGTH, "HTTP/1.0 that goes on");
	r.body = HTTP_BODY_CHUNKED;
	check_head(r, "HTTP/1.1 200 OK\r\n" DATE "connection: close\r\n", HTTP_BODY_CLOSE,
		   "HTTP/1.0 has no chunks");
	r.minor_version = 1;
	check_head(r, "HTTP/1.1 200 OK\r\n" DATE "transfer-encoding: chunked\r\n",
		   HTTP_BODY_CHUNKED, "chunks");
	r.status = 204;
	check_head(r, "HTTP/1.1 204 No Content\r\n" DATE, HTTP_BODY_NONE, "204 has no framing");
	r.status = 304;
	check_head(r, "HTTP/1.1 304 Not Modified\r\n" DATE, HTTP_BODY_NONE, "304 has no framing");
	r.status = 101;
	check_head(r, "HTTP/1.1 101 Switching Protocols\r\n" DATE "connection: upgrade\r\n",
		   HTTP_BODY_NONE, "101 has no framing");
	r.status = 405;
	r.body = HTTP_BODY_NONE;
	check_head(r, "HTTP/1.1 405 Method Not Allowed\r\n" DATE "content-length: 0\r\n",
		   HTTP_BODY_NONE, "an empty body is told");
}

static void check_fields(void)
{
	static const char *const bad[] = {"a\r\nb: c", "a\rb", "a\nb", "a\x1b", "a\x7f"};
	cleanup_buf struct buf b = BUF_INIT(32);
	is_int(http_header_add(&b, "x-y", SPAN_LIT("a\tb\xff")), 0, "a field is written");
	is_text(buf_span(&b), "x-y: a\tb\xff\r\n", "as it is");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_int(http_header_add(&b, "x", span_of(bad[i])), -1, "a value that breaks out");
	is_int(http_header_add(&b, "x", (struct span){"a\0b", 3}), -1, "NUL in a value");
	is_int(http_header_add(&b, "x", SPAN_NONE), -1, "no value");
	is_int(http_header_add(&b, "x\r\ny", SPAN_LIT("z")), -1, "a name that breaks out");
	is_int(http_header_add(&b, "", SPAN_LIT("z")), -1, "no name");
	is_int(http_header_add(&b, "Content-Length", SPAN_LIT("1")), -1,
	       "framing is not for others");
	is_int(http_header_add(&b, "Transfer-Encoding", SPAN_LIT("x")), -1, "nor this");
	is_int(http_header_add(&b, "x", SPAN_LIT("a long value, too long for it")), -1, "full");
	is_text(buf_span(&b), "x-y: a\tb\xff\r\n", "a refused field leaves nothing behind");
	is_str(http_reason(404), "Not Found", "a reason");
	is_str(http_reason(299), "Unknown", "no reason");
}

static void check_bodies(void)
{
	cleanup_buf struct buf b = BUF_INIT(4096);
	http_chunk_add(&b, SPAN_LIT("hello world, hello"));
	http_chunk_add(&b, SPAN_LIT(""));
	http_chunk_end(&b);
	is_text(buf_span(&b), "12\r\nhello world, hello\r\n0\r\n\r\n", "chunks; none is empty");
	struct http_chunked c;
	struct span in = buf_span(&b), data;
	struct http_refusal refusal;
	http_chunked_init(&c, 18);
	ok(http_chunked_decode(&c, &in, &data, &refusal) == HTTP_DATA, "our chunk is data");
	is_text(data, "hello world, hello", "and the same");
	ok(http_chunked_decode(&c, &in, &data, &refusal) == HTTP_OK && in.n == 0, "and ends");
	in = buf_span(&b);
	http_chunked_init(&c, 17);
	ok(http_chunked_decode(&c, &in, &data, &refusal) == HTTP_BAD && refusal.status == 413,
	   "a byte above the limit is 413");
	buf_clear(&b);
	sse_frame_add(&b, "message", 7, SPAN_LIT("{\"a\":\r\n1,\n\"b\":\r2}"));
	sse_frame_add(&b, NULL, UINT64_MAX, SPAN_LIT(""));
	sse_comment_add(&b, "heartbeat");
	is_text(buf_span(&b),
		"event: message\nid: 7\ndata: {\"a\":  1, \"b\": 2}\n\n"
		"id: 18446744073709551615\ndata: \n\n: heartbeat\n\n",
		"events are one data line each");
	buf_free(&b);
	b = BUF_INIT(38);
	is_int(sse_frame_add(&b, "message", 7, SPAN_LIT("0123456789")), -1, "a full buffer");
	is_int(b.len, 0, "holds no half of an event");
}

static void check_problems(void)
{
	cleanup_buf struct buf b = BUF_INIT(4096);
	struct http_problem p = {.kind = PROBLEM_UNSUPPORTED_AGENT,
				 .detail = SPAN_LIT("invalid request: \"x\""),
				 .extensions = SPAN_LIT("\"agent\":\"x\"")};
	http_problem_add(&b, &p);
	is_text(buf_span(&b),
		"{\"type\":\"urn:sandbox-agent:error:unsupported_agent\","
		"\"title\":\"Unsupported Agent\",\"status\":400,"
		"\"detail\":\"invalid request: \\\"x\\\"\",\"agent\":\"x\"}",
		"a problem");
	buf_clear(&b);
	p = (struct http_problem){.kind = PROBLEM_INVALID_REQUEST, .status = 431};
	http_problem_add(&b, &p);
	is_text(buf_span(&b),
		"{\"type\":\"urn:sandbox-agent:error:invalid_request\","
		"\"title\":\"Request Header Fields Too Large\",\"status\":431}",
		"a problem with a status of its own");
	is_int(http_problem_status(&p), 431, "that status");
}

static const char *sha1_hex(struct span text)
{
	static char hex[2 * SHA1_BYTES + 1];
	unsigned char digest[SHA1_BYTES];
	sha1(text, digest);
	for (size_t i = 0; i < SHA1_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}

/* RFC 3174 7.3 */
static void check_sha1(void)
{
	cleanup_buf struct buf b = BUF_INIT(2000000);
	is_str(sha1_hex(SPAN_LIT("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d", "TEST1");
	is_str(sha1_hex(SPAN_LIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
	       "84983e441c3bd26ebaae4aa1f95129e5e54670f1", "TEST2");
	for (int i = 0; i < 1000000; i++)
		buf_addc(&b, 'a');
	is_str(sha1_hex(buf_span(&b)), "34aa973cd4c4daa4f61eeb2bdbad27316534016f", "TEST3");
	buf_clear(&b);
	for (int i = 0; i < 80; i++)
		buf_adds(&b, "01234567");
	is_str(sha1_hex(buf_span(&b)), "dea356a2cddd90c7a7ecedc5ebb563934f460452", "TEST4");
	is_str(sha1_hex(SPAN_LIT("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709", "nothing");
}

int main(void)
{
	check_heads();
	check_fields();
	check_bodies();
	check_problems();
	check_sha1();
	return done_testing();
}
