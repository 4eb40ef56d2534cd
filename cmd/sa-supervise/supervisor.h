/*
 * The state that the supervisor's parts share. One process, one thread, one
 * agent; everything a peer can grow has a limit below.
 *
 * Data flows one way: agent and clients -> traffic (what does it mean?) ->
 * batch (commit) -> clients (show). Nothing is shown before it is committed.
 */
#ifndef SA_SUPERVISE_SUPERVISOR_H
#define SA_SUPERVISE_SUPERVISOR_H

#include "base/buf.h"
#include "base/error.h"
#include "json/lines.h"
#include "os/loop.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	READ_BYTES = 64 * 1024,	       /* one read(2) of the agent or a client */
	AGENT_PIPE_BYTES = 256 * 1024, /* wish for the agent's stdout pipe */
	AGENT_QUEUE_BYTES = 1 << 20,   /* waiting for the agent's stdin; above, clients wait */
	FOLLOWER_QUEUE_BYTES = 256 * 1024, /* waiting for a follower; above, it reads the store */
	ANSWER_INLINE_BYTES = 64 * 1024,   /* larger answers are fetched from the store */
	STDERR_TAIL_BYTES = 8 * 1024,
	CLIENTS_MAX = 1024,
	CALLS_MAX = 4096,    /* requests of clients that the agent has not answered */
	ASKS_MAX = 1024,     /* requests of the agent that nobody has answered */
	SESSIONS_MAX = 4096, /* of one agent process */
	QUEUED_PROMPTS_MAX = 256,
	SETTLED_IDS_KEPT = 64, /* to tell a late answer from one to nothing */
	STORE_RETRY_MS = 250,
	DRAIN_MS = 200,	   /* a dead agent's children may hold its stdout open */
	LEFTOVER_MS = 300, /* after the agent's end, before its children get SIGKILL */
	CANCEL_GRACE_MS = 10000,
};

/* What the command line says. Milliseconds; 0 is "no limit". */
struct supervisor_options {
	const char *server_id;
	const char *agent;
	const char *cwd;
	char **argv; /* of the agent */
	int ready_fd;
	uint64_t line_limit_bytes;
	int64_t silence_ms;
	int64_t prompt_ms;
	int64_t lease_ms;
	int64_t stop_grace_ms;
};

/*
 * The life of the connection; the table that runs it is in life.c.
 */
enum life_state {
	LIFE_STARTING, /* the guard was told to start the agent */
	LIFE_RUNNING,
	LIFE_STOPPING, /* stdin closed, SIGTERM sent, deadline runs */
	LIFE_DRAINING, /* the agent is dead: the rest of its output is read */
	LIFE_CLEARING, /* what it left behind is being ended */
	LIFE_OVER,
	LIFE_STATE_COUNT,
};

struct session_track {
	struct session record;
	int running;	       /* prompts the agent is working on */
	int open_asks;
	bool is_dirty;	       /* to be written with the next batch */
	bool is_replay_hidden; /* a load is under way whose replay we have already */
	int64_t turn_started;  /* monotonic ms */
	bool is_cancel_sent;   /* by a limit of ours */
	struct session_track *next;
};

/* A client's request on its way through the agent. */
struct call {
	int64_t wire_id;
	uint64_t client; /* serial; 0: nobody waits */
	int64_t ref;
	char *id_json; /* the client's own id */
	char *method;
	char *session_name; /* wish for the id of the session that this makes */
	char *cwd;
	struct session_track *session; /* NULL: none, or not known yet */
};

struct ask_track {
	struct ask record;
	struct session_track *session;
	bool is_dirty;
	struct ask_track *next;
};

struct queued_prompt {
	uint64_t client;
	int64_t ref;
	bool is_detached; /* stays when its client leaves */
	struct session_track *session;
	char *payload;
	size_t payload_len;
	struct queued_prompt *next;
};

struct client;
struct batch;

struct supervisor {
	const struct supervisor_options *options;
	struct store *store;
	struct server server;
	struct loop loop;

	/* life */
	enum life_state life;
	int64_t life_deadline; /* monotonic */
	int64_t grace_ms;      /* from SIGTERM to SIGKILL, for this stop */
	pid_t guard_pid;
	struct watch guard;
	struct watch signals;
	int ready_fd;
	bool is_agent_dead;
	int agent_status; /* wait status */
	char *end_reason;
	bool is_closing; /* the end is wanted: sessions become closed, not interrupted */

	/* agent's pipes */
	struct watch agent_in;
	struct watch agent_out;
	struct watch agent_err;
	struct buf to_agent;
	struct lines from_agent;
	char *read_buffer; /* READ_BYTES */
	struct buf stderr_tail;
	int64_t last_byte_ms; /* monotonic: the agent's last sign of life */

	/* what the traffic means */
	struct session_track *sessions; /* newest first */
	size_t session_count;
	struct call *calls;
	size_t call_count;
	int64_t next_wire_id;
	struct ask_track *asks; /* newest first; settled ones leave */
	size_t ask_count;
	char *settled_ids[SETTLED_IDS_KEPT]; /* JSON-RPC ids, a ring */
	size_t settled_next;
	struct queued_prompt *queue; /* oldest first */
	size_t queue_count;

	/* commit */
	struct batch *batch;
	int64_t store_retry_at;
	char *store_problem; /* NULL: fine */

	/* clients */
	struct watch listener;
	struct client *clients;
	size_t client_count;
	uint64_t next_client;
	int64_t idle_since; /* monotonic, for the lease */
};

/* Run until the connection is over. Exit status, or -1 with err. */
int supervisor_run(const struct supervisor_options *options, struct sa_error *err);

#endif
