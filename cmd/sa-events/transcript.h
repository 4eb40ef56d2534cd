/* A session as Markdown, one record after the other. */
#ifndef SA_EVENTS_TRANSCRIPT_H
#define SA_EVENTS_TRANSCRIPT_H

#include "base/buf.h"
#include "view.h"

#include <stdbool.h>

enum transcript_part { PART_NONE, PART_AGENT, PART_THOUGHT, PART_USER };

/* However long a session is, no more of it is held than one record's words. */
struct transcript {
	struct buf out;
	enum transcript_part part; /* what the text that is under way belongs to */
	bool is_line_open;	   /* its last line has no end yet */
};

void transcript_init(struct transcript *t);
void transcript_free(struct transcript *t);
#define cleanup_transcript __attribute__((cleanup(transcript_free)))

/* Append to out, which the caller empties as it likes. */
void transcript_add(struct transcript *t, struct view *view);
/* End the text that chunks left open. */
void transcript_end(struct transcript *t);

#endif
