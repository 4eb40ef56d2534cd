/* The SQLite store's own parts, shared by its files. */
#ifndef SA_STORE_SQLITE_H
#define SA_STORE_SQLITE_H

#include "store/backend.h"

#include <sqlite3.h>

/* Events of one server stand together: rowid = server key * 2^40 + eventIndex. */
enum { EVENT_INDEX_BITS = 40 };

/* A number that no event can have stays at its own server: it stands behind all, or before. */
static inline int64_t event_rowid(int64_t server_key, int64_t index)
{
	const int64_t most = (INT64_C(1) << EVENT_INDEX_BITS) - 1;
	index = index < 0 ? 0 : index > most ? most : index;
	return server_key << EVENT_INDEX_BITS | index;
}

static inline int64_t event_index_of_row(int64_t rowid)
{
	return rowid & ((INT64_C(1) << EVENT_INDEX_BITS) - 1);
}

enum { STATEMENT_CACHE = 48 };

struct sqlite_store {
	struct store base;
	sqlite3 *db;
	char *path;
	/* Prepared once per text; texts are literals, so that the pointer is the key. */
	struct {
		const char *sql;
		sqlite3_stmt *stmt;
	} cache[STATEMENT_CACHE];
	int news_fd;	    /* inotify on the folder; -1: nobody listens */
	int64_t busy_ms;    /* how long to wait for a lock: SANDBOX_AGENT_STORE_WAIT */
	int64_t busy_until; /* monotonic; 0: no wait under way */
	int log_pages;	    /* in the write-ahead log after a commit, until sqlite_end() looks */
	int log_limit;	    /* pages below which it is left alone, after an attempt in vain */
	int queue_fd;	    /* sqlite_queue.c; 0: not yet open, -1: cannot be */
};

extern const struct store_ops sqlite_ops;
/* Open the file for a zeroed store, migrated; on -1 it wants sqlite_close() all the same. */
int sqlite_open(struct sqlite_store *s, const char *path, struct sa_error *err);
void sqlite_close(struct store *store);
/* Fill err from the connection's last error. Returns -1. */
int sqlite_fail(struct sqlite_store *s, struct sa_error *err, const char *what);
/* Somebody else holds the lock, met count times so far: wait a little. 1: try again; 0: it has
 * taken busy_ms, give up. */
int sqlite_wait_busy(struct sqlite_store *s, int count);
/* A reset statement for a literal text; NULL with err. Do not finalize. */
sqlite3_stmt *sqlite_prepare(struct sqlite_store *s, const char *sql, struct sa_error *err);
/* Step a statement that yields no rows, then reset it. 0, or -1. */
int sqlite_run(struct sqlite_store *s, sqlite3_stmt *stmt, struct sa_error *err);
int sqlite_exec(struct sqlite_store *s, const char *sql, struct sa_error *err);
int sqlite_begin(struct sqlite_store *s, struct sa_error *err);	      /* BEGIN IMMEDIATE */
int sqlite_end(struct sqlite_store *s, int rc, struct sa_error *err); /* COMMIT if rc is 0 */
/* The column as an owned string; NULL for SQL NULL. */
char *sqlite_text(sqlite3_stmt *stmt, int column);
void sqlite_bind_string(sqlite3_stmt *stmt, int index, const char *text); /* NULL allowed */
void sqlite_bind_span(sqlite3_stmt *stmt, int index, struct span text);	  /* none: NULL */

/* sqlite_queue.c: called by sqlite_begin() and sqlite_end(). Without the file, or after busy_ms in
 * the line, a writer goes on to SQLite's own lock. */
void sqlite_queue_enter(struct sqlite_store *s);
void sqlite_queue_leave(struct sqlite_store *s);
void sqlite_queue_close(struct sqlite_store *s);

/* sqlite_news.c */
int sqlite_listen(struct store *, struct sa_error *);
int sqlite_heard(struct store *, store_news_fn *, void *, struct sa_error *);

