/*
 * What is known of one managed process: the record that clients see
 * (contract 11.3) and what its supervisor and its readers keep beside it in
 * the folder's status file.
 */
#ifndef SA_PROCESS_RECORD_H
#define SA_PROCESS_RECORD_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "os/procid.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum process_owner {
	OWNER_USER,
	OWNER_AGENT,
	OWNER_DESKTOP,
	OWNER_SYSTEM,
	OWNER_COUNT,
};

/* Where cgroup v2 is writable; 0: none. */
struct process_limits {
	uint64_t memory_bytes;
	uint64_t cpu_percent; /* of one processor: 150 is one and a half */
	uint64_t pids;
};

struct process {
	char *id;
	char *command;
	char *args_json; /* array of strings */
	char *cwd;	 /* as it was asked for; NULL: not asked for */
	bool is_tty;
	bool is_interactive;
	enum process_owner owner;
	bool is_exited;
	bool has_exit_code; /* exited, and not by a signal */
	int exit_code;
	int end_signal; /* that ended it; 0: none */
	pid_t pid;
	int64_t created_ms;
	int64_t exited_ms;
	struct process_limits limits;

	/* For us only. */
	struct procid keeper;  /* its supervisor */
	struct procid starter; /* the filter that wanted it; pid 0: a person or an agent */
	char boot_id[BOOT_ID_BYTES];
	char *tag;    /* value of PROCESS_TAG in the tree's environment */
	char *cgroup; /* NULL: none */
	uint64_t log_limit_bytes;
};

/* The environment of everything that a managed process starts has this. */
#define PROCESS_TAG "SANDBOX_AGENT_PROCESS_UID"

void process_clear(struct process *process);
#define cleanup_process __attribute__((cleanup(process_clear)))

const char *process_owner_name(enum process_owner owner);
/* 0, or -1 when nobody is called that. */
int process_owner_parse(struct span name, enum process_owner *ret);
/* "SIGKILL"; "SIG64" for one without a name. The text is valid until the next call. */
const char *process_signal_name(int number);

/* The JSON object that clients see. */
void process_add_json(struct buf *b, const struct process *process);
/* The same with what is for us only: one line for the status file. */
void process_add_status(struct buf *b, const struct process *process);
/* Read a status file's text. 0, or -1 when it is none. */
int process_parse_status(struct span text, struct process *ret, struct sa_error *err);

/* Does its supervisor live? */
bool process_is_kept(const struct process *process);

#endif
