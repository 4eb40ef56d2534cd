/* A session as Markdown, one record after the other. */
#ifndef SA_EVENTS_TRANSCRIPT_H
#define SA_EVENTS_TRANSCRIPT_H

#include "base/buf.h"
#include "view.h"

#include <stdbool.h>

enum transcript_part { PART_NONE, PART_AGENT, PART_THOUGHT, PART_USER };

struct transcript {
	struct buf out;
	enum transcript_part part; /* what the text in run belongs to */
	struct buf run;		   /* chunks joined so far */
};

void transcript_init(struct transcript *t);
void transcript_free(struct transcript *t);
#define cleanup_transcript __attribute__((cleanup(transcript_free)))

void transcript_add(struct transcript *t, const struct view *view);
/* Write out the text that chunks left open. */
void transcript_end(struct transcript *t);

#endif
