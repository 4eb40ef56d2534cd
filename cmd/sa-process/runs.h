/*
 * Commands that are run to their end (contract 11.2): no terminal, empty
 * standard input, output kept up to a limit. A run ends with all that it
 * started: when the command ends, at its time-out, or when it is cancelled.
 */
#ifndef SA_PROCESS_RUNS_H
#define SA_PROCESS_RUNS_H

#include "base/buf.h"
#include "base/error.h"
#include "nest.h"
#include "os/loop.h"
#include "spec.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RUNS_MAX = 1024,	    /* at once */
	RUN_READ_BYTES = 64 * 1024, /* read of one stream before others have their turn */
	RUN_DRAIN_MS = 200,	    /* somebody else may hold its pipes */
	RUN_KILL_MS = 5000,	    /* from its time-out to giving up on it */
};

struct run;
/* A run is over: failed NULL, and the result is in it; else it never began. It is freed after. */
typedef void run_done_fn(struct run *run, const struct sa_error *failed);

struct run_stream {
	struct run *run;
	struct watch watch;
	struct buf kept; /* its ceiling is the limit */
	bool is_cut;
};

struct run {
	struct runs *runs;
	struct run *next;
	uint32_t serial;
	struct run_stream out, err;
	int64_t started_ms; /* monotonic */
	int64_t deadline;   /* time-out, then patience */
	int64_t ended_ms;
	bool is_timed_out;
	bool is_cancelled;
	bool is_ended; /* status is known; its pipes may not be empty yet */
	int status;
	run_done_fn *done;
	void *arg; /* the caller's */
};

struct runs {
	struct loop *loop; /* borrowed */
	struct nest nest;
	struct watch watch; /* of the nest */
	struct run *list;
	size_t count;
	uint32_t next_serial;
};

/* Forks the nest: do it before much is in memory. 0, or -1. */
int runs_init(struct runs *runs, struct loop *loop, struct sa_error *err);
/* Ends what still runs. */
void runs_free(struct runs *runs);

/* timeout_ms 0: none. done is called from the loop. NULL with err when it cannot begin. */
struct run *runs_start(struct runs *runs, const struct spec *spec, int64_t timeout_ms,
		       uint64_t max_output_bytes, run_done_fn *done, void *arg,
		       struct sa_error *err);
/* End it; done is called as ever, with is_cancelled. */
void run_cancel(struct run *run);
/* The next moment runs_tick() has something to do (monotonic). */
int64_t runs_next_deadline(const struct runs *runs);
void runs_tick(struct runs *runs);

/* The contract's result object. */
void run_add_json(struct buf *b, const struct run *run);

#endif
