/* Records as words for people. */
#ifndef SA_EVENTS_RENDER_H
#define SA_EVENTS_RENDER_H

#include "base/buf.h"
#include "options_of.h"
#include "prose.h"
#include "view.h"

#include <stdbool.h>

enum render_stream { STREAM_NONE, STREAM_MESSAGE, STREAM_THOUGHT, STREAM_USER };

struct render {
	const struct options *options; /* width, is_interactive */
	bool has_color;
	struct prose prose;
	enum render_stream stream; /* what the open line belongs to */
	char *session;		   /* sessionId of the record before, as JSON */
};

void render_init(struct render *render, const struct options *options);
void render_free(struct render *render);
void render_add(struct render *render, struct buf *out, struct view *view);
/* End the line that chunks left open. */
void render_end(struct render *render, struct buf *out);

#endif
