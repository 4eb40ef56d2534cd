/* What the head parser fills in; verdicts on hostile bytes are in http_adversarial.c. */
#include "tap.h"

#include "http/request.h"
#include "http/value.h"
#include "http/websocket.h"

static const struct http_limits limits = HTTP_LIMITS_DEFAULT;

static struct http_request parse(const char *text)
{
	struct http_request r;
	struct http_refusal refusal = {0, ""};
	ok(http_parse_head(span_of(text), &limits, &r, &refusal) == HTTP_OK, "parses: %d %s",
	   refusal.status, refusal.why);
	return r;
}

static void check_members(void)
{
	struct http_request r =
	    parse("\r\nPOST /v1/acp/a%20b?agent=mock&x HTTP/1.1\r\nHOST: localhost:2468 \r\n"
		  "content-type:application/json\r\nX-Own: 1\r\nContent-Length: 12\r\n\r\nbody");
	struct span body = {r.method.p - 2 + r.head_bytes, 4};
	is_text(body, "body", "the body begins behind the head");
	is_text(r.method, "POST", "method");
	is_text(r.target.path, "/v1/acp/a%20b", "path");
	is_text(r.target.query, "agent=mock&x", "query");
	is_text(r.host, "localhost:2468", "host");
	is_int(r.content_length, 12, "length");
	is_int(r.header_count, 4, "headers");
	is_text(r.headers[2].name, "X-Own", "names keep their case");
	is_text(http_request_get(&r, HTTP_CONTENT_TYPE), "application/json", "a known header");
	is_text(http_request_find(&r, "x-own"), "1", "any header by name");
	is_span(http_request_find(&r, "x-ow"), SPAN_NONE, "an absent header");
	is_span(http_request_get(&r, HTTP_ORIGIN), SPAN_NONE, "an absent known header");
	r = parse("GET http://[::1]:80?q HTTP/1.1\r\nHost: other\r\nAccept: a/b\r\n"
		  "Accept: text/*\r\n\r\n");
	is_text(r.host, "[::1]:80", "the target's authority overrides Host");
	is_text(r.target.path, "/", "an empty path is '/'");
	is_text(r.target.query, "q", "its query");
	ok(http_request_accepts(&r, "text/html"), "Accept lines are one list");
	ok(!http_request_accepts(&r, "x/y"), "and it is a list");
	r = parse("GET /x? HTTP/1.1\r\nHost: a\r\n\r\n");
	is_text(r.target.query, "", "an empty query is there");
	r = parse("GET /x HTTP/1.0\r\n\r\n");
	is_span(r.target.query, SPAN_NONE, "no query");
	is_span(r.host, SPAN_NONE, "no host");
}

static int refused(const char *text)
{
	struct http_request r;
	struct http_refusal refusal = {0, ""};
	return http_parse_head(span_of(text), &limits, &r, &refusal) == HTTP_BAD ? refusal.status
										 : 0;
}

static void check_framing(void)
{
	struct http_request r = parse("POST / HTTP/1.1\r\nHost: a\r\n"
				      "Content-Length: 9223372036854775807\r\n\r\n");
	ok(r.content_length == INT64_MAX, "the greatest length is for a route's limit to judge");
	is_int(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n"),
	       413, "one byte more is not");
	r = parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	ok(r.is_chunked && http_request_has_body(&r), "chunks are a body");
	r = parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
	ok(r.has_content_length && !http_request_has_body(&r), "a length of 0 is none");
}

