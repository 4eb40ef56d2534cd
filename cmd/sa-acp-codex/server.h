/*
 * The app-server: one process, JSON-RPC both ways. Calls that are made
 * before it has answered initialize wait until then.
 */
#ifndef CODEX_SERVER_H
#define CODEX_SERVER_H

#include "acp/envelope.h"
#include "adapter/child.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct codex;
struct session;
struct call;

/* The answer came; envelope NULL: the server has ended without one. */
typedef void call_fn(struct codex *codex, const struct call *call, const struct envelope *envelope);

struct call {
	struct call *next;
	int64_t id;
	call_fn *fn;
	struct session *session; /* NULL: of none, or it is gone */
	char *request;		 /* raw JSON id of the ACP request to answer, or NULL */
};

struct server {
	struct child child;
	struct call *calls;
	int64_t next_id;
	bool is_ready;	 /* initialize was answered */
	struct buf held; /* lines for it until then */
};

void server_init(struct server *server);
/* Start it unless it runs. 0, or -1 with PROBLEM_AGENT_NOT_INSTALLED and the like. */
int server_start(struct codex *codex, struct sa_error *err);
void server_free(struct server *server);
/* A line that it printed; nothing in it is trusted. */
void server_line(struct codex *codex, struct span line);

/* A request: the caller writes params (one value) between the two. request may be not there. */
struct buf *server_call_open(struct codex *codex, const char *method);
void server_call_close(struct codex *codex, call_fn *fn, struct session *session,
		       struct span request);
/* The answer to one of the server's requests. id is raw JSON, result one value. */
void server_answer(struct codex *codex, struct span id, struct span result);
void server_refuse(struct codex *codex, struct span id, const char *why);
/* The session goes: its calls are answered to nobody. */
void server_forget(struct codex *codex, const struct session *session);

/* The error of an answer in words, caller frees; envelope NULL allowed. */
char *call_error(const struct envelope *envelope);

#endif
