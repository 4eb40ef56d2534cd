/*
 * Writing answers (RFC 9112 4, 6; RFC 9110 15). Each function appends to a
 * buffer; a full buffer is told by its is_overflowed and by -1.
 */
#ifndef SA_HTTP_RESPONSE_H
#define SA_HTTP_RESPONSE_H

#include "base/buf.h"
#include "base/problem.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* How the body's end is told. */
enum http_body {
	HTTP_BODY_NONE,	   /* nothing follows the head */
	HTTP_BODY_LENGTH,  /* as many bytes as Content-Length says */
	HTTP_BODY_CHUNKED, /* http_chunk_add, http_chunk_end */
	HTTP_BODY_CLOSE,   /* until the connection ends (HTTP/1.0) */
};

struct http_response {
	int status;
	enum http_body body;   /* wanted: NONE (an empty body), LENGTH or CHUNKED */
	uint64_t length_bytes; /* for LENGTH */
	int64_t date_s;	       /* Unix time for Date */
	int minor_version;     /* of the request */
	bool is_head;	       /* the request was HEAD */
	bool is_keep_alive;    /* the connection goes on after this */
};

/* "Not Found"; "Unknown" for a status that is not in the table. */
const char *http_reason(int status);

/*
 * Status line, Date, framing fields and Connection. Tells how the body is
 * to be sent: NONE for HEAD, 1xx, 204 and 304 (whose framing fields are
 * written as RFC 9110 8.6 and 9112 6.1 allow), CLOSE in place of CHUNKED
 * for HTTP/1.0 (is_keep_alive is then cleared). Add fields, then call
 * http_head_end().
 */
enum http_body http_head_begin(struct buf *b, struct http_response *response);
/*
 * One field. -1 and nothing written when the name is no token, the value
 * holds CR, LF, NUL or another control byte, or the name is one that
 * http_head_begin() writes (a 101's Connection excepted: http/websocket.h).
 */
int http_header_add(struct buf *b, const char *name, struct span value);
int http_head_end(struct buf *b);
/* "HTTP/1.1 100 Continue" and its empty line (RFC 9110 15.2.1). */
int http_continue_add(struct buf *b);

/* One chunk (RFC 9112 7.1); empty data writes nothing: an empty chunk would end the body. */
int http_chunk_add(struct buf *b, struct span data);
/* The size line alone, for data that goes out from elsewhere; "\r\n" is due after it. */
int http_chunk_begin(struct buf *b, uint64_t bytes);
int http_chunk_end(struct buf *b);

struct http_problem {
	enum problem_kind kind;
	int status;		/* 0: the kind's */
	const char *title;	/* NULL: the kind's, or the reason when status is given */
	struct span detail;	/* may be NONE */
	struct span extensions; /* JSON members without braces ("\"agent\":\"x\""), or NONE */
};

#define HTTP_PROBLEM_TYPE "application/problem+json"
/* The body of a problem answer (RFC 9457 3). */
void http_problem_add(struct buf *b, const struct http_problem *problem);
/* The status it will have. */
int http_problem_status(const struct http_problem *problem);

#endif