static void check_limits(void)
{
	struct http_limits l = {17, 7, 17 + 2 + 7 + 2 + 4, 2};
	struct http_request r;
	struct http_refusal refusal;
	struct span in = SPAN_LIT("GET /123 HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n");
	ok(http_parse_head(in, &l, &r, &refusal) == HTTP_OK, "a head that just fits");
	l.request_line_bytes--;
	ok(http_parse_head(in, &l, &r, &refusal) == HTTP_BAD && refusal.status == 414,
	   "a byte too much in the request line");
	l = (struct http_limits){17, 6, 100, 2};
	ok(http_parse_head(in, &l, &r, &refusal) == HTTP_BAD && refusal.status == 431,
	   "a byte too much in a header line");
	l = (struct http_limits){17, 7, 17 + 2 + 7 + 2 + 3, 2};
	ok(http_parse_head(in, &l, &r, &refusal) == HTTP_BAD && refusal.status == 431,
	   "a byte too much in all lines");
	l = (struct http_limits){17, 7, 100, 1};
	ok(http_parse_head(in, &l, &r, &refusal) == HTTP_BAD && refusal.status == 431,
	   "a header too much");
	l = HTTP_LIMITS_DEFAULT;
	l.headers = 1000;
	ok(http_parse_head(in, &l, &r, &refusal) == HTTP_OK,
	   "a limit above the array's is the array's");
	ok(!http_head_is_due(SPAN_LIT("GET / HTTP/1.1\r\nHost: "), 20, &limits),
	   "no end of line, no need to look");
	ok(http_head_is_due(SPAN_LIT("GET / HTTP/1.1\r\nHost: a\r\n"), 20, &limits),
	   "an end of line, a need to look");
}

#define WS_HEAD \
	"GET /t HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
#define WS_KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define WS_VERSION "Sec-WebSocket-Version: 13\r\n"

static int websocket_status(const char *text)
{
	struct http_request r = parse(text);
	struct http_refusal refusal;
	return http_websocket_check(&r, &refusal) == HTTP_OK ? 101 : refusal.status;
}

static void check_websocket(void)
{
	static const char *const ours[] = {"b", "channel.v1"};
	cleanup_buf struct buf b = BUF_INIT(256);
	is_int(websocket_status(WS_HEAD WS_KEY WS_VERSION "\r\n"), 101, "a handshake");
	is_int(websocket_status(WS_HEAD WS_KEY "\r\n"), 400, "no version");
	is_int(websocket_status(WS_HEAD WS_KEY "Sec-WebSocket-Version: 8\r\n\r\n"), 426,
	       "another version");
	is_int(websocket_status(WS_HEAD WS_VERSION "\r\n"), 400, "no key");
	is_int(websocket_status(WS_HEAD WS_VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n\r\n"),
	       400, "a short key");
	is_int(websocket_status(WS_HEAD WS_VERSION
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n\r\n"),
	       400, "a key with idle bits set");
	is_int(websocket_status(WS_HEAD WS_VERSION WS_KEY "Content-Length: 1\r\n\r\nx"), 400,
	       "a body");
	is_int(websocket_status("GET /t HTTP/1.1\r\nHost: a\r\n" WS_KEY WS_VERSION "\r\n"), 426,
	       "no upgrade");
	is_int(websocket_status("GET /t HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n"
				"Upgrade: h2c\r\n" WS_KEY WS_VERSION "\r\n"),
	       426, "another upgrade");
	is_int(websocket_status("POST /t HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n"
				"Upgrade: websocket\r\n" WS_KEY WS_VERSION "\r\n"),
	       400, "another method");
	http_websocket_accept_add(&b, SPAN_LIT("dGhlIHNhbXBsZSBub25jZQ=="));
	is_text(buf_span(&b), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "the RFC's accept value");
	struct http_request r =
	    parse(WS_HEAD WS_KEY WS_VERSION "Sec-WebSocket-Protocol: a, b\r\n"
					    "Sec-WebSocket-Protocol: channel.v1\r\n"
					    "\r\n");
	is_text(http_websocket_choose(&r, ours, 2), "b", "the client's first that is supported");
	is_text(http_websocket_choose(&r, NULL, 0), "a", "the client's first");
	is_span(http_websocket_choose(&r, ours, 0), SPAN_NONE, "none supported");
	buf_clear(&b);
	http_websocket_answer_add(&b, &r, SPAN_LIT("b"));
	is_text(buf_span(&b),
		"upgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
		"sec-websocket-protocol: b\r\n",
		"the answer's fields");
	r = parse(WS_HEAD "Sec-WebSocket-Protocol: a b\r\n\r\n");
	is_span(http_websocket_choose(&r, NULL, 0), SPAN_NONE, "a malformed list");
}

int main(void)
{
	check_members();
	check_framing();
	check_limits();
	check_websocket();
	return done_testing();
}
