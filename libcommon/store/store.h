/*
 * The store: what happened, for good. One interface; SQLite is the first
 * implementation. SANDBOX_AGENT_STORE picks it: "sqlite:PATH" (default: in
 * the state directory). sa-store(5) states the durability policy.
 *
 * A store handle belongs to one process and one thread. All functions
 * return 0, or -1 with err: PROBLEM_STORE_ERROR (locked, read-only, damaged,
 * newer), PROBLEM_STORE_FULL, or what they name. Nothing that was committed
 * is ever lost by an error.
 */
#ifndef SA_STORE_STORE_H
#define SA_STORE_STORE_H

#include "base/error.h"
#include "store/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* The store named by the environment. NULL on error. */
struct store *store_open(struct sa_error *err);
/* NULL allowed. */
void store_close(struct store *store);
static inline void store_close_fn(struct store **store)
{
	store_close(*store);
}
#define cleanup_store __attribute__((cleanup(store_close_fn)))

/* --- the supervisor's side ------------------------------------------------ */

/*
 * Take the server with server->id: continue the newest one that is not
 * closed, or make a new one, in one transaction. On entry id, agent,
 * command_json, cwd, socket_dir, cgroup, boot_id and supervisor are set; on
 * success key, uid, created_ms and the indices are filled too. A server whose
 * supervisor lives is PROBLEM_CONFLICT; so is one of another agent.
 */
int store_claim_server(struct store *store, struct server *server, struct sa_error *err);

/* What one iteration of a supervisor wants to be durable, all or nothing. */
struct store_batch {
	const struct server *server; /* its row is rewritten; never NULL */
	const struct event *events;
	size_t event_count;
	const struct session *const *sessions; /* inserted or rewritten by id */
	size_t session_count;
	const struct ask *const *asks; /* inserted or rewritten by index */
	size_t ask_count;
};
int store_commit(struct store *store, const struct store_batch *batch, struct sa_error *err);

/* --- everybody's side ----------------------------------------------------- */

/* Visitors return 0 to go on, anything else to stop; that value is passed on. */
typedef int store_server_fn(const struct server *server, void *arg);
typedef int store_session_fn(const struct session *session, void *arg);
typedef int store_event_fn(const struct event *event, void *arg);
typedef int store_ask_fn(const struct ask *ask, const struct server *server, struct span payload,
			 void *arg);

/* The newest server with this id that is not closed; else the newest closed one.
 * PROBLEM_NOT_FOUND. */
int store_find_server(struct store *store, const char *id, struct server *ret,
		      struct sa_error *err);
int store_get_server(struct store *store, int64_t key, struct server *ret, struct sa_error *err);
int store_find_server_by_uid(struct store *store, struct span uid, struct server *ret,
			     struct sa_error *err);
/* All servers that are not closed (is_all: all), oldest first. */
int store_each_server(struct store *store, bool is_all, store_server_fn *fn, void *arg,
		      struct sa_error *err);

/*
 * The session with this id or unambiguous id prefix; "@last" is the newest
 * one. PROBLEM_SESSION_NOT_FOUND; PROBLEM_INVALID_REQUEST when ambiguous.
 */
int store_find_session(struct store *store, const char *reference, struct session *ret,
		       struct sa_error *err);
/* All sessions (server_key 0) or those of one server, oldest first. */
int store_each_session(struct store *store, int64_t server_key, store_session_fn *fn, void *arg,
		       struct sa_error *err);
/*
 * Events of a server with index > after, in order, at most limit of them
 * (0: all); only those of session_id when that is not NULL.
 */
int store_each_event(struct store *store, const struct server *server, const char *session_id,
		     int64_t after, int64_t limit, store_event_fn *fn, void *arg,
		     struct sa_error *err);
/* Index after which the last count events (of the session, if given) stand. */
int store_tail_index(struct store *store, const struct server *server, const char *session_id,
		     int64_t count, int64_t *ret_after, struct sa_error *err);
/* The eventIndex of the last event whose streamIndex is at most stream_index (0: before all). */
int store_index_of_stream(struct store *store, const struct server *server, int64_t stream_index,
			  int64_t *ret_index, struct sa_error *err);

/* Requests of agents, oldest first: the open ones, or all; of one session, or all (NULL). */
int store_each_ask(struct store *store, const char *session_id, bool is_all, store_ask_fn *fn,
		   void *arg, struct sa_error *err);

/*
 * The supervisor of this server is gone without a word: its sessions become
 * interrupted, its open requests lost, the server ended; unless somebody
 * else was quicker or it was taken over. Idempotent.
 */
int store_mark_dead(struct store *store, const struct server *server, struct sa_error *err);
/* Change a session that no supervisor owns. */
int store_set_session_state(struct store *store, const char *session_id, enum session_state state,
			    const char *reason, struct sa_error *err);
int store_set_server_state(struct store *store, int64_t key, enum server_state state,
			   const char *reason, struct sa_error *err);
/* Forget a session, its events and requests; its server with the last one. */
int store_delete_session(struct store *store, const struct session *session, struct sa_error *err);

#endif
