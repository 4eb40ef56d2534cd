/*
 * The limits for processes (contract 11.1). Kept in the folder of all
 * processes, so that they hold for every server and command of this user
 * and outlive a restart.
 */
#ifndef SA_PROCESS_CONFIG_H
#define SA_PROCESS_CONFIG_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdint.h>

struct process_config {
	int64_t max_running;
	int64_t default_run_timeout_ms;
	int64_t max_run_timeout_ms;
	int64_t max_output_bytes; /* of a run, each stream */
	int64_t max_log_bytes;	  /* of a managed process */
	int64_t max_input_bytes;  /* of one request */
	int64_t max_exited;	  /* records kept; ours, the contract has six members */
};

/* Most that each member may be, so that no sum of them overflows. */
#define PROCESS_CONFIG_MOST ((int64_t)1 << 40)

void process_config_default(struct process_config *ret);
/* As kept in dir_fd; defaults for what is missing there or cannot be read. */
void process_config_load(int dir_fd, struct process_config *ret);
/* Whoever changes some of it holds this from the load to the save. A descriptor whose close ends
 * it, or -1. */
int process_config_lock(int dir_fd, struct sa_error *err);
/* Replace what is kept. 0, or -1. */
int process_config_save(int dir_fd, const struct process_config *config, struct sa_error *err);
void process_config_add_json(struct buf *b, const struct process_config *config);
/*
 * All six of the contract's members out of an object; max_exited stays as it
 * is in *ret when absent. A default time-out above the greatest is lowered
 * to it. 0, or -1 with PROBLEM_INVALID_REQUEST and *ret untouched.
 */
int process_config_parse(struct span object, struct process_config *ret, struct sa_error *err);

#endif
