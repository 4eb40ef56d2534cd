/* What a terminal's client says in text frames (contract 11.5). */
#ifndef SA_PROCESS_FRAMES_H
#define SA_PROCESS_FRAMES_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stddef.h>

enum frame_kind {
	FRAME_INPUT,
	FRAME_RESIZE,
	FRAME_CLOSE,
};

struct frame {
	enum frame_kind kind;
	struct buf input; /* of FRAME_INPUT; its ceiling is the caller's */
	int cols, rows;	  /* of FRAME_RESIZE */
};

/* Understand one frame. ret->input is empty on entry. 0, or -1 with what is wrong with it. */
int frame_parse(struct span text, struct frame *ret, struct sa_error *err);

/*
 * Text that stands for bytes: encoding "base64", "utf8" or "text"
 * (SPAN_NONE: fallback). Appended to b; 0; -1 with
 * PROBLEM_INVALID_REQUEST, or PROBLEM_TOO_LARGE at b's ceiling.
 */
int frame_decode(struct span data, struct span encoding, const char *fallback, struct buf *b,
		 struct sa_error *err);

#endif
