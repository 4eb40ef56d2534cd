/*
 * The head of an HTTP/1 request: request line and field lines, strictly by
 * RFC 9112 and RFC 9110. Where the RFCs leave a choice between repairing
 * and refusing, this refuses: a sandbox's server stands behind proxies that
 * nobody here has chosen, and every repair is a place where two parsers can
 * disagree on where a request ends.
 *
 * Everything in struct http_request points into the bytes that were parsed
 * and is valid as long as they stay where they are.
 */
#ifndef SA_HTTP_REQUEST_H
#define SA_HTTP_REQUEST_H

#include "base/span.h"
#include "http/target.h"
#include "http/verdict.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	HTTP_HEADERS_MAX = 100,	     /* field lines; more: 431 */
	HTTP_METHOD_BYTES_MAX = 32,  /* longer: 501 */
	HTTP_LINE_BYTES = 16 * 1024, /* default longest line, without its CRLF */
	HTTP_HEAD_BYTES = 64 * 1024, /* default longest head */
};

struct http_limits {
	size_t request_line_bytes; /* without CRLF; more: 414, or 501 when it is the method */
	size_t field_line_bytes;   /* without CRLF; more: 431 */
	size_t head_bytes;	   /* all lines, without the last CRLF; more: 431 */
	size_t headers;		   /* at most HTTP_HEADERS_MAX; more: 431 */
};

#define HTTP_LIMITS_DEFAULT \
	((struct http_limits){HTTP_LINE_BYTES, HTTP_LINE_BYTES, HTTP_HEAD_BYTES, HTTP_HEADERS_MAX})

/* Fields with a meaning to this server, found while parsing. */
enum http_field {
	HTTP_FIELD_OTHER,
	HTTP_ACCEPT,
	HTTP_AUTHORIZATION,
	HTTP_CONNECTION,
	HTTP_CONTENT_LENGTH,
	HTTP_CONTENT_TYPE,
	HTTP_EXPECT,
	HTTP_HOST,
	HTTP_LAST_EVENT_ID,
	HTTP_ORIGIN,
	HTTP_TRANSFER_ENCODING,
	HTTP_UPGRADE,
	HTTP_WEBSOCKET_KEY,
	HTTP_WEBSOCKET_PROTOCOL,
	HTTP_WEBSOCKET_VERSION,
	HTTP_FIELD_COUNT,
};

struct http_header {
	struct span name;  /* a token, in the sender's case */
	struct span value; /* without white space around it; may be empty */
	enum http_field field;
};

struct http_request {
	size_t head_bytes; /* what the head took of the input; the body begins there */
	struct span method;
	struct http_target target;
	struct span host;	/* the authority asked for: of the target, else Host; or NONE */
	int minor_version;	/* 0 or 1; HTTP/1.2 and above count as 1 */
	int64_t content_length; /* bytes; 0 when there is neither length nor chunks */
	bool has_content_length;
	bool is_chunked;
	bool is_keep_alive;    /* the client allows another request after this one */
	bool has_upgrade;      /* Upgrade with Connection: upgrade, HTTP/1.1 */
	bool expects_continue; /* there is a body and the client waits for 100 */
	size_t header_count;
	struct http_header headers[HTTP_HEADERS_MAX]; /* last: only header_count are set */
};

/*
 * Parse a head from the start of input, which may be any prefix of the
 * stream. HTTP_OK: ret is complete. HTTP_MORE: not all there yet. HTTP_BAD:
 * ret_refusal has the answer; every continuation of the input would get the
 * same. One empty line in front is skipped (RFC 9112 2.2). ret is scratch
 * space unless the verdict is HTTP_OK.
 */
enum http_verdict http_parse_head(struct span input, const struct http_limits *limits,
				  struct http_request *ret, struct http_refusal *ret_refusal);

/*
 * Can http_parse_head() say anything but HTTP_MORE now, when it said
 * HTTP_MORE to the first seen bytes of input (0: never asked)? Asking this
 * first keeps a sender of single bytes from costing more than one pass over
 * the head per line.
 */
bool http_head_is_due(struct span input, size_t seen, const struct http_limits *limits);

/* The field that goes by this name, in any case. */
enum http_field http_field_of(struct span name);
/* The first value of a known field; SPAN_NONE when absent. */
struct span http_request_get(const struct http_request *r, enum http_field field);
/* The same for any name, in any case. */
struct span http_request_find(const struct http_request *r, const char *name);
/* Does a list field (all its lines together) hold this token, in any case? */
bool http_request_lists(const struct http_request *r, enum http_field field, const char *token);
/* Has the request a body? A Content-Length of 0 is none. */
static inline bool http_request_has_body(const struct http_request *r)
{
	return r->is_chunked || r->content_length > 0;
}

#endif
