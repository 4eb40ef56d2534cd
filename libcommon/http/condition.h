/* Ranges and entity tags: what Range, If-Range, If-Match and If-None-Match mean for one file
 * (RFC 9110 13.1, 14.1.2, 14.2). */
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

#endif
