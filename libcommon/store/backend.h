/* What a kind of store implements. Used by store.c and the implementations only. */
#ifndef SA_STORE_BACKEND_H
#define SA_STORE_BACKEND_H

#include "store/store.h"

/* Each implementation embeds this first and fills ops. Functions: see store.h. */
struct store {
	const struct store_ops *ops;
};

struct store_ops {
	void (*close)(struct store *);
	int (*claim_server)(struct store *, struct server *, struct sa_error *);
	int (*commit)(struct store *, const struct store_batch *, struct sa_error *);
	int (*import)(struct store *, const struct store_batch *, int64_t *, struct sa_error *);
	int64_t (*take_forgotten)(struct store *);		   /* NULL: nothing ever */
	int (*tick)(struct store *, int64_t *, struct sa_error *); /* NULL: nothing to do */
	int (*lag)(struct store *, const struct server *, int64_t *,
		   struct sa_error *);				  /* NULL: 0 */
	int (*listen)(struct store *, struct sa_error *); /* NULL: cannot, nor heard */
	int (*heard)(struct store *, store_news_fn *, void *, struct sa_error *);
	bool (*is_away)(const struct store *); /* NULL: never */
	int (*describe)(struct store *, struct store_description *, struct sa_error *);
	int (*vacuum)(struct store *, struct sa_error *);
	int (*check)(struct store *, store_fault_fn *, void *, struct sa_error *);
	int (*find_server)(struct store *, const char *id, struct server *, struct sa_error *);
	int (*get_server)(struct store *, int64_t key, struct server *, struct sa_error *);
	int (*find_server_by_uid)(struct store *, struct span, struct server *, struct sa_error *);
	int (*each_server)(struct store *, bool is_all, store_server_fn *, void *,
			   struct sa_error *);
	int (*find_session)(struct store *, const char *, struct session *, struct sa_error *);
	int (*each_session)(struct store *, int64_t, store_session_fn *, void *, struct sa_error *);
	int (*each_event)(struct store *, const struct server *, const char *, int64_t, int64_t,
			  store_event_fn *, void *, struct sa_error *);
	int (*count_events)(struct store *, const struct server *, const char *, int64_t *,
			    int64_t *, struct sa_error *);
	int (*each_count)(struct store *, store_count_fn *, void *, struct sa_error *);
	int (*tail_index)(struct store *, const struct server *, const char *, int64_t, int64_t *,
			  struct sa_error *);
	int (*index_of_stream)(struct store *, const struct server *, int64_t, int64_t *,
			       struct sa_error *);
	int (*each_ask)(struct store *, const char *, bool is_all, store_ask_fn *, void *,
			struct sa_error *);
	int (*each_prompt)(struct store *, int64_t, store_prompt_fn *, void *, struct sa_error *);
	int (*mark_dead)(struct store *, const struct server *, struct sa_error *);
	int (*set_session_state)(struct store *, const char *, enum session_state, const char *,
				 struct sa_error *);
	int (*set_server_state)(struct store *, int64_t, enum server_state, const char *,
				struct sa_error *);
	int (*delete_session)(struct store *, const struct session *, struct sa_error *);
};

/* Open or create the database at path (":memory:" is not for sharing). NULL on error. */
struct store *sqlite_store_open(const char *path, struct sa_error *err);
/* A SQLite database in shared memory: nothing on disk. NULL on error. */
struct store *memory_store_open(struct sa_error *err);
/* A postgres:// URL or a libpq connection string; connects with the first use. NULL on error. */
struct store *postgres_store_open(const char *url, struct sa_error *err);

#endif
