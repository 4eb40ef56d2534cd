/*
 * The records that the store keeps and the pipes carry, and their JSON form:
 * one object a line, lowerCamelCase, times RFC 3339 UTC with milliseconds.
 * sa-events(5) and sa-store(5) describe them for users.
 */
#ifndef SA_STORE_RECORD_H
#define SA_STORE_RECORD_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "os/procid.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A server is one agent connection: one supervisor and one agent process at
 * a time. It outlives both: a new supervisor goes on where the last stopped.
 */
enum server_state {
	SERVER_RUNNING, /* a supervisor claims to own it; see is_alive in store.h */
	SERVER_ENDED,	/* no process; its sessions can be resumed */
	SERVER_CLOSED,	/* closed for good; its id may be used for a new one */
};

enum session_state {
	SESSION_STARTING,
	SESSION_IDLE,
	SESSION_RUNNING, /* a prompt turn is under way */
	SESSION_WAITING, /* ... and the agent waits for a person's answer */
	SESSION_CLOSED,
	SESSION_INTERRUPTED, /* the agent is gone; can be resumed */
};

enum sender {
	SENDER_CLIENT,
	SENDER_AGENT,
	SENDER_SYSTEM, /* made by the supervisor: _adapter/..., answers for a dead agent */
};

enum ask_state {
	ASK_OPEN,
	ASK_ANSWERED,
	ASK_CANCELLED,
	ASK_LOST,    /* the agent that asked is gone */
	ASK_EXPIRED, /* nobody answered in time: its default was sent */
};

/* All strings are owned; NULL means "not known". */
struct server {
	int64_t key; /* the store's own number */
	char *id;    /* chosen by the client, any text */
	char *uid;   /* random, unique over all servers ever; starts event ids */
	char *agent;
	char *command_json; /* argv as a JSON array of strings */
	char *cwd;
	enum server_state state;
	char boot_id[BOOT_ID_BYTES];
	struct procid supervisor;
	struct procid agent_process;
	char *socket_dir;
	char *cgroup;
	char *initialize_json; /* the agent's answer to initialize */
	char *end_reason;
	char *credentials; /* what it was started with: auto, none, a file; NULL: the environment */
	char *settings_json; /* options of its supervisor that a resume repeats: an array of words */
	int64_t created_ms;
	int64_t updated_ms;
	int64_t last_index;	   /* eventIndex of the newest event, 0: none */
	int64_t last_stream_index; /* streamIndex likewise */
	char *host;		   /* the machine it runs on; NULL: this one (SQLite) */
	bool is_elsewhere;	   /* ... and that is not this machine */
	bool is_seen;		   /* elsewhere: its supervisor wrote lately */
};

struct session {
	char *id;
	int64_t server_key;
	char *server_id;
	char *agent;
	char *agent_session_id;
	char *cwd;
	enum session_state state;
	char *title;
	char *mode;
	char *model;
	char *end_reason;
	char *resumed_by;     /* the last time: "resume", "load", "transcript"; NULL: never */
	char *parent_id;      /* the session that it was forked from; NULL: none */
	int64_t parent_index; /* ... behind this event of that one's server */
	/* JSON as the agent gave it; when written, NULL leaves what is stored. */
	char *modes_json;    /* array of ACP SessionMode */
	char *models_json;   /* array of modelId and name, of agents before config options */
	char *options_json;  /* array of ACP SessionConfigOption */
	char *open_json;     /* params of the session/new, load or resume that opened it */
	int64_t first_index; /* eventIndex of its first event */
	int64_t created_ms;
	int64_t updated_ms;
};

/* Everything borrowed: valid during the call it is passed to. */
struct event {
	const char *server_id;
	const char *server_uid;
	int64_t index;	      /* eventIndex: from 1, gapless within a server */
	int64_t stream_index; /* how many events up to this one did not come from a client */
	struct span session_id;
	int64_t at_ms;
	enum sender sender;
	struct span answers; /* method of the request that this response answers */
	struct span payload; /* JSON, UTF-8 */
	struct span raw;     /* the bytes as they came, where payload had to be repaired */
};

/* A request of the agent that somebody has to answer. */
struct ask {
	int64_t index; /* of the event that carried it */
	char *session_id;
	char *method;
	char *rpc_id; /* JSON value */
	enum ask_state state;
	char *answer_json;
	int64_t created_ms;
	int64_t settled_ms;
	char *settled_by;    /* "cancel", "policy", "hook", "deadline", whoever replied; NULL: not known */
	char *reason;	     /* the rule and its words; NULL: none */
	int64_t deadline_ms; /* when it is settled without an answer; 0: never */
};

/* A prompt that waits for its session's turn to end; nobody waits for its answer. */
struct prompt {
	int64_t number; /* order within the server */
	char *session_id;
	char *payload; /* the session/prompt request; "" for one that is gone (in a copy) */
	int64_t created_ms;
};

void server_clear(struct server *server);
void session_clear(struct session *session);
void ask_clear(struct ask *ask);
void prompt_clear(struct prompt *prompt);

static inline void server_clear_fn(struct server *server)
{
	server_clear(server);
}
static inline void session_clear_fn(struct session *session)
{
	session_clear(session);
}
#define cleanup_server __attribute__((cleanup(server_clear_fn)))
#define cleanup_session __attribute__((cleanup(session_clear_fn)))

const char *server_state_name(enum server_state state);
const char *session_state_name(enum session_state state);
const char *sender_name(enum sender sender);
const char *ask_state_name(enum ask_state state);
/* closed or interrupted */
bool session_state_is_over(enum session_state state);
/* An agent has it: neither over nor starting. */
bool session_state_is_live(enum session_state state);

/* "<server uid>-<eventIndex>": the id of an event, and of the ask that it carries. */
void event_id_add(struct buf *b, const char *server_uid, int64_t index);
/* Take an event id apart: its uid (borrowed from text) and its index. 0, or -1. */
int event_id_parse(struct span text, struct span *ret_uid, int64_t *ret_index);

/* More members may follow: the object is left open and without newline. */
void session_open_json(struct buf *b, const struct session *session);
/* Append the JSON form and a newline. */
void event_add_json(struct buf *b, const struct event *event);
void server_add_json(struct buf *b, const struct server *server, bool is_alive);
/* The session/prompt request payload with other content blocks (a JSON array); the caller frees.
 * NULL with PROBLEM_INVALID_REQUEST. */
char *prompt_payload_with(const char *payload, struct span blocks, struct sa_error *err);
/* A record of "sa-session queue": position from 1; its content only up to PROMPT_SHOWN_BYTES. */
enum { PROMPT_SHOWN_BYTES = 64 * 1024 };
void prompt_add_json(struct buf *b, const struct prompt *prompt, int64_t position, bool is_waited);
/* event_payload: the request as it came; SPAN_NONE leaves it out. */
void ask_add_json(struct buf *b, const struct ask *ask, const struct server *server,
		  struct span event_payload);

#endif
