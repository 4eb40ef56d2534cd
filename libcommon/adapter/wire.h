/*
 * JSON lines both ways over two descriptors in an event loop: what is
 * written waits in a queue until the other side takes it, what comes is cut
 * into lines. The one who owns the wire pauses its input while somebody
 * else cannot keep up.
 */
#ifndef SA_ADAPTER_WIRE_H
#define SA_ADAPTER_WIRE_H

#include "base/buf.h"
#include "base/span.h"
#include "os/loop.h"
#include "json/lines.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One read, bytes. */
enum { WIRE_READ_BYTES = 64 * 1024 };
/* The longest line by default, bytes: a 64 MiB body and its envelope. */
#define WIRE_LINE_BYTES (LINES_LIMIT_DEFAULT + ((size_t)1 << 20))
/* A queue above this makes its owner stop reading where the lines come from. */
#define WIRE_BUSY_BYTES ((size_t)1 << 20)
/* What a side that never reads may let pile up, bytes, beyond one longest line. */
#define WIRE_QUEUE_BYTES ((size_t)64 << 20)

struct wire_events {
	void (*on_line)(void *arg, struct span line);
	/* A line above the limit was left out; head is its beginning. NULL allowed. */
	void (*on_long)(void *arg, struct span head, uint64_t bytes);
	/* The other side sends nothing more. NULL allowed. */
	void (*on_end)(void *arg);
};

struct wire {
	struct loop *loop;
	struct watch in, out; /* fd -1: closed */
	int out_fd;	      /* when it cannot be watched (a regular file); -1 else */
	bool is_in_file;      /* input is a regular file: always ready */
	bool is_paused;
	bool is_broken; /* nobody takes what is written any more */
	struct lines lines;
	struct buf queue;
	size_t sent; /* how much of queue is written */
	const struct wire_events *events;
	void *arg;
};

/*
 * Take over both descriptors (-1: there is none), make them non-blocking
 * and watch them. events and arg are borrowed. 0, or -1 with errno.
 */
int wire_init(struct wire *wire, struct loop *loop, int in_fd, int out_fd, size_t line_bytes,
	      const struct wire_events *events, void *arg);
/* Close both, forget what is unsent. May be called twice. */
void wire_free(struct wire *wire);

/* Where messages are appended, each with its newline; wire_flush sends them. */
static inline struct buf *wire_queue(struct wire *wire)
{
	return &wire->queue;
}
static inline size_t wire_unsent(const struct wire *wire)
{
	return wire->queue.len - wire->sent;
}
static inline bool wire_is_busy(const struct wire *wire)
{
	return wire_unsent(wire) >= WIRE_BUSY_BYTES;
}
/* Does the other side take so little that nothing more may be queued? */
bool wire_is_stuck(const struct wire *wire);
/* Write what goes without waiting. */
void wire_flush(struct wire *wire);
/* Close the sending side once everything is written. */
void wire_close_out(struct wire *wire);
/* Stop or go on reading. */
void wire_pause(struct wire *wire, bool is_paused);
/* Read once, if it is open: for regular files, and to empty a dead child's pipe. Whether
 * anything came. */
bool wire_read(struct wire *wire);

#endif
