/*
 * What agents write, for a terminal: Markdown's headings, fences, code and
 * bold in colour, words wrapped at the width. Text comes in pieces cut
 * anywhere; nothing is held back but marks whose end has not come yet.
 */
#ifndef SA_EVENTS_PROSE_H
#define SA_EVENTS_PROSE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct prose {
	size_t width; /* columns; 0: nothing is wrapped */
	bool has_color;
	const char *base; /* the colour of the text around the marks; "" is none */

	size_t column;
	size_t word_at; /* in out: where the last word begins, while it may still be moved */
	bool is_word_open;
	char mark; /* of a run that may go on: '#', '`', '*'; 0: none */
	size_t mark_count;
	bool is_line_start;
	bool is_heading, is_code, is_bold, is_fence;
	bool is_fence_line; /* the rest of the line that opens or ends a fence */
};

/* Begin a text. */
void prose_begin(struct prose *p, const char *base);
/* Append one piece; control characters are made harmless. */
void prose_add(struct prose *p, struct buf *out, struct span text);
/* What was held back; colours that are open end. */
void prose_end(struct prose *p, struct buf *out);

/* Columns that a character takes: 0, 1 or 2. */
size_t prose_columns(uint32_t code_point);

#endif
