/*
 * A session of an adapter: what is the same whatever the agent. An adapter's
 * struct session begins with a struct adapter_session called base; its
 * struct adapter_agent says what is its agent's own.
 */
#ifndef SA_ADAPTER_SESSION_H
#define SA_ADAPTER_SESSION_H

#include "adapter/adapter.h"
#include "adapter/child.h"
#include "adapter/prompt.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* How a session is opened, one ACP method each. */
enum session_open { SESSION_NEW, SESSION_LOAD, SESSION_RESUME, SESSION_FORK };

/*
 * The states that a session passes through; each adapter's session.h says
 * what moves its own from one to the next.
 */
enum session_state {
	SESSION_STARTING,  /* its agent makes or loads it; prompts wait */
	SESSION_REPLAYING, /* its history is told; prompts wait */
	SESSION_READY,	   /* the next prompt can be sent */
	SESSION_DEAD,	   /* its process has ended; the next prompt starts it again */
	SESSION_CLOSING,   /* it is gone as soon as its process has ended */
};

/* What the client is answered when a setting has been changed. */
enum session_reply {
	REPLY_NONE,
	REPLY_EMPTY,   /* session/set_mode, session/set_model: {}; all options as an update */
	REPLY_OPTIONS, /* session/set_config_option: all options */
};

struct session; /* each adapter's own */
struct argv;
struct toolcall;

struct adapter_session {
	struct session *next;
	struct adapter *adapter;
	enum session_state state;
	enum session_open open;
	char *id;	     /* ACP's; NULL until the agent has told */
	char *cwd;	     /* absolute */
	char *open_request;  /* raw JSON id of the request that opens it; NULL: answered */
	char *close_request; /* raw JSON id of session/close, or NULL */
	bool is_gone;	     /* to be freed in the next tick */
	struct child child;  /* its own process; never started where one serves all sessions */
	struct prompts prompts;
	struct toolcall *calls;	 /* without an end: toolcall.h */
	int64_t cancel_deadline; /* an interrupted turn must have ended by then */
};

/* "Own" processes: one for each session. Where one serves all, what is about them is NULL. */
struct adapter_agent {
	const char *name;	      /* "sa-acp-claude" */
	const char *title;	      /* "Claude Code" */
	const char *called;	      /* "Claude": in sentences */
	const char *program;	      /* "claude": on PATH, and for sa-install-agent */
	const char *program_variable; /* the environment's word for it goes first */
	/* "NAME=VALUE" for own processes where NAME is not set; ends with NULL. */
	const char *const *environment;
	const char *capabilities; /* ACP's agentCapabilities, JSON */
	const char *auth_methods; /* ACP's authMethods, JSON */
	const char *login_id;	  /* the method for a person at a terminal, and what to tell */
	const char *login_hint;	  /* that person */
	const char *const *setting_ids; /* config options by number; ends with NULL */
	int sessions_max;		/* how many are open at once */
	int64_t cancel_ms;		/* an interrupted turn must have ended after that */
	int64_t grace_ms; /* before SIGTERM, for the own process of a closed session */
	const struct adapter_hooks *hooks;
	const struct adapter_method *methods; /* ends with {NULL, NULL} */

	size_t session_bytes; /* of its struct session */
	/* Make it ready for open; it is all zero behind base. */
	void (*init)(struct session *session);
	/*
	 * Read what its own is in the params of the request (base has cwd), and begin to start or
	 * load it: session_base_opened follows later, or within. 0, or -1.
	 */
	int (*open)(struct session *session, struct span params, struct sa_error *err);
	/* May requests name it? NULL: until it is closed. */
	bool (*is_open)(const struct session *session);
	/* A line of its own process; nothing in it is trusted. */
	void (*line)(struct session *session, struct span line);
	/* Its own process has ended, or it is CLOSING without one. */
	void (*ended)(struct session *session);
	/* Start a DEAD one again. 0, or -1. NULL where none is DEAD. */
	int (*restart)(struct session *session, struct sa_error *err);
	/* The id of its mode. */
	const char *(*mode)(const struct session *session);
	/* All modes with content_choice, which gets key. */
	void (*write_modes)(struct buf *b, const struct session *session, const char *key);
	/* All config options but the mode. NULL: there are none. */
	void (*write_options)(struct buf *b, const struct session *session);
	/* What the agent reads of a prompt's part. */
	prompt_write_fn *write_part;
	/* May one more prompt be taken? 0, or -1. NULL: if its own process reads what it gets. */
	int (*check)(const struct session *session, struct sa_error *err);
	/* Send a prompt: none runs, the session is READY. */
	void (*send)(struct session *session, struct prompt *prompt);
	/* The file in which the agent keeps a session, caller frees; NULL: there is none.
	 * For method_delete. */
	char *(*find_record)(const char *id);
	/* Have the running turn ended, which is marked as cancelled. */
	void (*interrupt)(struct session *session);
	/* Change a setting, then answer with session_base_changed; or an error. */
	void (*change)(struct session *session, const struct envelope *envelope, int setting,
		       struct span value, enum session_reply reply);
	/*
	 * End it; close_request (raw JSON id, NULL: nobody waits) is answered when it has ended.
	 * NULL: its own process is stopped.
	 */
	void (*close)(struct session *session, const char *close_request);
	/* Timers. The next deadline. NULL: session_base_tick. */
	int64_t (*tick)(struct session *session);
	/* Free what is its own, before base is freed. */
	void (*release)(struct session *session);
	/* Likewise of a tool call. NULL: nothing is its own. */
	void (*release_call)(void *call);
};

