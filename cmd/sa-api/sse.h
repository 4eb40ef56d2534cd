/* Reading server-sent events (WHATWG HTML 9.2.6). */
#ifndef SA_SSE_H
#define SA_SSE_H

#include "base/buf.h"
#include "json/lines.h"

#include <stdbool.h>

struct sse_event {
	struct span name; /* "message" when the frame has none */
	struct span id;	  /* SPAN_NONE: none */
	struct span data; /* lines joined with newlines */
};

/* 0 to go on. */
typedef int sse_event_fn(void *arg, const struct sse_event *event);

struct sse_reader {
	struct lines lines;
	struct buf name;
	struct buf id;
	struct buf data;
	bool has_id;
	bool has_data;
	sse_event_fn *fn;
	void *arg;
};

void sse_init(struct sse_reader *reader, sse_event_fn *fn, void *arg);
void sse_free(struct sse_reader *reader);
/* Take the next bytes. 0; what fn returned when that is not 0; -1 when an event is too large. */
int sse_feed(struct sse_reader *reader, struct span data);

#endif