/* sqlite_schema.c */
int sqlite_version(struct sqlite_store *s, int *ret, struct sa_error *err);
int sqlite_migrate(struct sqlite_store *s, struct sa_error *err);

/* sqlite_write.c */
int sqlite_claim_server(struct store *, struct server *, struct sa_error *);
int sqlite_commit(struct store *, const struct store_batch *, struct sa_error *);
int sqlite_import(struct store *, const struct store_batch *, int64_t *, struct sa_error *);
int sqlite_mark_dead(struct store *, const struct server *, struct sa_error *);
int sqlite_set_session_state(struct store *, const char *, enum session_state, const char *,
			     struct sa_error *);
int sqlite_set_server_state(struct store *, int64_t, enum server_state, const char *,
			    struct sa_error *);
int sqlite_delete_session(struct store *, const struct session *, struct sa_error *);

/* sqlite_care.c */
int sqlite_describe(struct store *, struct store_description *, struct sa_error *);
int sqlite_vacuum(struct store *, struct sa_error *);
int sqlite_check(struct store *, store_fault_fn *, void *, struct sa_error *);

/* sqlite_prompts.c */
int sqlite_write_prompts(struct sqlite_store *, const struct store_batch *, struct sa_error *);
/* The same for a copy: one that is gone stays known as such, with an empty payload. */
int sqlite_import_prompts(struct sqlite_store *, int64_t, const struct store_batch *,
			  struct sa_error *);
int sqlite_each_prompt(struct store *, int64_t, store_prompt_fn *, void *, struct sa_error *);

/* sqlite_read.c */
/* At the end of a walk: reset the statement, tell a broken one. stop is what the visitor said, and
 * the result unless the last step failed: then -1 with err. */
int sqlite_end_walk(struct sqlite_store *s, sqlite3_stmt *stmt, int step, int stop,
		    struct sa_error *err);
/* The single integer of a bound statement, or fallback when there is no row. */
int sqlite_integer(struct sqlite_store *s, sqlite3_stmt *stmt, int64_t fallback, int64_t *ret,
		   struct sa_error *err);
/* The columns of SERVER_COLUMNS, in their order, into ret (owned). */
#define SERVER_COLUMNS                                                                          \
	"key,id,uid,agent,command,cwd,state,boot_id,supervisor_pid,supervisor_start,agent_pid," \
	"agent_start,socket_dir,cgroup,initialize,end_reason,created_ms,updated_ms,last_index," \
	"last_stream_index,credentials,settings"
void sqlite_read_server(sqlite3_stmt *stmt, struct server *ret);
int sqlite_find_server(struct store *, const char *, struct server *, struct sa_error *);
int sqlite_get_server(struct store *, int64_t, struct server *, struct sa_error *);
int sqlite_find_server_by_uid(struct store *, struct span, struct server *, struct sa_error *);
int sqlite_each_server(struct store *, bool, store_server_fn *, void *, struct sa_error *);
int sqlite_find_session(struct store *, const char *, struct session *, struct sa_error *);
int sqlite_each_session(struct store *, int64_t, store_session_fn *, void *, struct sa_error *);
int sqlite_each_event(struct store *, const struct server *, const char *, int64_t, int64_t,
		      store_event_fn *, void *, struct sa_error *);
int sqlite_count_events(struct store *, const struct server *, const char *, int64_t *, int64_t *,
			struct sa_error *);
/* sqlite_count.c. Counts are forgotten where events come or go other than at the end. */
int sqlite_forget_counts(struct sqlite_store *s, int64_t server_key, struct sa_error *err);
int sqlite_each_count(struct store *, store_count_fn *, void *, struct sa_error *);
int sqlite_tail_index(struct store *, const struct server *, const char *, int64_t, int64_t *,
		      struct sa_error *);
int sqlite_index_of_stream(struct store *, const struct server *, int64_t, int64_t *,
			   struct sa_error *);
int sqlite_each_ask(struct store *, const char *, bool, store_ask_fn *, void *, struct sa_error *);

#endif
