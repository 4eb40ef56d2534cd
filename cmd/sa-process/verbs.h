/* The verbs of sa-process, a function each, and the options that they share. */
#ifndef SA_PROCESS_VERBS_H
#define SA_PROCESS_VERBS_H

#include "base/error.h"
#include "cli/options.h"

#include <stdbool.h>
#include <stdint.h>

struct options {
	struct common_options common;
	/* run, start */
	const char *cwd;
	struct string_list env;
	const char *owner;
	bool is_tty;
	bool is_interactive;
	bool is_attach;
	uint64_t cols;
	uint64_t rows;
	uint64_t memory;
	uint64_t cpu;
	uint64_t pids;
	int64_t timeout_ms;
	uint64_t max_output;
	/* stop, kill */
	int64_t wait_ms;
	bool is_all;
	/* logs */
	bool is_follow;
	bool is_sse;
	const char *since;
	const char *tail;
	const char *stream;
	const char *last_event_id;
	/* input, attach */
	bool is_close;
	const char *detach_key;
	bool is_websocket;
	int preread_fd;
	uint64_t scrollback;
};

typedef int verb_fn(const void *options, int argc, char **argv, struct sa_error *err);

verb_fn verb_start, verb_list, verb_show, verb_rm, verb_stop, verb_kill, verb_logs, verb_input,
    verb_resize, verb_attach, verb_config, verb_run, verb_filter;

/* The one operand, an id; NULL with err when there is none or more. */
const char *verb_one_id(int argc, char **argv, struct sa_error *err);

#endif
