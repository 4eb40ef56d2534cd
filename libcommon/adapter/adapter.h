/*
 * The ACP agent side of an adapter, on standard input and output: a table of
 * methods, answers, requests to the client with a function for the answer,
 * session/update notifications, and the loop that drives it all.
 *
 * ACP protocol version 1 (integers), JSON-RPC 2.0, one object a line.
 */
#ifndef SA_ADAPTER_ADAPTER_H
#define SA_ADAPTER_ADAPTER_H

#include "acp/envelope.h"
#include "adapter/wire.h"
#include "base/error.h"
#include "os/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct adapter;
struct adapter_agent;
struct session;

/* envelope borrows from the line and is valid during the call only. */
typedef void adapter_method_fn(struct adapter *adapter, const struct envelope *envelope);
/*
 * The client answered (envelope: result or error), or will never answer
 * (NULL: cancelled by adapter_ask_cancel's caller or the end of input).
 */
typedef void adapter_answer_fn(void *arg, const struct envelope *envelope);

struct adapter_method {
	const char *name;
	adapter_method_fn *fn;
};

/* A request of ours that the client has not answered yet. */
struct adapter_ask {
	struct adapter_ask *next;
	int64_t id;
	adapter_answer_fn *fn;
	void *arg;
};

/* What the client said in initialize. */
struct adapter_client {
	bool has_forms;	     /* elicitation.form */
	bool can_read_files; /* fs.readTextFile */
};

struct adapter_hooks {
	/* After each turn of the loop: timers, reaping. The next deadline (DEADLINE_NEVER). */
	int64_t (*tick)(struct adapter *adapter);
	/* Stop or go on reading from the native agents: the client is slow. */
	void (*pause)(struct adapter *adapter, bool is_paused);
	/* End of input or SIGTERM, once: stop the native agents. */
	void (*end)(struct adapter *adapter);
	/* Is everything stopped? Then the loop ends. */
	bool (*is_ended)(struct adapter *adapter);
};

struct adapter {
	const char *name; /* "sa-acp-claude", for stderr */
	struct loop loop;
	struct wire client;
	struct watch signals;
	const struct adapter_method *methods; /* ends with {NULL, NULL} */
	const struct adapter_hooks *hooks;
	void *arg;			   /* for hooks and methods */
	const struct adapter_agent *agent; /* see session.h; the following as well */
	const char *binary;		   /* the agent's program as given, or NULL: looked up */
	struct session *sessions;
	struct adapter_ask *asks;
	int64_t next_id;
	size_t line_bytes;
	struct adapter_client client_can;
	bool is_ending;
	bool is_paused;
	int old_flags[2]; /* of descriptors 0 and 1, put back at the end */
};

/* A method that is not in the table is answered with -32601. 0, or -1. */
int adapter_init(struct adapter *adapter, const char *name, size_t line_bytes,
		 const struct adapter_method *methods, const struct adapter_hooks *hooks, void *arg,
		 struct sa_error *err);
/* Serve until the input ends or SIGTERM or SIGINT comes. 0, or -1. */
int adapter_run(struct adapter *adapter, struct sa_error *err);
void adapter_free(struct adapter *adapter);
/* A line of the client; adapter_run hands them over. */
void adapter_line(struct adapter *adapter, struct span line);

/* One line on stderr: "NAME: ...". Never a secret, never a prompt. */
void adapter_log(const struct adapter *adapter, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Where the writers below append; a caller may write a whole line of its own. */
static inline struct buf *adapter_out(struct adapter *adapter)
{
	return wire_queue(&adapter->client);
}

/* Answers. id is raw JSON; one that is not there writes nothing. */
void adapter_result(struct adapter *adapter, struct span id, struct span result);
void adapter_error(struct adapter *adapter, struct span id, int64_t code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The error that an ACP client expects for err's kind. */
void adapter_refuse(struct adapter *adapter, struct span id, const struct sa_error *err);
/* An answer whose result the caller writes between the two. */
struct buf *adapter_result_open(struct adapter *adapter, struct span id);
void adapter_result_close(struct adapter *adapter);

/* A request: the caller writes params (one value) between the two. The id; fn is called once. */
struct buf *adapter_ask_open(struct adapter *adapter, const char *method);
int64_t adapter_ask_close(struct adapter *adapter, adapter_answer_fn *fn, void *arg);
/* Nobody wants that answer any more: fn is not called, the client gets $/cancel_request. */
void adapter_ask_cancel(struct adapter *adapter, int64_t id);

/* A session/update: the caller adds members of the update object between the two. */
struct buf *adapter_update_open(struct adapter *adapter, const char *session_id, const char *kind);
void adapter_update_close(struct adapter *adapter);
/* A chunk of text; kind is agent_message_chunk and the like; message_id may be NULL. */
void adapter_update_text(struct adapter *adapter, const char *session_id, const char *kind,
			 struct span text, const char *message_id);
/* The same with any content block. */
void adapter_update_block(struct adapter *adapter, const char *session_id, const char *kind,
			  struct span block);

#endif
