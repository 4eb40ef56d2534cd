#include "store/store.h"

#include "base/cleanup.h"
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
	if (dirs_make(state, err) < 0)
		return NULL;
	return xasprintf("%s/store.db", state);
}

struct store *store_open(struct sa_error *err)
{
	const char *url = getenv("SANDBOX_AGENT_STORE");
	if (url && !*url)
		url = NULL;
	if (url && strncmp(url, "sqlite:/", 8) != 0) {
		error_set(err, PROBLEM_INVALID_REQUEST,
			  "SANDBOX_AGENT_STORE wants sqlite:/ABSOLUTE/PATH, not '%s'", url);
		return NULL;
	}
	cleanup_free char *path = sqlite_path(url, err);
	return path ? sqlite_store_open(path, err) : NULL;
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

int store_find_server(struct store *store, const char *id, struct server *ret, struct sa_error *err)
{
	return store->ops->find_server(store, id, ret, err);
}

int store_get_server(struct store *store, int64_t key, struct server *ret, struct sa_error *err)
{
	return store->ops->get_server(store, key, ret, err);
}

int store_find_server_by_uid(struct store *store, struct span uid, struct server *ret, struct sa_error *err)
{
	return store->ops->find_server_by_uid(store, uid, ret, err);
}

int store_each_server(struct store *store, bool is_all, store_server_fn *fn, void *arg, struct sa_error *err)
{
	return store->ops->each_server(store, is_all, fn, arg, err);
}

int store_find_session(struct store *store, const char *reference, struct session *ret, struct sa_error *err)
{
	return store->ops->find_session(store, reference, ret, err);
}

int store_each_session(struct store *store, int64_t server_key, store_session_fn *fn, void *arg, struct sa_error *err)
{
	return store->ops->each_session(store, server_key, fn, arg, err);
}

int store_each_event(struct store *store, const struct server *server, const char *session_id, int64_t after, int64_t limit, store_event_fn *fn, void *arg, struct sa_error *err)
{
	return store->ops->each_event(store, server, session_id, after, limit, fn, arg, err);
}

int store_tail_index(struct store *store, const struct server *server, const char *session_id, int64_t count, int64_t *ret_after, struct sa_error *err)
{
	return store->ops->tail_index(store, server, session_id, count, ret_after, err);
}

int store_index_of_stream(struct store *store, const struct server *server, int64_t stream_index, int64_t *ret_index, struct sa_error *err)
{
	return store->ops->index_of_stream(store, server, stream_index, ret_index, err);
}

int store_each_ask(struct store *store, const char *session_id, bool is_all, store_ask_fn *fn, void *arg, struct sa_error *err)
{
	return store->ops->each_ask(store, session_id, is_all, fn, arg, err);
}

int store_mark_dead(struct store *store, const struct server *server, struct sa_error *err)
{
	return store->ops->mark_dead(store, server, err);
}

int store_set_session_state(struct store *store, const char *session_id, enum session_state state, const char *reason, struct sa_error *err)
{
	return store->ops->set_session_state(store, session_id, state, reason, err);
}

int store_set_server_state(struct store *store, int64_t key, enum server_state state, const char *reason, struct sa_error *err)
{
	return store->ops->set_server_state(store, key, state, reason, err);
}

int store_delete_session(struct store *store, const struct session *session, struct sa_error *err)
{
	return store->ops->delete_session(store, session, err);
}
