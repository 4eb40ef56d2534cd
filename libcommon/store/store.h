/*
 * The store: what happened, for good. One interface; SQLite is the first
 * implementation. SANDBOX_AGENT_STORE picks it: "sqlite:PATH" (default: in
 * the state directory), "postgres://..." or "memory:". sa-store(5) states the
 * durability policy.
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
/* The store that url names; NULL: the default one. NULL on error. */
struct store *store_open_url(const char *url, struct sa_error *err);
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
 * supervisor lives is PROBLEM_CONFLICT; so is one of another agent. With
 * uid set on entry, that very server is continued, closed or not.
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
	const struct prompt *const *prompts; /* inserted, or another payload */
	size_t prompt_count;
	const int64_t *gone_prompts; /* numbers of those to be forgotten */
	size_t gone_prompt_count;
};
int store_commit(struct store *store, const struct store_batch *batch, struct sa_error *err);

/*
 * How many events of the claimed server a bounded store has given up since
 * the last call, to make room: the oldest ones.
 */
int64_t store_take_forgotten(struct store *store);

/*
 * Do what falls due while nothing is written: signs of life, another attempt
 * at a database that was away. ret_next: when to call again (monotonic ms).
 */
int store_tick(struct store *store, int64_t *ret_next, struct sa_error *err);

/* --- copying ---------------------------------------------------------------- */

/*
 * Write rows as they are elsewhere: the server is known by its uid and made
 * when it is not there; its key and those in sessions are this store's own
 * business. Events that are there stay untouched, sessions and requests are
 * rewritten. ret_key: the server's key here. Harmless when repeated.
 */
int store_import(struct store *store, const struct store_batch *batch, int64_t *ret_key,
		 struct sa_error *err);

/* --- care --------------------------------------------------------------------- */

struct store_description {
	char *place;   /* "sqlite:/path", "database 'x' at y"; never a password; owned */
	int version;   /* of the schema */
	int64_t bytes; /* that the events and indexes take */
	int64_t servers, sessions, events, open_asks;
};
int store_describe(struct store *store, struct store_description *ret, struct sa_error *err);
/* Give back the space of what was deleted. */
int store_vacuum(struct store *store, struct sa_error *err);
/* Tell every fault found, in words; ret counts nothing: 0 when the look itself worked. */
typedef void store_fault_fn(const char *fault, void *arg);
int store_check(struct store *store, store_fault_fn *fn, void *arg, struct sa_error *err);

/* --- everybody's side ----------------------------------------------------- */

/* Visitors return 0 to go on, anything else to stop; that value is passed on. */
typedef int store_server_fn(const struct server *server, void *arg);
typedef int store_session_fn(const struct session *session, void *arg);
typedef int store_event_fn(const struct event *event, void *arg);
typedef int store_ask_fn(const struct ask *ask, const struct server *server, struct span payload,
			 void *arg);
typedef int store_prompt_fn(const struct prompt *prompt, void *arg);

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

/* The session with exactly this id. PROBLEM_SESSION_NOT_FOUND. */
int store_get_session(struct store *store, const char *id, struct session *ret,
		      struct sa_error *err);
/*
 * What a person names: the session with this id or unambiguous id prefix; "@last" is the newest
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
/* How many events of the server, or of one session (NULL: all), and the last one's index (NULL
 * allowed). */
int store_count_events(struct store *store, const struct server *server, const char *session_id,
		       int64_t *ret, int64_t *ret_last, struct sa_error *err);
/* The same of every session that has events, in one pass over the store. */
typedef int store_count_fn(struct span session_id, int64_t server_key, int64_t events, int64_t last,
			   void *arg);
int store_each_count(struct store *store, store_count_fn *fn, void *arg, struct sa_error *err);
/* How many events of this server (NULL: of all on this machine) wait for a database that is away;
 * nothing of that is asked. */
int store_lag(struct store *store, const struct server *server, int64_t *ret_events,
	      struct sa_error *err);
/*
 * Hear of what any supervisor of this store commits, on whatever machine: an fd that is readable
 * when there is news, for poll(2) only, valid until store_heard() fails. From the first call on.
 * -1: this store cannot tell, or not now; look from time to time.
 */
int store_listen(struct store *store, struct sa_error *err);
/* All news since the last call: the server's key, 0 for "some server". Call it before each poll(2):
 * news that come with other answers do not show on the fd. Never blocks. 0; -1: the connection is
 * lost, listen again. */
typedef void store_news_fn(int64_t server_key, void *arg);
int store_heard(struct store *store, store_news_fn *fn, void *arg, struct sa_error *err);
/* The last error was that the database is out of reach; trying again later may help. */
bool store_is_away(const struct store *store);
/* Index after which the last count events (of the session, if given) stand. */
int store_tail_index(struct store *store, const struct server *server, const char *session_id,
		     int64_t count, int64_t *ret_after, struct sa_error *err);
/* The eventIndex of the last event whose streamIndex is at most stream_index (0: before all). */
int store_index_of_stream(struct store *store, const struct server *server, int64_t stream_index,
			  int64_t *ret_index, struct sa_error *err);

/* Requests of agents, oldest first: the open ones, or all; of one session, or all (NULL). */
int store_each_ask(struct store *store, const char *session_id, bool is_all, store_ask_fn *fn,
		   void *arg, struct sa_error *err);

/* Queued prompts of a server, in their order. */
int store_each_prompt(struct store *store, int64_t server_key, store_prompt_fn *fn, void *arg,
		      struct sa_error *err);

/*
 * The supervisor of this server is gone without a word: its sessions become
 * interrupted, its open requests lost, the server ended; unless somebody
 * else was quicker or it was taken over. Idempotent.
 */
int store_mark_dead(struct store *store, const struct server *server, struct sa_error *err);
/* Change a session that no supervisor owns. A closed one has no queued prompts. */
int store_set_session_state(struct store *store, const char *session_id, enum session_state state,
			    const char *reason, struct sa_error *err);
int store_set_server_state(struct store *store, int64_t key, enum server_state state,
			   const char *reason, struct sa_error *err);
/* Forget a session, its events, requests and queued prompts; its server with the last one.
 * PROBLEM_CONFLICT: an agent has it (again). */
int store_delete_session(struct store *store, const struct session *session, struct sa_error *err);

#endif
