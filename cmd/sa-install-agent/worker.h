/*
 * Children of this process that each compute one text, at the same time: an
 * agent that is asked what it offers takes seconds. A child that dies leaves
 * what it wrote.
 */
#ifndef SA_INSTALL_AGENT_WORKER_H
#define SA_INSTALL_AGENT_WORKER_H

#include "base/buf.h"
#include "base/error.h"

#include <sys/types.h>

enum { WORKER_TEXT_MAX_BYTES = 64 << 20 };

struct worker {
	pid_t pid;
	int fd; /* what it writes; -1: none runs */
	struct buf text;
};
#define WORKER_INIT ((struct worker){.fd = -1, .text = BUF_INIT(WORKER_TEXT_MAX_BYTES)})

/* Fork; fn appends to its buffer in the child, which then writes it. 0, or -1. */
typedef void worker_fn(void *arg, struct buf *text);
int worker_start(struct worker *worker, worker_fn *fn, void *arg, struct sa_error *err);
/* Read once what is there. 1: more to come; 0: that was all. */
int worker_read(struct worker *worker);
/* Close and reap. Whoever watches the descriptor takes the watch off before: other children
 * hold copies of it, so that closing it does not. */
void worker_end(struct worker *worker);
/* Read to the end, and end. */
void worker_finish(struct worker *worker);
/* Kills it if it runs. */
void worker_clear(struct worker *worker);

#endif
