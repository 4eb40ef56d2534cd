/*
 * The state that the supervisor's parts share. One process, one thread, one
 * agent; everything a peer can grow has a limit below.
 *
 * Data flows one way: agent and clients -> traffic (what does it mean?) ->
 * batch (commit) -> clients (show). Nothing is shown before it is committed.
 */
#ifndef SA_SUPERVISE_SUPERVISOR_H
#define SA_SUPERVISE_SUPERVISOR_H

#include "acp/usage.h"
#include "base/buf.h"
#include "base/error.h"
#include "os/loop.h"
#include "os/ward.h"
#include "store/store.h"
#include "json/lines.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	READ_BYTES = 64 * 1024,		   /* one read(2) of the agent or a client */
	AGENT_PIPE_BYTES = 256 * 1024,	   /* wish for the agent's stdout pipe */
	BATCH_BYTES = 128 * 1024,	   /* no further read before a commit */
	AGENT_QUEUE_BYTES = 1 << 20,	   /* waiting for the agent's stdin; above, clients wait */
	FOLLOWER_QUEUE_BYTES = 128 * 1024, /* waiting for a follower; above, it reads the store */
	SHOW_BYTES = 128 * 1024,	   /* shown to a follower in one write */
	ANSWER_INLINE_BYTES = 64 * 1024,   /* larger answers are fetched from the store */
	STDERR_TAIL_BYTES = 8 * 1024,
	CLIENTS_MAX = 1024,
	CALLS_MAX = 4096,	    /* requests of clients that the agent has not answered */
	ASKS_MAX = 1024,	    /* requests of the agent that nobody has answered */
	WIRE_IDS_FROM = 1000000000, /* numbers of ours, where a client's own id will not do */
	SESSIONS_MAX = 4096,	    /* of one agent process */
	QUEUED_PROMPTS_MAX = 256,
	SETUP_BYTES_MAX = 512 * 1024, /* modes, models, options, opening parameters: larger ones are
					 not kept */
	PRIMER_BYTES_MAX = 1 << 20,   /* what an agent is told of a session that it does not know */
	SETTLED_IDS_KEPT = 64,	      /* to tell a late answer from one to nothing */
	WHO_BYTES_MAX = 128,	      /* of the name of who answers */
	STORE_RETRY_MS = 250,
	DRAIN_MS = 200,		    /* a dead agent's children may hold its stdout open */
	CANCEL_GRACE_MS = 10000,    /* of silence, before a turn that does not heed it is ended */
	ASK_TIMEOUT_MS = 86400000,  /* an open request is for a day unless said otherwise */
	UNATTENDED_GRACE_MS = 3000, /* a viewer that comes back this soon was never away */
};

/* How far the cancelling of a turn has come: cancel.h. */
enum cancel_step {
	CANCEL_NONE,
	CANCEL_ASKED,
	CANCEL_INTERRUPTED,
	CANCEL_RESTARTING,
	CANCEL_AFTERMATH,
};

/* What is answered when nobody does. */
enum wish { WISH_NONE, WISH_ALLOW, WISH_REJECT, WISH_CANCEL };

