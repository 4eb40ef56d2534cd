/* The PostgreSQL store's own parts, shared by its files. */
#ifndef SA_STORE_POSTGRES_H
#define SA_STORE_POSTGRES_H

#include "store/backend.h"
#include "store/pq.h"

enum {
	PG_PAGE_EVENTS = 256, /* events of one read */
	PG_SEEN_MS = 120000,  /* a supervisor elsewhere counts as alive for so long after a sign */
	PG_HEARTBEAT_MS = 30000, /* signs of a supervisor that has nothing to write */
	PG_RETRY_MS = 1000,	 /* between attempts while the database is away */
	PG_IDLE_MS = 60000,	 /* an idle supervisor gives its connection back */
};

#define PG_SCHEMA_DEFAULT "sandbox_agent"

struct postgres_store {
	struct store base;
	struct pq_conn conn;
	char *schema;
	char *host;	     /* this machine, as the rows name it */
	int64_t used_at;     /* monotonic: last statement of ours */
	int64_t beat_at;     /* monotonic: last sign of life of claimed_key */
	int64_t claimed_key; /* the server that this process supervises; 0: none */
	char *claimed_uid;
	/* While the database is away: what would be there. */
	struct store *spool;
	int spool_lock;
	int64_t retry_at; /* monotonic */
	bool is_in_transaction;
	bool is_listening;
};

static inline struct postgres_store *postgres_of(struct store *store)
{
	return (struct postgres_store *)(void *)store;
}

/* pq_run() that connects once more when the connection turned out to be dead. sql must be
 * harmless to run twice. */
int postgres_run(struct postgres_store *s, const char *sql, int count, const char *const *params,
		 struct pq_result *ret, struct sa_error *err);
int postgres_begin(struct postgres_store *s, struct sa_error *err);
int postgres_end(struct postgres_store *s, int rc, struct sa_error *err); /* COMMIT if rc is 0 */

enum { PG_NUMBER_BYTES = 24 };
/* A number as a parameter; text has PG_NUMBER_BYTES. Returns text. */
const char *postgres_number(int64_t value, char *text);

/* postgres_schema.c: on a new connection: the schema, its migrations. 0, or -1. */
int postgres_prepare(void *store, struct sa_error *err);
/* -1 when there is none yet. */
int postgres_version(struct postgres_store *s, int64_t *ret, struct sa_error *err);

/* postgres_write.c */
int postgres_claim_server(struct store *, struct server *, struct sa_error *);
/* To the database, without the spool. */
int postgres_commit_now(struct postgres_store *, const struct store_batch *, struct sa_error *);
int postgres_import(struct store *, const struct store_batch *, int64_t *, struct sa_error *);
int postgres_beat(struct postgres_store *, struct sa_error *);
int postgres_mark_dead(struct store *, const struct server *, struct sa_error *);
int postgres_set_session_state(struct store *, const char *, enum session_state, const char *,
			       struct sa_error *);
int postgres_set_server_state(struct store *, int64_t, enum server_state, const char *,
			      struct sa_error *);
int postgres_delete_session(struct store *, const struct session *, struct sa_error *);

/* postgres_read.c */
#define PG_SERVER_COLUMNS                                                                       \
	"key,id,uid,agent,command,cwd,state,boot_id,supervisor_pid,supervisor_start,agent_pid," \
	"agent_start,socket_dir,cgroup,initialize,end_reason,created_ms,updated_ms,last_index," \
	"last_stream_index,host,(extract(epoch from clock_timestamp())*1000)::bigint-seen_ms,"  \
	"credentials,settings"
void postgres_read_server(const struct postgres_store *s, const struct pq_result *rows, int row,
			  struct server *ret);
int postgres_find_server(struct store *, const char *, struct server *, struct sa_error *);
int postgres_get_server(struct store *, int64_t, struct server *, struct sa_error *);
int postgres_find_server_by_uid(struct store *, struct span, struct server *, struct sa_error *);
int postgres_each_server(struct store *, bool, store_server_fn *, void *, struct sa_error *);
int postgres_find_session(struct store *, const char *, struct session *, struct sa_error *);
int postgres_each_session(struct store *, int64_t, store_session_fn *, void *, struct sa_error *);
int postgres_each_event(struct store *, const struct server *, const char *, int64_t, int64_t,
			store_event_fn *, void *, struct sa_error *);
/* postgres_count.c */
int postgres_forget_counts(struct postgres_store *, int64_t server_key, struct sa_error *);
int postgres_each_count(struct store *, store_count_fn *, void *, struct sa_error *);
int postgres_tail_index(struct store *, const struct server *, const char *, int64_t, int64_t *,
			struct sa_error *);
int postgres_index_of_stream(struct store *, const struct server *, int64_t, int64_t *,
			     struct sa_error *);
int postgres_count_events(struct store *, const struct server *, const char *, int64_t *, int64_t *,
			  struct sa_error *);
int postgres_each_ask(struct store *, const char *, bool, store_ask_fn *, void *,
		      struct sa_error *);
int postgres_each_prompt(struct store *, int64_t, store_prompt_fn *, void *, struct sa_error *);

/* postgres_care.c */
int postgres_describe(struct store *, struct store_description *, struct sa_error *);
int postgres_vacuum(struct store *, struct sa_error *);
int postgres_check(struct store *, store_fault_fn *, void *, struct sa_error *);

/* postgres_spool.c: what could not be written waits in a SQLite file on this machine. */
int postgres_commit(struct store *, const struct store_batch *, struct sa_error *);
int postgres_tick(struct store *, int64_t *ret_next, struct sa_error *);
void postgres_spool_close(struct postgres_store *);
int postgres_lag(struct store *, const struct server *, int64_t *, struct sa_error *);
/* Drain what dead supervisors of this machine left. 0, or -1. */
int postgres_drain_leftovers(struct postgres_store *, struct sa_error *);
/* The rows of this server that wait on this machine; NULL when none do. The caller closes. */
struct store *postgres_open_spool(const struct postgres_store *s, const char *uid);

#endif
