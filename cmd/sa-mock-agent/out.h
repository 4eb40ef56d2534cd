/*
 * Standard output as a queue: lines are written into it and go out when the
 * reader takes them, so that the agent never blocks on a full pipe and goes
 * on reading its input.
 */
#ifndef MOCK_OUT_H
#define MOCK_OUT_H

#include "base/buf.h"

#include <stdint.h>

/* Above this much unsent output, turns pause. */
#define OUT_BUSY_BYTES ((size_t)128 << 10)
/* Above this much, the agent reads no more input until the reader catches up. */
#define OUT_PAUSE_INPUT_BYTES ((size_t)8 << 20)

struct out {
	int fd;
	int old_flags;	     /* of fd, put back at the end; -1 when unknown */
	struct buf queue;    /* whole lines; json/write writes straight into it */
	size_t sent;	     /* bytes of queue that are gone already */
	bool is_broken;	     /* nobody reads any more; output is dropped */
	bool is_split;	     /* write odd pieces with pauses in between */
	unsigned piece;	     /* which piece size comes next */
	int64_t pause_until; /* deadline before the next piece, or 0 */
};

void out_init(struct out *out, int fd); /* makes fd non-blocking */
void out_free(struct out *out);		/* puts the flags of fd back */
size_t out_unsent(const struct out *out);
static inline bool out_is_busy(const struct out *out)
{
	return out_unsent(out) >= OUT_BUSY_BYTES;
}
/* Write what the reader takes now. 0, or -1 when the reader has gone (once). */
int out_flush(struct out *out);
/* Wait until everything is written, or the reader has taken nothing for ms. */
void out_drain(struct out *out, int64_t ms);
/* Does out want to hear of POLLOUT, and if it pauses, until when? */
bool out_wants_poll(const struct out *out, int64_t *ret_pause_until);

#endif
