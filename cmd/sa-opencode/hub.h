/*
 * The verb filter: OpenCode's requests as lines in, its answers as lines out
 * (libcommon/filter/filter.h). What is only read comes out of the store; what
 * is done to agents is asked of other commands, which are kept running too:
 *
 *   sa-serve -> hub -> job -> ops_*.c -> store | sa-session filter | sa-install-agent filter
 *
 * Errors have OpenCode's shape: {"errors":[{"message":TEXT}]}.
 */
#ifndef SA_OPENCODE_HUB_H
#define SA_OPENCODE_HUB_H

#include "base/buf.h"
#include "base/error.h"
#include "filter/channel.h"
#include "filter/filter.h"
#include "os/loop.h"
#include "store/store.h"
#include "watch.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	HUB_JOBS_MAX = 4096,	 /* requests in work at once; above: 503 */
	HUB_LOOK_MS = 250,	 /* how often a store that cannot be watched is looked at */
	HUB_LINK_MS = 5000,	 /* for a supervisor to take a title */
	HUB_WORDS_BYTES = 16384, /* of what a program that was run says on its standard error */
};

struct hub;
struct job;

enum backend_kind { BACKEND_SESSIONS, BACKEND_AGENTS, BACKEND_COUNT };

/* What another command has answered. */
struct backend_answer {
	int status;
	struct span result;  /* JSON, or NONE */
	struct span problem; /* likewise; or NONE */
};
typedef void job_answer_fn(struct job *job, const struct backend_answer *answer);
/* A program that was run has ended; words: its standard error. */
typedef void job_end_fn(struct job *job, bool is_ok, struct span words);

/* A message on its way to an agent: prompt.c. */
struct prompt_plan {
	char *session_id;
	char *message_id;
	char *directory;
	char *provider_id;
	char *model_id;
	struct buf blocks; /* ACP content blocks */
	struct buf meta;
	bool is_async;
	bool has_tried; /* to bring the agent back */
	bool is_sent;
};

struct job {
	struct hub *hub;
	struct job *prev, *next;
	char *line;		       /* the request's bytes */
	struct filter_request request; /* spans into it */
	bool is_answered;	       /* freed once nothing is outstanding */
	int64_t backend_ref;	       /* of the question that it waits for; 0: none */
	job_answer_fn *on_answer;
	pid_t pid; /* of a program that it waits for; 0: none */
	int words_fd;
	job_end_fn *on_end;
	struct prompt_plan *plan;
};

struct backend {
	struct hub *hub;
	const char *command;
	int fd; /* -1: not running */
	struct watch watch;
	struct channel channel;
	pid_t pid;
};

struct hub {
	struct channel channel;
	struct loop loop;
	struct watch input;
	struct watch signals;
	struct watch changes; /* of the store */
	struct hearing hearing;
	struct store *store;
	struct backend backends[BACKEND_COUNT];
	int64_t look_at; /* monotonic: once more after a change */
	int64_t next_ref;
	struct job *jobs;
	size_t job_count;
	bool is_input_ready; /* a file: epoll knows nothing of it */
	bool is_ended;
	bool is_gone; /* who asked is not there any more */
};

/* The verb. */
int hub_run(const void *options, int argc, char **argv, struct sa_error *err);

/* Each answers the job; it lives on until nothing is outstanding. */
void job_reply(struct job *job, int status, struct span result);
void job_reply_true(struct job *job);
void job_refuse(struct job *job, int status, const char *message);
void job_fail(struct job *job, const struct sa_error *err);
void job_fail_answer(struct job *job, const struct backend_answer *answer);

/* backend.c */
/* Ask another command; params and body are JSON, NONE allowed. Then on_answer, once. */
void backend_ask(struct job *job, enum backend_kind kind, const char *op, struct span params,
		 struct span body, job_answer_fn *on_answer);
/* Run a program to its end, its output thrown away. Then on_end, once. */
void backend_run(struct job *job, const char *const *words, job_end_fn *on_end);
/* SIGCHLD */
void backend_reap(struct hub *hub);
/* Flush what is queued. */
void backends_settle(struct hub *hub);
/* End of input for all of them. */
void backends_close(struct hub *hub);

#endif
