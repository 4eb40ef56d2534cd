#include "http/websocket.h"

#include "base/base64.h"
#include "http/octet.h"
#include "http/response.h"
#include "http/sha1.h"
#include "http/value.h"

/* The value of a base64 digit (RFC 4648 4), or -1. */
static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 6455 4.1: base64 of 16 bytes is 22 digits and "=="; the last digit has 4 idle bits. */
static bool is_key(struct span key)
{
	enum { KEY_DIGITS = 22 };
	if (key.n != KEY_DIGITS + 2 || key.p[KEY_DIGITS] != '=' || key.p[KEY_DIGITS + 1] != '=')
		return false;
	for (size_t i = 0; i < KEY_DIGITS; i++)
		if (digit_value(key.p[i]) < 0)
			return false;
	return (digit_value(key.p[KEY_DIGITS - 1]) & 15) == 0;
}

enum http_verdict http_websocket_check(const struct http_request *r,
				       struct http_refusal *ret_refusal)
{
	struct span version = http_request_get(r, HTTP_WEBSOCKET_VERSION);
	if (!span_is(r->method, "GET"))
		return http_refuse(ret_refusal, 400, "a WebSocket begins with GET");
	if (!r->has_upgrade || !http_request_lists(r, HTTP_UPGRADE, "websocket"))
		return http_refuse(ret_refusal, 426, "this needs an upgrade to WebSocket");
	if (http_request_has_body(r))
		return http_refuse(ret_refusal, 400, "a WebSocket handshake has no body");
	if (!span_is(version, "13"))
		return http_refuse(ret_refusal, version.p ? 426 : 400,
				   "Sec-WebSocket-Version is not 13");
	if (!is_key(http_request_get(r, HTTP_WEBSOCKET_KEY)))
		return http_refuse(ret_refusal, 400,
				   "Sec-WebSocket-Key is not the base64 of 16 bytes");
	return HTTP_OK;
}

int http_websocket_accept_add(struct buf *b, struct span key)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	enum { TEXT_BYTES_MAX = 128 };
	cleanup_buf struct buf text = BUF_INIT(TEXT_BYTES_MAX);
	unsigned char digest[SHA1_BYTES];
	if (buf_add_span(&text, key) < 0 || buf_adds(&text, guid) < 0)
		return -1;
	sha1(buf_span(&text), digest);
	return base64_add(b, (struct span){(const char *)digest, sizeof(digest)});
}

static bool is_supported(struct span item, const char *const *supported, size_t count)
{
	if (!supported)
		return true;
	for (size_t i = 0; i < count; i++)
		if (span_is(item, supported[i]))
			return true;
	return false;
}

struct span http_websocket_choose(const struct http_request *r, const char *const *supported,
				  size_t count)
{
	struct span chosen = SPAN_NONE, item;
	for (size_t i = 0; i < r->header_count; i++) {
		struct span rest = r->headers[i].value;
		if (r->headers[i].field != HTTP_WEBSOCKET_PROTOCOL)
			continue;
		while (http_list_next(&rest, &item)) {
			if (!http_is_token(item))
				return SPAN_NONE;
			if (!chosen.p && is_supported(item, supported, count))
				chosen = item;
		}
	}
	return chosen;
}

int http_websocket_answer_add(struct buf *b, const struct http_request *r, struct span protocol)
{
	enum { ACCEPT_BYTES = 28 };
	cleanup_buf struct buf accept = BUF_INIT(ACCEPT_BYTES);
	if (http_websocket_accept_add(&accept, http_request_get(r, HTTP_WEBSOCKET_KEY)) < 0 ||
	    http_header_add(b, "upgrade", SPAN_LIT("websocket")) < 0 ||
	    http_header_add(b, "sec-websocket-accept", buf_span(&accept)) < 0)
		return -1;
	return protocol.p ? http_header_add(b, "sec-websocket-protocol", protocol) : 0;
}

int http_websocket_offer_add(struct buf *b)
{
	if (http_header_add(b, "upgrade", SPAN_LIT("websocket")) < 0)
		return -1;
	return http_header_add(b, "sec-websocket-version", SPAN_LIT("13"));
}
