/* The server's side of the WebSocket opening handshake (RFC 6455 4.2). Frames are libwslay's. */
#ifndef SA_HTTP_WEBSOCKET_H
#define SA_HTTP_WEBSOCKET_H

#include "base/buf.h"
#include "base/span.h"
#include "http/request.h"
#include "http/verdict.h"

/*
 * Is this a valid opening handshake? HTTP_OK; HTTP_BAD with 400, or 426 when
 * it is no upgrade to WebSocket or another version: that answer carries
 * http_websocket_offer_add(). The body of a 426 may say the words.
 */
enum http_verdict http_websocket_check(const struct http_request *r,
				       struct http_refusal *ret_refusal);
/* Append Sec-WebSocket-Accept for a key (RFC 6455 4.2.2 item 5.4). 0, or -1 at b's ceiling. */
int http_websocket_accept_add(struct buf *b, struct span key);
/*
 * The first subprotocol that the client wants and that is in supported
 * (compared as they are); supported NULL: the client's first. SPAN_NONE when
 * it wants none, when none fits, or when its list is malformed.
 */
struct span http_websocket_choose(const struct http_request *r, const char *const *supported,
				  size_t count);
/* The fields of a 101 after http_head_begin(): Upgrade, Accept, and Protocol unless NONE. */
int http_websocket_answer_add(struct buf *b, const struct http_request *r, struct span protocol);
/* The fields of a 426: Upgrade and the version spoken here. */
int http_websocket_offer_add(struct buf *b);

#endif
