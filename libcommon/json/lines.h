/*
 * Cuts a stream of bytes into lines. A line that lies within one chunk is
 * handed out without a copy. A line longer than the limit is skipped and
 * told as such: the stream goes on behind it.
 */
#ifndef SA_JSON_LINES_H
#define SA_JSON_LINES_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

/* How much of a too long line is kept for the report, bytes. */
enum { LINES_HEAD_BYTES = 512 };
/* Default longest line, bytes, without its newline. */
#define LINES_LIMIT_DEFAULT ((size_t)64 << 20)

enum lines_result {
	LINES_MORE,	/* nothing left: feed more */
	LINES_LINE,	/* ret_line is a line without its newline */
	LINES_TOO_LONG, /* ret_line is the head of a line that was skipped */
};

struct lines {
	struct buf pending; /* start of a line whose end has not come yet */
	struct span chunk;  /* what is left of the chunk fed last */
	size_t limit;
	uint64_t skipped_bytes; /* length of the line told as LINES_TOO_LONG */
	bool is_skipping;
	bool is_pending_given; /* pending was handed out; drop it on the next call */
};

void lines_init(struct lines *l, size_t limit_bytes);
void lines_free(struct lines *l);
/* Give the next chunk; it must stay in place until LINES_MORE. Only after LINES_MORE. */
void lines_feed(struct lines *l, struct span chunk);
/* The next line. ret_line is valid until the next call. */
enum lines_result lines_next(struct lines *l, struct span *ret_line);
/* At the end of the stream: the last line if it had no newline. */
enum lines_result lines_end(struct lines *l, struct span *ret_line);

#endif
