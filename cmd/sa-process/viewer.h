/*
 * One who looks at a process: its log from some point on, what comes next,
 * and when it has ended. For terminals: the scrollback, and the way in.
 */
#ifndef SA_PROCESS_VIEWER_H
#define SA_PROCESS_VIEWER_H

#include "base/buf.h"
#include "base/error.h"
#include "process/folder.h"
#include "process/log.h"
#include "query.h"
#include "replay.h"

#include <stdbool.h>
#include <stdint.h>

struct viewer {
	struct folder *folder; /* borrowed */
	int dir_fd;
	int link_fd;	 /* wakes us (POLLIN); -1: the process has ended */
	int terminal_fd; /* for input, non-blocking; -1: none */
	struct query_run run;
	uint64_t reported; /* offset that the supervisor knows of */
	struct replay replay;
	bool is_replaying;
	uint64_t lost_told;
};
#define VIEWER_INIT ((struct viewer){.dir_fd = -1, .link_fd = -1, .terminal_fd = -1})

/*
 * Look at process (its record), beginning as query says. scrollback_bytes:
 * old output is for a terminal, at most so much of it, and asks it nothing
 * (replay.h); 0: the entries as they are. 0, or -1.
 */
int viewer_open(struct viewer *v, struct folder *folder, const struct process *process,
		const struct log_query *query, uint64_t scrollback_bytes, struct sa_error *err);
void viewer_close(struct viewer *v);
#define cleanup_viewer __attribute__((cleanup(viewer_close)))

/* link_fd is readable: are there wakes, or is it the end? */
void viewer_take_wakes(struct viewer *v);
/* The next entry; 1, 0: no more for now (with link_fd -1: no more at all), -1. */
int viewer_next(struct viewer *v, struct log_entry *ret, struct sa_error *err);
/* The same as bytes, as many as there are, about max of them: 1 when something was appended. */
int viewer_read(struct viewer *v, struct buf *out, size_t max, struct sa_error *err);
/* All that was handed out has been dealt with: tell the supervisor, now and then. */
void viewer_report(struct viewer *v);
/* Bytes that were dropped before we came to them, since the last call. */
uint64_t viewer_lost(struct viewer *v);

#endif
