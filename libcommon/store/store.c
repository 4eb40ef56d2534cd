#include "store/store.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "store/backend.h"

#include <stdlib.h>
#include <string.h>

/* sqlite:PATH, or the default place when url is NULL. The path is owned by the caller. */
static char *sqlite_path(const char *url, struct sa_error *err)
{
	if (url)
		return xstrdup(url + strlen("sqlite:"));
	cleanup_free char *state = dirs_state();
	if (!state) {
		error_set(err, PROBLEM_STORE_ERROR,
			  "no home directory: set HOME, XDG_STATE_HOME or SANDBOX_AGENT_STORE");
		return NULL;
	}
	if (dirs_make(state, err) < 0) {
		error_prefix(err, "a place for the store (XDG_STATE_HOME or SANDBOX_AGENT_STORE "
				  "names another)");
		return NULL;
	}
	return xasprintf("%s/store.db", state);
}

struct store *store_open_url(const char *url, struct sa_error *err)
{
	if (url && (strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0))
		return postgres_store_open(url, err);
	if (url && strcmp(url, "memory:") == 0)
		return memory_store_open(err);
	if (url && strncmp(url, "sqlite:/", 8) != 0) {
		/* It is not repeated: it may hold a password. */
		error_set(err, PROBLEM_INVALID_REQUEST,
			  "a store is named sqlite:/ABSOLUTE/PATH, postgres://... or memory: "
			  "(SANDBOX_AGENT_STORE)");
		return NULL;
	}
	cleanup_free char *path = sqlite_path(url, err);
	return path ? sqlite_store_open(path, err) : NULL;
}

struct store *store_open(struct sa_error *err)
{
	const char *url = getenv("SANDBOX_AGENT_STORE");
	return store_open_url(url && *url ? url : NULL, err);
}

void store_close(struct store *store)
{
	if (store)
		store->ops->close(store);
}

int store_claim_server(struct store *store, struct server *server, struct sa_error *err)
{
	return store->ops->claim_server(store, server, err);
}

int store_commit(struct store *store, const struct store_batch *batch, struct sa_error *err)
{
	return store->ops->commit(store, batch, err);
}

int64_t store_take_forgotten(struct store *store)
{
	return store->ops->take_forgotten ? store->ops->take_forgotten(store) : 0;
}

int store_import(struct store *store, const struct store_batch *batch, int64_t *ret_key,
		 struct sa_error *err)
{
	return store->ops->import(store, batch, ret_key, err);
}

int store_tick(struct store *store, int64_t *ret_next, struct sa_error *err)
{
	*ret_next = DEADLINE_NEVER;
	return store->ops->tick ? store->ops->tick(store, ret_next, err) : 0;
}

int store_count_events(struct store *store, const struct server *server, const char *session_id,
		       int64_t *ret, int64_t *ret_last, struct sa_error *err)
{
	int64_t last;
	return store->ops->count_events(store, server, session_id, ret, ret_last ? ret_last : &last,
					err);
}

int store_each_count(struct store *store, store_count_fn *fn, void *arg, struct sa_error *err)
{
	return store->ops->each_count(store, fn, arg, err);
}

int store_lag(struct store *store, const struct server *server, int64_t *ret_events,
	      struct sa_error *err)
{
	*ret_events = 0;
	return store->ops->lag ? store->ops->lag(store, server, ret_events, err) : 0;
}

int store_listen(struct store *store, struct sa_error *err)
{
	return store->ops->listen
		   ? store->ops->listen(store, err)
		   : error_set(err, PROBLEM_STORE_ERROR, "this store does not tell news");
}

int store_heard(struct store *store, store_news_fn *fn, void *arg, struct sa_error *err)
{
	return store->ops->heard(store, fn, arg, err);
}

bool store_is_away(const struct store *store)
{
	return store->ops->is_away && store->ops->is_away(store);
}

int store_describe(struct store *store, struct store_description *ret, struct sa_error *err)
{
	return store->ops->describe(store, ret, err);
}

int store_vacuum(struct store *store, struct sa_error *err)
{
	return store->ops->vacuum(store, err);
}

int store_check(struct store *store, store_fault_fn *fn, void *arg, struct sa_error *err)
{
	return store->ops->check(store, fn, arg, err);
}

int store_find_server(struct store *store, const char *id, struct server *ret, struct sa_error *err)
{
	return store->ops->find_server(store, id, ret, err);
}

int store_get_server(struct store *store, int64_t key, struct server *ret, struct sa_error *err)
{
	return store->ops->get_server(store, key, ret, err);
}

int store_find_server_by_uid(struct store *store, struct span uid, struct server *ret,
			     struct sa_error *err)
{
	return store->ops->find_server_by_uid(store, uid, ret, err);
}

int store_each_server(struct store *store, bool is_all, store_server_fn *fn, void *arg,
		      struct sa_error *err)
{
	return store->ops->each_server(store, is_all, fn, arg, err);
}

int store_find_session(struct store *store, const char *reference, struct session *ret,
		       struct sa_error *err)
{
	return store->ops->find_session(store, reference, ret, err);
}

/* An id that is there is found before anything that it is the start of. */
int store_get_session(struct store *store, const char *id, struct session *ret,
		      struct sa_error *err)
{
	int rc = store_find_session(store, id, ret, err);
	if (rc == 0 && strcmp(ret->id, id) == 0)
		return 0;
	if (rc < 0 && err->kind != PROBLEM_INVALID_REQUEST)
		return -1;
	if (rc == 0)
		session_clear(ret);
	return error_set(err, PROBLEM_SESSION_NOT_FOUND, "no session '%s'", id);
}

int store_each_session(struct store *store, int64_t server_key, store_session_fn *fn, void *arg,
		       struct sa_error *err)
{
	return store->ops->each_session(store, server_key, fn, arg, err);
}

int store_each_event(struct store *store, const struct server *server, const char *session_id,
		     int64_t after, int64_t limit, store_event_fn *fn, void *arg,
		     struct sa_error *err)
{
	return store->ops->each_event(store, server, session_id, after, limit, fn, arg, err);
}

int store_tail_index(struct store *store, const struct server *server, const char *session_id,
		     int64_t count, int64_t *ret_after, struct sa_error *err)
{
	return store->ops->tail_index(store, server, session_id, count, ret_after, err);
}

int store_index_of_stream(struct store *store, const struct server *server, int64_t stream_index,
			  int64_t *ret_index, struct sa_error *err)
{
	return store->ops->index_of_stream(store, server, stream_index, ret_index, err);
}

int store_each_ask(struct store *store, const char *session_id, bool is_all, store_ask_fn *fn,
		   void *arg, struct sa_error *err)
{
	return store->ops->each_ask(store, session_id, is_all, fn, arg, err);
}

int store_each_prompt(struct store *store, int64_t server_key, store_prompt_fn *fn, void *arg,
		      struct sa_error *err)
{
	return store->ops->each_prompt(store, server_key, fn, arg, err);
}

int store_mark_dead(struct store *store, const struct server *server, struct sa_error *err)
{
	return store->ops->mark_dead(store, server, err);
}

int store_set_session_state(struct store *store, const char *session_id, enum session_state state,
			    const char *reason, struct sa_error *err)
{
	return store->ops->set_session_state(store, session_id, state, reason, err);
}

int store_set_server_state(struct store *store, int64_t key, enum server_state state,
			   const char *reason, struct sa_error *err)
{
	return store->ops->set_server_state(store, key, state, reason, err);
}

int store_delete_session(struct store *store, const struct session *session, struct sa_error *err)
{
	return store->ops->delete_session(store, session, err);
}
