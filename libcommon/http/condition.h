/* Ranges and preconditions: what Range, If-Range, If-Match and their kin mean for one file
 * (RFC 9110 13.1, 13.2, 14.1.2, 14.2). */
#ifndef SA_HTTP_CONDITION_H
#define SA_HTTP_CONDITION_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum http_range {
	HTTP_RANGE_ALL,		  /* absent, malformed, another unit, several: the whole file */
	HTTP_RANGE_PART,	  /* one part, cut at the end of the file */
	HTTP_RANGE_UNSATISFIABLE, /* starts behind the end */
};

/* What "bytes=..." asks of a file of size bytes; the outputs are set for HTTP_RANGE_PART alone,
 * and then length is at least 1. */
enum http_range http_range_parse(struct span value, uint64_t size_bytes, uint64_t *ret_first,
				 uint64_t *ret_length);
/*
 * Does a list of entity tags, or "*", name this one? etag with its quotes; not there (p NULL):
 * there is no such file, and nothing matches. Strong comparison wants both tags without "W/"; weak
 * looks at what is in the quotes. A malformed list matches nothing from its first fault on.
 */
bool http_etag_matches(struct span list, struct span etag, bool is_weak);

/* The fields of a request as they came; absent: p NULL. */
struct http_conditions {
	struct span if_match, if_none_match;
	struct span if_modified_since, if_unmodified_since; /* one that is no date does not count */
};

enum http_condition {
	HTTP_CONDITION_HOLDS,
	HTTP_CONDITION_CHANGED, /* it is another version, or not there: 412 */
	HTTP_CONDITION_SAME, /* it is there, or still this version: 304 to GET and HEAD, else 412 */
};

/*
 * All conditions of a request together, in the order of RFC 9110 13.2.2. etag as above;
 * modified_s counts when there is one. If-Modified-Since is for GET and HEAD: others leave it out.
 */
enum http_condition http_conditions_judge(const struct http_conditions *conditions,
					  struct span etag, int64_t modified_s);

#endif
