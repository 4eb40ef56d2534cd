/* An event record line taken apart; everything is borrowed from the line. */
#ifndef SA_EVENTS_VIEW_H
#define SA_EVENTS_VIEW_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct view {
	struct span line;    /* without newline */
	int64_t index;	     /* eventIndex */
	struct span id;	     /* the rest are JSON values */
	struct span session; /* sessionId */
	struct span sender;
	struct span answers;
	struct span payload;
	struct span method; /* of the payload */
	struct span update; /* params.update of session/update */
	struct span kind;   /* its sessionUpdate */
};

void view_read(struct span line, struct view *ret);
/* A session/prompt request; the answer to one. */
bool view_is_prompt(const struct view *view);
bool view_is_turn_end(const struct view *view);

#endif
