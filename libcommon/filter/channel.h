/*
 * Lines both ways, each with a descriptor if need be: over a pair of pipes,
 * or over one unix stream socket that is both ends (then descriptors travel,
 * SCM_RIGHTS). A line that brings a descriptor says so by its top-level
 * member "fd":true; the n-th such line owns the n-th descriptor, which is
 * there no later than the line's first byte.
 */
#ifndef SA_FILTER_CHANNEL_H
#define SA_FILTER_CHANNEL_H

#include "base/buf.h"
#include "base/span.h"
#include "json/lines.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CHANNEL_READ_BYTES = 64 * 1024, /* one read(2) */
	CHANNEL_FDS_MAX = 64,		/* descriptors on the way, each direction */
};

struct channel {
	int in_fd; /* borrowed, both */
	int out_fd;
	bool is_in_socket;
	bool is_out_socket;
	struct lines lines;
	char *chunk; /* what the last read brought */
	int received[CHANNEL_FDS_MAX];
	size_t received_count;
	struct buf out;
	uint64_t out_done; /* bytes that have left since the beginning */
	struct {
		uint64_t at; /* its line's first byte, counted from the beginning */
		int fd;	     /* owned */
	} sending[CHANNEL_FDS_MAX];
	size_t sending_count;
};

/* Both descriptors are borrowed and may be the same one. */
void channel_init(struct channel *c, int in_fd, int out_fd, size_t line_limit_bytes);
/* Closes the descriptors that nobody took. Safe on a zeroed struct. */
void channel_free(struct channel *c);

/* One read(2); only after channel_next() said LINES_MORE. 1: look for lines; 0: end of input;
 * -1 with errno (EAGAIN; EMFILE: more descriptors came than were announced). */
int channel_read(struct channel *c);
/* As lines_next(): valid until the next call. */
enum lines_result channel_next(struct channel *c, struct span *ret_line);
typedef void channel_line_fn(void *arg, struct span line);
/*
 * One read(2), and a call for each line that is not blank; SPAN_NONE: one over the limit. What
 * stands behind a file's or pipe's last newline is a line too; of a socket it is not: whoever
 * wrote it has died over it. 1: more may come; 0: end of input; -1 with errno as above.
 */
int channel_each(struct channel *c, channel_line_fn *fn, void *arg);
/* The descriptor of a line with "fd":true; the caller closes it. -1: none came. */
int channel_take_fd(struct channel *c);

/* Can lines bring descriptors to the other side? */
bool channel_passes_fds(const struct channel *c);
/*
 * Queue one line (the newline is added). fd is taken and closed once it has
 * left; -1: none. 0; -1 and fd closed when it cannot travel: no socket, or
 * CHANNEL_FDS_MAX are waiting.
 */
int channel_add(struct channel *c, struct span line, int fd);
/* Write what is queued. 0: all of it left; 1: the rest waits (EAGAIN); -1 with errno. */
int channel_flush(struct channel *c);

#endif
