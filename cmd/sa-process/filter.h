/*
 * sa-process as a filter behind the HTTP front: requests in, answers out
 * (libcommon/filter/filter.h). What can be answered at once is in
 * filter_records.c; what takes time - a run, a start, input that is not
 * read, waiting for an end - goes on in the loop: filter_jobs.c.
 */
#ifndef SA_PROCESS_FILTER_H
#define SA_PROCESS_FILTER_H

#include "base/error.h"
#include "filter/filter.h"
#include "os/loop.h"
#include "process/folder.h"
#include "runs.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	FILTER_JOBS_MAX = 4096,		  /* requests under way */
	FILTER_OUT_PAUSE_BYTES = 4 << 20, /* above, requests wait until answers are read */
	INLINE_LOG_BYTES = 256 * 1024,	  /* larger logs travel as a file */
	STOP_WAIT_MS = 2000,		  /* for the end, when the request does not say */
	WAIT_MOST_MS = 600000,
	INPUT_WAIT_MS = 10000, /* for a process to take its input */
	SHUTDOWN_STOP_MS = 700,
	SHUTDOWN_KILL_MS = 2000,
};

struct job;

struct filter {
	struct loop loop;
	struct channel channel;
	struct watch in;
	struct watch out; /* unless it is the same descriptor */
	struct watch signals;
	struct folder folder;
	struct runs runs;
	struct job *jobs;
	size_t job_count; /* and runs */
	bool has_ended;	  /* no more input */
	bool is_gone;	  /* nobody reads the answers */
};

int filter_main(struct sa_error *err);

/* Queue a problem with the contract's extensions; id: of the process it is about, or NULL. */
void filter_problem(struct filter *f, struct span ref, const struct sa_error *err, const char *id);
void filter_result(struct filter *f, struct span ref, struct span result);
void filter_record(struct filter *f, struct span ref, const struct process *process);

/* Operations of filter_jobs.c: 0 when the answer follows later or is queued; -1 with err. */
typedef int job_fn(struct filter *f, const struct filter_request *request, struct sa_error *err);
job_fn job_run, job_start, job_stop, job_kill, job_input, job_resize;
/* The client of that request is gone. */
void jobs_cancel(struct filter *f, struct span ref);
int64_t jobs_next_deadline(const struct filter *f);
void jobs_tick(struct filter *f);
void jobs_free(struct filter *f);

/* Operations of filter_records.c. */
job_fn record_list, record_show, record_delete, record_logs, record_follow, record_attach,
    config_get, config_set;
/* End what this filter, or one that is dead, was asked to start. */
void filter_shutdown(struct filter *f);

#endif
