#include "http/websocket.h"

#include "http/octet.h"
#include "http/response.h"
#include "http/sha1.h"
#include "http/value.h"

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(char c)
{
	const char *at = c ? strchr(base64, c) : NULL;
	return at ? (int)(at - base64) : -1;
}

/* RFC 6455 4.1: base64 of 16 bytes is 22 digits and "=="; the last digit has 4 idle bits. */
static bool is_key(struct span key)
{
	enum { KEY_DIGITS = 22 };
	if (key.n != KEY_DIGITS + 2 || key.p[KEY_DIGITS] != '=' || key.p[KEY_DIGITS + 1] != '=')
		return false;
	for (size_t i = 0; i < KEY_DIGITS; i++)
		if (base64_value(key.p[i]) < 0)
			return false;
	return (base64_value(key.p[KEY_DIGITS - 1]) & 15) == 0;
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

void http_websocket_accept(struct span key, char out[WEBSOCKET_ACCEPT_BYTES + 1])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[24 + sizeof(guid)];
	unsigned char digest[SHA1_BYTES + 1] = {0};
	size_t n = key.n < 24 ? key.n : 24;
	if (n)
		memcpy(text, key.p, n);
	memcpy(text + n, guid, sizeof(guid) - 1);
	sha1((struct span){text, n + sizeof(guid) - 1}, digest);
	for (size_t i = 0, o = 0; i < SHA1_BYTES; i += 3, o += 4) {
		unsigned v = (unsigned)digest[i] << 16 | (unsigned)digest[i + 1] << 8 |
			     (i + 2 < SHA1_BYTES ? digest[i + 2] : 0u);
		out[o] = base64[v >> 18];
		out[o + 1] = base64[v >> 12 & 63];
		out[o + 2] = base64[v >> 6 & 63];
		out[o + 3] = base64[v & 63];
	}
	out[WEBSOCKET_ACCEPT_BYTES - 1] = '='; /* 20 bytes leave one digit over */
	out[WEBSOCKET_ACCEPT_BYTES] = '\0';
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
	char accept[WEBSOCKET_ACCEPT_BYTES + 1];
	http_websocket_accept(http_request_get(r, HTTP_WEBSOCKET_KEY), accept);
	if (http_header_add(b, "upgrade", SPAN_LIT("websocket")) < 0 ||
	    http_header_add(b, "sec-websocket-accept", span_of(accept)) < 0)
		return -1;
	return protocol.p ? http_header_add(b, "sec-websocket-protocol", protocol) : 0;
}

int http_websocket_offer_add(struct buf *b)
{
	if (http_header_add(b, "upgrade", SPAN_LIT("websocket")) < 0)
		return -1;
	return http_header_add(b, "sec-websocket-version", SPAN_LIT("13"));
}
