/*
 * A connection to the supervisor of a managed process (sa-keep). Ops are
 * JSON lines, answered in order by {"type":"done"} or
 * {"type":"problem","kind","detail"}:
 *
 *   {"op":"input","bytes":N}   N raw bytes follow the line; "done" once the
 *                              supervisor has taken them, which waits for a
 *                              process that does not read
 *   {"op":"close"}             end of input (a terminal: its end-of-file key)
 *   {"op":"resize","cols":C,"rows":R}
 *   {"op":"stop"}              SIGTERM (a terminal: SIGHUP too)
 *   {"op":"kill"}              SIGKILL for the whole tree
 *   {"op":"watch"}             {"type":"watching"}, which brings the
 *                              terminal's descriptor when it has one, to be
 *                              written to and resized. Then an empty line
 *                              each time the log has grown.
 *   {"op":"at","offset":N}     a watcher has dealt with N bytes of output;
 *                              not answered. The process waits for watchers
 *                              that move.
 *
 * The connection ends when the process has ended and its record says so.
 */
#ifndef SA_PROCESS_LINK_H
#define SA_PROCESS_LINK_H

#include "base/error.h"
#include "base/span.h"
#include "process/folder.h"
#include "json/lines.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	PROCESS_INPUT_BYTES = 64 * 1024, /* most of one input op */
	/* A watcher reports its position about this often. */
	PROCESS_REPORT_BYTES = 32 * 1024,
	PROCESS_LINK_LINE_BYTES = 16 * 1024,
};

/* A blocking descriptor; PROBLEM_CONFLICT when nobody is there: it has ended. */
int process_link_open(const struct folder *folder, const char *id, struct sa_error *err);
/* Write an op (with its newline) or an input's bytes. 0; -1 with errno when it has ended: that is no
 * SIGPIPE. */
int process_link_send(int fd, struct span data);
/* What an answer says: 0 for "done" and "watching", -1 for a problem. */
int process_link_judge(struct span line, struct sa_error *err);
/*
 * One op over a connection of its own, waiting for its answer until
 * deadline (monotonic). data follows an input's line. 0; -1 with what it
 * said, PROBLEM_TIMEOUT, or PROBLEM_CONFLICT when the process ended.
 */
int process_link_call(const struct folder *folder, const char *id, const char *op, struct span data,
		      int64_t deadline, struct sa_error *err);
/* Wait until the connection ends. 1; 0 when the deadline came first; -1. */
int process_link_wait_end(int fd, int64_t deadline);
/*
 * Ask to watch over fd and wait for the answer. ret_terminal: the
 * descriptor (caller closes), or -1. 0, or -1.
 */
int process_link_watch(int fd, int *ret_terminal, struct sa_error *err);
/* Take the empty lines that have come. 1: some; 0: the end; -1 with errno (EAGAIN: none). */
int process_link_take_wakes(int fd);
/* Tell how far a watcher is. */
void process_link_report(int fd, uint64_t offset);

#endif
