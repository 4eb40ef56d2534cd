/*
 * What the sessions of all adapters have in common, and the ACP methods that
 * all answer in the same way. An adapter's struct session begins with a
 * struct adapter_session called base; its struct adapter_agent says what is
 * its agent's own.
 */
#ifndef SA_ADAPTER_SESSIONS_H
#define SA_ADAPTER_SESSIONS_H

#include "adapter/adapter.h"
#include "adapter/child.h"
#include "adapter/prompt.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* How a session is opened, one ACP method each. */
enum session_open { SESSION_NEW, SESSION_LOAD, SESSION_RESUME, SESSION_FORK };

struct session; /* each adapter's own */

struct adapter_session {
	struct session *next;
	struct adapter *adapter;
	char *id;	     /* ACP's; NULL until the agent has told */
	char *cwd;	     /* absolute */
	char *open_request;  /* raw JSON id of the request that opens it; NULL: answered */
	char *close_request; /* raw JSON id of session/close, or NULL */
	bool is_gone;	     /* to be freed in the next tick */
	struct child child;  /* its own process; never started where one serves all sessions */
	struct prompts prompts;
	int64_t cancel_deadline; /* an interrupted turn must have ended by then */
};

struct adapter_agent {
	const char *name;	  /* "sa-acp-claude" */
	const char *title;	  /* "Claude Code" */
	const char *capabilities; /* ACP's agentCapabilities, JSON */
	const char *auth_methods; /* ACP's authMethods, JSON */
	const char *login_id;	  /* the method for a person at a terminal, and what to tell */
	const char *login_hint;	  /* that person */
	int sessions_max;	  /* how many are open at once */
	const struct adapter_hooks *hooks;
	const struct adapter_method *methods; /* ends with {NULL, NULL} */

	/* Open a session: answers later, errors at once. */
	void (*open)(struct adapter *adapter, const struct envelope *envelope,
		     enum session_open open);
	/* May requests name it? */
	bool (*is_open)(const struct session *session);
	/* What the agent reads of a prompt's part. */
	prompt_write_fn *write_part;
	/* May one more prompt be taken now? Starts an agent anew that has ended. 0, or -1. NULL: it may. */
	int (*check)(struct session *session, struct sa_error *err);
	/* Send the next prompt when none runs and the agent is ready. */
	void (*next)(struct session *session);
	/* session/delete of one that is not open: answers. NULL where sessions cannot be deleted. */
	void (*forget)(struct adapter *adapter, struct span request, struct span id);
	/* End the running turn; there may be none. */
	void (*interrupt)(struct session *session);
	/* What is there to set; a negative number: nothing has this id. NULL when nothing is. */
	int (*setting)(struct span id);
	/* Set it and answer: with all config options, or with an empty object. */
	void (*change)(struct session *session, const struct envelope *envelope, int setting,
		       struct span value, bool is_option);
	/* End it; close_request (raw JSON id, NULL: nobody waits) is answered when it has ended. */
	void (*close)(struct session *session, const char *close_request);
	/* Timers. The next deadline. */
	int64_t (*tick)(struct session *session);
	void (*free)(struct session *session);
};

/* The part that all have; session may be NULL. */
static inline struct adapter_session *session_base(struct session *session)
{
	return (struct adapter_session *)(void *)session;
}

/*
 * Serve agent until the input ends; binary: its program as given, or NULL; arg: for its methods.
 * The exit status, or -1. The caller frees adapter.
 */
int sessions_serve(const struct adapter_agent *agent, const char *binary, size_t line_bytes,
		   void *arg, struct adapter *adapter, struct sa_error *err);
/* The session with this ACP id (a JSON string); NULL when there is none. */
struct session *sessions_find(const struct adapter *adapter, struct span id);
/* The one that a request names; NULL: answered with an error. */
struct session *sessions_named(struct adapter *adapter, const struct envelope *envelope);
/* Is there room for one more? 0, or -1. */
int sessions_room(const struct adapter *adapter, struct sa_error *err);

/* --- one session ---------------------------------------------------------------------- */

void session_base_init(struct adapter_session *base, struct adapter *adapter);
/* The process killed, all prompts forgotten unanswered. */
void session_base_free(struct adapter_session *base);
/* Read "cwd" of a request that opens it. 0, or -1. */
int session_base_cwd(struct adapter_session *base, struct span params, struct sa_error *err);
/* Into the adapter's list; envelope is answered later. */
void session_base_add(struct adapter_session *base, const struct envelope *envelope);
/* The request that opens it, if nobody has answered yet: an error, and the session goes. */
void session_base_refuse(struct adapter_session *base, int64_t code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* End the running turn, answer the prompts that wait: cancelled. */
void session_base_cancel(struct adapter_session *base);
/* What each close begins with: note who waits, refuse to open, cancel. */
void session_base_close(struct adapter_session *base, const char *close_request);
/* session/close has been done: answer, and the session goes. */
void session_base_closed(struct adapter_session *base);
/* The child's timers and output; kills it when cancel_deadline has passed. The next deadline. */
int64_t session_base_tick(struct adapter_session *base);
/* Free a text and forget it. */
void session_take(char **text);

/* --- for tables ------------------------------------------------------------------------ */

/* ACP's methods, for those whose agent has what they need. */
adapter_method_fn method_initialize, method_authenticate, method_new, method_load, method_resume,
    method_fork, method_close, method_delete, method_prompt, method_cancel, method_cancel_request,
    method_set_mode, method_set_model, method_set_option;

/* The hooks where each session has a process of its own. */
extern const struct adapter_hooks sessions_hooks;
/* Their parts: free those that are gone, tick the others; close all. */
int64_t sessions_tick(struct adapter *adapter);
void sessions_end(struct adapter *adapter);

#endif
