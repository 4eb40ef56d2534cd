/* An event record line taken apart; everything is borrowed from the line. */
#ifndef SA_EVENTS_VIEW_H
#define SA_EVENTS_VIEW_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct view {
	struct span line;    /* without newline */
	int64_t index;	     /* eventIndex */
	int64_t stream_index; /* 0: a client's */
	struct span id;	     /* the rest are JSON values */
	struct span session; /* sessionId */
	struct span sender;
	struct span answers;
	struct span payload;
	bool is_inside_known; /* view_look_inside() has filled what follows */
	struct span method;   /* of the payload */
	struct span update;   /* params.update of session/update */
	struct span kind;     /* its sessionUpdate */
};

/* line: without its newline. */
void view_read(struct span line, struct view *ret);
/* Fill method, update, kind: that takes a walk through the payload. */
void view_look_inside(struct view *view);
/* A session/prompt request; the answer to one. */
bool view_is_prompt(struct view *view);
bool view_is_turn_end(const struct view *view);

#endif
