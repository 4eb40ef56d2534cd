/*
 * The supervisor of one managed process: owns its whole tree (through a
 * guard, os/guard.h), its pipes or its terminal, and its log. One process,
 * one thread; whatever a peer can grow has a limit below.
 *
 * Output goes from the child into the log, and only then is anybody told
 * that there is more to read: viewers read the log, at their own pace.
 * Input comes over the socket (process/link.h), or from viewers of a
 * terminal straight into its descriptor.
 */
#ifndef SA_KEEP_KEEPER_H
#define SA_KEEP_KEEPER_H

#include "base/buf.h"
#include "base/error.h"
#include "os/loop.h"
#include "os/ward.h"
#include "process/folder.h"
#include "process/log.h"
#include "process/record.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PUMP_BYTES = 64 * 1024,		/* read of the child before others have their turn */
	INPUT_QUEUE_BYTES = 256 * 1024, /* waiting for the child's stdin; above, senders wait */
	CLIENTS_MAX = 256,
	CLIENT_LINE_BYTES = 4 * 1024, /* longest op */
	WATCH_LAG_LEAST = 128 * 1024, /* a watcher may always be this far behind */
	WATCH_PATIENCE_MS = 5000, /* a watcher that stands still for so long is not waited for */
	STOP_GRACE_MS = 3000,	  /* when the supervisor itself is told to end */
	DISK_RETRY_MS = 250,
	DISK_PATIENCE_MS = 5000, /* at the end, for the last output on a full disk */
	TERMINAL_COLS = 80,
	TERMINAL_ROWS = 24,
};

struct keeper_options {
	char **argv; /* of the child */
	const char *cwd;
	bool is_tty;
	bool is_interactive;
	int cols, rows;
	enum process_owner owner;
	struct process_limits limits;
	pid_t starter; /* 0: none */
	int ready_fd;  /* -1: none */
	int bound_fd;
};

/* The life of the process; the table that runs it is in life.c. */
enum life_state {
	LIFE_STARTING, /* the guard was told to start the child */
	LIFE_RUNNING,
	LIFE_CLEARING, /* the child is dead: what it left behind is being ended */
	LIFE_OVER,
	LIFE_STATE_COUNT,
};

struct client;

struct keeper {
	const struct keeper_options *options;
	struct folder folder;
	int dir_fd;
	struct process process; /* the record */
	struct loop loop;
	struct sa_error *problem; /* why there is no process, when nobody else is told */
	int ready_fd;

	/* life */
	enum life_state life;
	int64_t life_deadline; /* monotonic */
	bool is_stopping;
	struct ward ward;
	struct watch bound;

	/* child */
	struct watch out; /* stdout, or the terminal */
	struct watch err;
	struct watch in;
	/* Our side of the terminal, open for as long as we live: its hang-up would end a process
	 * that has closed its own side and is about to exit. -1: none. */
	int terminal_fd;
	struct buf to_child;
	bool is_input_ending; /* closed once it has drained */
	bool has_more;	      /* of output, beyond what one turn takes */

	/* log */
	struct log_writer log;
	bool is_disk_full;
	bool is_grown; /* watchers are to be told */
	bool is_held;  /* watchers are too far behind */

	/* clients */
	struct watch listener;
	struct client *clients;
	size_t client_count;
	bool is_moving; /* clients_input_moved() is at work */
};

/* Run until the process is over. Exit status, or -1 with err. */
int keeper_run(const struct keeper_options *options, struct sa_error *err);
/* One line on the readiness descriptor: the record, or the problem. Only the first counts. */
void keeper_tell_ready(struct keeper *k, const struct sa_error *problem);

#endif
