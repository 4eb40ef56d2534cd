#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "store/store.h"
#include "verbs.h"
#include "json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Sessions that are over, as few words as are needed to delete them. */
struct old_session {
	char *id;
	int64_t server_key;
	int64_t updated_ms;
};
struct old_list {
	struct old_session *items;
	size_t count;
};

static int note_old(const struct session *session, void *arg)
{
	struct old_list *list = arg;
	if (!session_state_is_over(session->state))
		return 0;
	list->items = xreallocarray(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] =
	    (struct old_session){xstrdup(session->id), session->server_key, session->updated_ms};
	return 0;
}

static int oldest_first(const void *a, const void *b)
{
	const struct old_session *x = a, *y = b;
	return x->updated_ms < y->updated_ms ? -1 : x->updated_ms > y->updated_ms;
}

/* Does the oldest session, with so many others left, have to go? 1, 0, or -1. */
static int is_due(const struct options *o, struct store *store, const struct old_session *session,
		  size_t left, struct sa_error *err)
{
	if (o->older_ms >= 0 && session->updated_ms <= clock_now_ms() - o->older_ms)
		return 1;
	if (o->keep != UINT64_MAX && left > o->keep)
		return 1;
	if (o->max_bytes == UINT64_MAX)
		return 0;
	struct store_description d;
	if (store_describe(store, &d, err) < 0)
		return -1;
	free(d.place);
	return (uint64_t)d.bytes > o->max_bytes;
}

static int forget(const struct options *o, struct store *store, const struct old_session *old,
		  struct sa_error *err)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	const struct session session = {.id = old->id, .server_key = old->server_key};
	struct sa_error why = SA_ERROR_INIT;
	if (!o->is_dry_run && store_delete_session(store, &session, &why) < 0) {
		/* Somebody has brought it back meanwhile. */
		if (why.kind == PROBLEM_CONFLICT)
			return 0;
		*err = why;
		return -1;
	}
	if (command_wants_text(&o->common)) {
		printf("%s\n", old->id);
		return 0;
	}
	json_open(&b, '{');
	json_kv_string(&b, "id", old->id);
	json_kv_time(&b, "updatedAt", old->updated_ms);
	json_kv_bool(&b, "isDeleted", !o->is_dry_run);
	buf_adds(&b, "}\n");
	fwrite(b.data, 1, b.len, stdout);
	return 0;
}

int prune_run(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = options;
	struct old_list list = {NULL, 0};
	if (argc > 0 || (o->older_ms < 0 && o->keep == UINT64_MAX && o->max_bytes == UINT64_MAX))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "say what may go: --older-than, --keep or --max-size");
	if (o->is_dry_run && o->max_bytes != UINT64_MAX)
		return error_set(
		    err, PROBLEM_INVALID_REQUEST,
		    "--max-size deletes until the size is reached: it has no --dry-run");
	cleanup_store struct store *store = store_open(err);
	(void)argv;
	if (!store)
		return -1;
	int due = 1, rc = store_each_session(store, 0, note_old, &list, err);
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), oldest_first);
	for (size_t i = 0; rc == 0 && due == 1 && i < list.count; i++) {
		due = is_due(o, store, &list.items[i], list.count - i, err);
		rc = due < 0 ? -1 : due ? forget(o, store, &list.items[i], err) : 0;
	}
	for (size_t i = 0; i < list.count; i++)
		free(list.items[i].id);
	free(list.items);
	return rc < 0 ? -1 : SA_EXIT_OK;
}