/* The part that all have; session may be NULL. */
static inline struct adapter_session *session_base(struct session *session)
{
	return (struct adapter_session *)(void *)session;
}

void session_base_init(struct adapter_session *base, struct adapter *adapter);
/* Its process is killed, its prompts are forgotten unanswered, its memory is freed. */
void session_free(struct session *session);
/* May requests name it? */
bool session_base_is_open(const struct adapter_session *base);
/*
 * Start its own process in its folder. config is a text that may hold keys,
 * or NULL: the process reads it as SESSION_CONFIG_PATH. 0, or -1.
 */
#define SESSION_CONFIG_PATH "/proc/self/fd/3"
int session_base_start(struct adapter_session *base, const struct argv *argv, const char *config,
		       struct sa_error *err);
/* It is open: answer the request that opens it, if nobody has answered yet. */
void session_base_opened(struct adapter_session *base);
/* The same with an error, and the session goes. */
void session_base_refuse(struct adapter_session *base, int64_t code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Send the next prompt when none runs and the session is READY. */
void session_base_next(struct adapter_session *base);
/* May one more prompt be taken now? A DEAD session is started again. 0, or -1. */
int session_base_check(struct adapter_session *base, struct sa_error *err);
/* End the running turn; there may be none, or it is being ended already. */
void session_base_interrupt(struct adapter_session *base);
/* The same, and the prompts that wait end as cancelled. */
void session_base_cancel(struct adapter_session *base);
/* All config options as an update. */
void session_base_tell_options(struct adapter_session *base);
/* A setting has been changed: answer request (raw JSON id). */
void session_base_changed(struct adapter_session *base, struct span request,
			  enum session_reply reply);
/* End it; see adapter_agent.close. */
void session_base_end(struct adapter_session *base, const char *close_request);
/* What each end begins with: note who waits, refuse to open, cancel. */
void session_base_close(struct adapter_session *base, const char *close_request);
/* session/close has been done: answer, and the session goes. */
void session_base_closed(struct adapter_session *base);
/* The child's timers and output; kills it when cancel_deadline has passed. The next deadline. */
int64_t session_base_tick(struct adapter_session *base);

/* A JSON string as a chunk; nothing when it is none or empty. kind and message_id as
 * adapter_update_text. */
void session_base_tell(const struct adapter_session *base, const char *kind, struct span text,
		       const char *message_id);
/* An image of a history; data and mime_type are JSON strings. Nothing when one is none. */
void session_base_tell_image(const struct adapter_session *base, const char *kind, struct span data,
			     struct span mime_type);
/* usage_update: tokens in the context window and its size; cost, dollars as JSON, may be not there.
 * Nothing when either count is unknown (0). */
void session_base_tell_usage(const struct adapter_session *base, int64_t used, int64_t size,
			     struct span cost);
/* A line of the agent's: trims it. Is it a JSON object? If not, it is logged unless it is empty. */
bool session_base_takes(const struct adapter_session *base, struct span *line);

/* Free a text and forget it. */
void session_drop(char **text);
/* Replace a text by value, which is taken over; NULL changes nothing. */
void session_put(char **text, char *value);
/* Replace a text by that of a JSON string, NULL when it is none. */
void session_keep(char **text, struct span value);

#endif
