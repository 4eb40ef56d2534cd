/*
 * The verb filter: requests of many clients at once, out of sa-serve or a
 * pipe (libcommon/filter/filter.h), none of which may wait for another.
 *
 *   line -> job (one request) -> peer (one agent connection) -> supervisor
 *        <- answer            <- typed line of the supervisor
 *
 * Nothing here outlives the process: sessions belong to their supervisors.
 */
#ifndef SA_SESSION_BROKER_H
#define SA_SESSION_BROKER_H

#include "agent/launch.h"
#include "base/buf.h"
#include "base/error.h"
#include "filter/channel.h"
#include "filter/filter.h"
#include "json/lines.h"
#include "os/loop.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	LINK_READ_BYTES = 64 * 1024,
	LINK_QUEUE_BYTES = 256 << 20, /* waiting for one supervisor; above: 504 */
	JOBS_MAX = 8192,	      /* requests in work at once; above: 409 */
	ACCEPT_MS = 30000, /* a message that the agent does not take for so long is told as stalled */
	CHECK_MS = 250,	   /* how exact deadlines are */
	STOP_GRACE_MS = 1500, /* from SIGTERM to SIGKILL when a client closes a server */
};

struct broker;
struct peer;
struct job;
struct key; /* key.h */

/* A line of the supervisor about a job. type: "answer", "accepted", ... */
struct peer_line {
	struct span type; /* JSON values */
	struct span ref;
	struct span event_index;
	struct span session_id;
	struct span payload;
	struct span kind;
	struct span detail;
	struct span life;
	struct span prompt_id;
};
typedef void job_fn(struct job *job);
typedef void job_line_fn(struct job *job, const struct peer_line *line);

struct job {
	struct broker *broker;
	struct job *prev, *next; /* of all */
	char *ref;		 /* JSON; NULL: nobody wants the answer */
	struct key *key;	 /* the client's own connection, adopted; or NULL */

	job_fn *begin; /* from the beginning (again): which peer? */
	job_fn *send;  /* the peer is linked: say it */
	job_line_fn *on_line;

	char *server_id;
	char *agent;	  /* NULL: not named */
	char *session_id; /* of REST jobs, ours */
	char *text;	  /* whatever the job keeps; freed with it */
	char *meta;	  /* REST: "_meta" for the agent and the record, JSON; or NULL */
	struct buf body;
	bool is_first;	  /* the message may start an agent that has ended */
	bool is_request;  /* an answer is waited for, not only its acceptance */
	bool is_end_wanted; /* the end of the connection is what it waits for */
	const char *when; /* REST: what happens to a prompt while a turn runs; static */
	bool is_waited;	  /* REST: wait for the end of the turn */
	int64_t since;	  /* REST: eventIndex of the prompt */
	bool is_read;	  /* REST: the result is in text already */

	struct peer *peer;
	int64_t peer_ref;	/* of the op that it waits for; 0: none */
	struct job *next_queued; /* in one of the peer's queues */
	int64_t accept_by;	/* monotonic; DEADLINE_NEVER */
	int64_t answer_by;
	int64_t answer_ms;	/* how long that was when it began */
	bool is_making;		/* the peer is of no use without the session that this makes */
};

struct job_queue {
	struct job *first, **end;
};

enum peer_state {
	PEER_INSTALLING,
	PEER_LAUNCHING,
	PEER_LINKED,
	PEER_ENDING, /* stopped, or its agent is dead: jobs wait for what comes after */
	PEER_GONE,   /* freed at the end of the iteration */
};

struct peer {
	struct broker *broker;
	struct peer *next;
	enum peer_state state;
	char *id;
	char *agent;
	char *settings; /* what it is started with: terms.h; NULL: nothing */
	struct server server;
	bool is_ours; /* ends with us in order */

	struct launching launching;
	pid_t pid; /* of the supervisor (when we started it) or the installer */
	struct watch ready;
	struct buf install_words;

	struct watch link;
	struct lines lines;
	struct buf out;
	int64_t next_ref;

	struct job_queue waiting; /* for the link */
	struct job_queue after;	  /* for its end */
};

struct broker {
	struct channel channel;
	struct loop loop;
	struct watch input;
	struct watch signals;
	bool is_input_ready; /* a file: epoll knows nothing of it */
	bool is_ended;	     /* no more input */
	bool is_orphan;	     /* the front is gone: only adopted jobs matter */
	struct store *store;
	struct peer *peers;
	struct job *jobs;
	size_t job_count;
	size_t key_count;
	int64_t request_ms; /* SANDBOX_AGENT_ACP_REQUEST_TIMEOUT_MS; 0: no limit */
	int64_t check_at;
	char *link_buffer;
	pid_t *children; /* supervisors that we started, to be reaped */
	size_t child_count;
	int64_t starts;	    /* agents started by us, */
	int64_t restarts;   /* those among them whose server had run before */
	char *shutdown_ref; /* JSON: whom to tell when all is over */
};

/* job.c */
/* NULL with err at JOBS_MAX. */
struct job *job_new(struct broker *broker, const struct filter_request *request,
		    struct sa_error *err);
void job_free(struct job *job);
/* By ref (JSON). NULL when there is none. */
struct job *job_find(struct broker *broker, struct span ref);
/* From now on the agent has so long for an answer; 0: as long as it takes. */
void job_answer_within(struct job *job, int64_t ms);
/* Each ends the job. result NONE: none. */
void job_answer(struct job *job, int status, struct span result);
void job_fail(struct job *job, const struct sa_error *err);
/* extensions: JSON members, or NONE. */
void job_fail_with(struct job *job, const struct sa_error *err, struct span extensions);
void job_queue_init(struct job_queue *queue);
void job_queue_add(struct job_queue *queue, struct job *job);
struct job *job_queue_take(struct job_queue *queue);
void job_queue_remove(struct job_queue *queue, struct job *job);

#endif
