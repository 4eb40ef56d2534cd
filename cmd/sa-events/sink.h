/* Where records go: filtered, as lines or words, to standard output. */
#ifndef SA_EVENTS_SINK_H
#define SA_EVENTS_SINK_H

#include "base/buf.h"
#include "base/error.h"
#include "filter.h"
#include "render.h"
#include "view.h"

#include <stdbool.h>

/* Enough for one write. */
enum { SINK_FULL_BYTES = 256 * 1024 };

struct sink {
	struct filter filter;
	struct render render;
	struct questions *questions; /* NULL: not interactive */
	struct buf out;
	bool is_text;
	bool is_gone; /* nobody reads standard output any more */
};

/* options (borrowed) must outlive it. */
int sink_init(struct sink *sink, const struct options *options, struct sa_error *err);
void sink_free(struct sink *sink);
#define cleanup_sink __attribute__((cleanup(sink_free)))

void sink_add(struct sink *sink, struct view *view);
/* 0; -1 when it could not be written (is_gone: the reader left). */
int sink_flush(struct sink *sink, struct sa_error *err);

#endif