/* What the command line says. Milliseconds; 0 is "no limit". */
struct supervisor_options {
	const char *server_id;
	const char *agent;
	const char *server_uid;	 /* continue this server, closed or not; NULL: see store.h */
	const char *credentials; /* for the record */
	const char *cwd;
	char **argv;	  /* of the agent */
	bool is_reaching; /* its files and terminals may be anywhere: host.h */
	int ready_fd;
	uint64_t line_limit_bytes;
	int64_t silence_ms;
	int64_t prompt_ms;
	int64_t lease_ms;
	int64_t stop_grace_ms;
	int64_t cancel_grace_ms;     /* -1: not said */
	const char *const *policies; /* names or files */
	size_t policy_count;
	int64_t ask_timeout_ms; /* -1: not said */
	enum wish ask_default;	/* NONE: not said */
	enum wish ask_unattended;
	const char *on_ask;	   /* words of a program that decides: hook.h; NULL: not said */
	int64_t on_ask_timeout_ms; /* -1: not said */
	uint64_t max_turns, max_tokens; /* of a session */
	double max_cost;
	const char *max_cost_text;
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

/* Where a session comes from that has a past: origin.h. All owned; NULL: none. */
struct origin {
	char *primer;	 /* the past in words, for the agent */
	char *about;	 /* JSON members about the primer, for the record */
	char *parent_id; /* forked from this session, behind event parent_index */
	int64_t parent_index;
};

struct session_track {
	struct session record;
	int running; /* prompts the agent is working on */
	int open_asks;
	bool is_dirty;	       /* to be written with the next batch */
	bool is_replay_hidden; /* a load is under way whose replay we have already */
	int64_t turn_started;  /* monotonic ms */
	enum cancel_step cancel_step;
	int64_t cancelled_at, cancel_step_at; /* monotonic ms */
	struct usage usage;		      /* when there are limits: limits.h */
	bool is_usage_known;		      /* that of earlier lives is in it */
	bool is_limit_told;
	char *primer;	       /* goes before the next prompt; NULL: none */
	struct policy *policy; /* of its folder: it can only refuse and ask; NULL: none */
	char *policy_problem;  /* why that one cannot be read: then nothing is allowed */
	struct session_track *next;
};

/* A client's request on its way through the agent. */
struct call {
	char *wire_json; /* the id that the agent knows it by; may be id_json's text */
	uint64_t client; /* serial; 0: nobody waits */
	int64_t ref;
	char *id_json; /* the client's own id */
	char *method;
	char *session_name; /* wish for the id of the session that this makes */
	char *cwd;
	char *open_json;	       /* params of session/new, load, resume */
	char *value;		       /* JSON: what set_mode, set_model set */
	struct origin origin;	       /* of the session that this makes */
	struct session_track *session; /* NULL: none, or not known yet */
};

struct ask_track {
	struct ask record;
	struct session_track *session;
	bool is_dirty;
	int64_t deadline;	 /* monotonic; DEADLINE_NEVER */
	char *late_answer;	 /* member "result" or "error" that is sent then */
	char *unattended_answer; /* ... when nobody is attached; NULL: it waits */
	bool is_hooked;		 /* a program is at it: somebody is there */
	struct ask_track *next;
};

struct queued_prompt {
	uint64_t client; /* 0: nobody waits */
	int64_t ref;
	bool is_detached; /* stays when its client leaves, or we do: it is in the store */
	bool is_dirty;	  /* to be stored with the next batch */
	bool is_stored;
	struct session_track *session;
	struct prompt record;
	struct queued_prompt *next;
};

struct client;
struct batch;
struct judge;
struct hooks;
struct policy;
struct host;

struct supervisor {
	const struct supervisor_options *options;
	struct store *store;
	struct server server;
	struct loop loop;

	/* life */
	enum life_state life;
	int64_t life_deadline; /* monotonic */
	int64_t grace_ms;      /* from SIGTERM to SIGKILL, for this stop */
	struct ward ward;
	int ready_fd;
	int agent_status; /* wait status, once it is dead */
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
	struct settled_id {
		char *rpc_id;
		bool is_ours;		 /* no client was quicker: we answered */
	} settled_ids[SETTLED_IDS_KEPT]; /* a ring */
	size_t settled_next;
	struct queued_prompt *queue; /* oldest first */
	size_t queue_count;
	int64_t last_prompt_number;
	int64_t forgotten;     /* events that the store gave up and nobody was told of yet */
	int64_t *gone_prompts; /* numbers to be taken out of the store with the next batch */
	size_t gone_prompt_count;

	/* whom a cancel cost their agent: cancel.h */
	char **resumed_ids;
	size_t resumed_count;

	/* what answers in a person's place: judge.h */
	struct judge *judge;
	struct hooks *hooks;
	bool was_attended;
	int64_t last_attended_ms; /* monotonic: when the last one left that was attached */

	/* what it asks of this machine: host.h */
	bool is_hosting;   /* we do it; no client claims it */
	struct host *host; /* NULL: no terminal yet */

	/* commit */
	struct batch *batch;
	int64_t store_retry_at;
	int64_t store_tick_at; /* monotonic */
	char *store_problem;   /* NULL: fine */
	enum problem_kind store_problem_kind;

	/* clients */
	struct watch listener;
	int spare_fd; /* given up to turn one away when there are no more */
	struct client *clients;
	size_t client_count;
	uint64_t next_client;
	int64_t idle_since; /* monotonic, for the lease */
};

/* Run until the connection is over. Exit status, or -1 with err. */
int supervisor_run(const struct supervisor_options *options, struct sa_error *err);

#endif
