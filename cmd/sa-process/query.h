/* Which entries of a log are wanted (contract 11.4), and how one is shown. */
#ifndef SA_PROCESS_QUERY_H
#define SA_PROCESS_QUERY_H

#include "base/buf.h"
#include "base/error.h"
#include "process/log.h"
#include "process/record.h"

#include <stdbool.h>
#include <stdint.h>

struct log_query {
	uint64_t since;		/* entries after this number */
	int64_t tail;		/* the last so many of those there are; -1: all */
	enum log_stream stream; /* 0: any */
};

/*
 * A stream's name for this process: "stdout", "stderr", "pty", "combined";
 * NULL: "pty" for a terminal, else "combined". ret_label: the name that it
 * stands for. 0, or -1 with PROBLEM_INVALID_REQUEST.
 */
int query_stream(const char *name, bool is_tty, enum log_stream *ret, const char **ret_label,
		 struct sa_error *err);

struct query_run {
	struct log_query query;
	struct log_reader reader;
	uint64_t limit_bytes;
	struct log_end end; /* of the log when we began */
	uint64_t skip;	    /* matching entries before the tail */
};
/* dir_fd is borrowed; limit_bytes is the log's. 0, or -1. */
int query_open(struct query_run *run, int dir_fd, uint64_t limit_bytes,
	       const struct log_query *query, struct sa_error *err);
void query_close(struct query_run *run);
#define cleanup_query __attribute__((cleanup(query_close)))
/*
 * The next entry that is wanted: first those that were there when the query
 * was opened, then what has come since. 1; 0: no more for now; -1.
 */
int query_next(struct query_run *run, struct log_entry *ret, struct sa_error *err);
/* The same, only of those that were there. */
int query_next_old(struct query_run *run, struct log_entry *ret, struct sa_error *err);

/* {"sequence","stream","timestampMs","data","encoding":"base64"} */
void query_add_entry(struct buf *b, const struct log_entry *entry);

#endif
