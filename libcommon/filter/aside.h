/*
 * Requests that take long, each in a process of its own (a fork), so that a
 * filter goes on with the others meanwhile. What such a process writes is
 * one answer line, which its filter passes on.
 */
#ifndef SA_FILTER_ASIDE_H
#define SA_FILTER_ASIDE_H

#include "base/span.h"
#include "filter/channel.h"

#include <poll.h>
#include <stddef.h>

enum { ASIDES_MAX = 16 }; /* at once; further ones are done in the filter itself */

struct asides {
	struct aside *list;
	size_t count;
};

/*
 * Fork for a request. In the child: the descriptor for its answer; the
 * filter's own two are closed and what it must not outlive is arranged. In
 * the filter: -1 when the child is at work, -2 when there can be none.
 */
int aside_fork(struct asides *asides, struct channel *c, struct span ref);
/* The descriptors to poll(2) for, ASIDES_MAX at most; how many there are. */
size_t asides_poll(const struct asides *asides, struct pollfd *ret);
/* Take what has come; answers that are whole are queued. poll is as asides_poll() filled it. */
void asides_take(struct asides *asides, struct channel *c, const struct pollfd *polled,
		 size_t count);

#endif
