/*
 * Percent-decoding, path segments and query parameters. Routes are matched
 * on raw segments; what a segment or a parameter holds is decoded after
 * that, so %2F never makes a new segment. "%" without two hexadecimal
 * digits and %00 are refused everywhere: no name on this system holds NUL.
 */
#ifndef SA_HTTP_URI_H
#define SA_HTTP_URI_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

/* Parameters in one query; more is malformed. */
enum { HTTP_QUERY_PARAMS_MAX = 256 };

/* Append text decoded (RFC 3986 2.1); '+' stays. The result may hold any byte
 * but NUL. 0; -1 when malformed or b is full, b is then as before. */
int http_percent_decode(struct buf *b, struct span text);
/* The same for a query's names and values, where '+' is a space. */
int http_query_decode(struct buf *b, struct span text);
/* Append text with everything but unreserved bytes encoded. */
int http_percent_encode(struct buf *b, struct span text);

/*
 * The next raw segment of a path: rest begins with '/' and is moved on past
 * the segment. "/a/b" has "a", "b"; "/" has ""; "/a/" has "a", "". false at
 * the end and for a path that does not begin with '/'.
 */
bool http_segment_next(struct span *rest, struct span *ret_segment);

/* The next raw name=value; empty pieces ("a&&b") are skipped; "a" has an empty value. */
bool http_query_next(struct span *rest, struct span *ret_name, struct span *ret_value);

enum http_query_result {
	HTTP_QUERY_ABSENT,
	HTTP_QUERY_FOUND,
	HTTP_QUERY_MALFORMED,
};
/*
 * Append the decoded value of the parameter with this name. The whole query
 * is looked at: a malformed escape in any name, too many parameters, the
 * parameter twice or a malformed value are MALFORMED. A query that is not
 * there has no parameters.
 */
enum http_query_result http_query_get(struct span query, const char *name, struct buf *b);

#endif
