/*
 * What the suites for every kind of store share (store.c, store_events.c). They run on
 * SANDBOX_AGENT_STORE, else on a SQLite file of their own; tests/store-postgres.t runs them on
 * PostgreSQL.
 */
#ifndef SA_TESTS_STORE_KIT_H
#define SA_TESTS_STORE_KIT_H

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/procid.h"
#include "store/store.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sa_error err;

/* A server of ours, to be claimed. */
static inline void fill(struct server *server, const char *id)
{
	*server = (struct server){
	    .id = xstrdup(id),
	    .agent = xstrdup("mock"),
	    .command_json = xstrdup("[\"sa-mock-agent\",\"\\u0000 \\\" \\\\\"]"),
	    .cwd = xstrdup("/tmp"),
	    .socket_dir = xstrdup("/nowhere"),
	};
	procid_boot_id(server->boot_id);
	procid_of(getpid(), &server->supervisor);
}

static inline struct event event_of(int64_t index, struct span session, struct span payload)
{
	return (struct event){
	    .index = index,
	    .stream_index = index / 2,
	    .session_id = session,
	    .at_ms = 1700000000000 + index,
	    .sender = index % 2 ? SENDER_CLIENT : SENDER_AGENT,
	    .payload = payload,
	};
}

/* Append count events with the same payload to the server. */
static inline int append(struct store *store, struct server *server, int count, const char *session,
			 struct span payload)
{
	struct event *events = xcalloc((size_t)count, sizeof(*events));
	for (int i = 0; i < count; i++) {
		events[i] = event_of(++server->last_index, span_of(session), payload);
		server->last_stream_index = events[i].stream_index;
	}
	const struct store_batch batch = {
	    .server = server, .events = events, .event_count = (size_t)count};
	int rc = store_commit(store, &batch, &err);
	free(events);
	return rc;
}

static inline int put_session(struct store *store, const struct server *server, const char *id,
			      enum session_state state, int64_t created_ms)
{
	const struct session session = {
	    .id = (char *)(uintptr_t)id,
	    .server_key = server->key,
	    .agent = (char *)(uintptr_t) "mock",
	    .agent_session_id = (char *)(uintptr_t) "agent's \"own\" \\ id",
	    .cwd = (char *)(uintptr_t) "/tmp",
	    .state = state,
	    .title = (char *)(uintptr_t) "a title, with {braces} and \xc3\xbc",
	    .first_index = 1,
	    .created_ms = created_ms,
	    .updated_ms = created_ms,
	};
	const struct session *list[] = {&session};
	const struct store_batch batch = {.server = server, .sessions = list, .session_count = 1};
	return store_commit(store, &batch, &err);
}

struct seen {
	int count;
	int64_t first, last;
	bool has_gap;
	struct span want; /* NONE: any payload */
	int differing;
	int stop_after;
};

static inline int see(const struct event *event, void *arg)
{
	struct seen *seen = arg;
	if (seen->count++ == 0)
		seen->first = event->index;
	else if (event->index != seen->last + 1)
		seen->has_gap = true;
	seen->last = event->index;
	if (seen->want.p && !span_equal(event->payload, seen->want))
		seen->differing++;
	return seen->stop_after && seen->count == seen->stop_after ? 7 : 0;
}

typedef void suite_fn(struct store *store);

/* Open the store and run the tests (NULL ends the list). For main to return. */
static inline int suite_run(suite_fn *const *tests)
{
	char folder[] = "/tmp/sa-store-XXXXXX";
	cleanup_free char *own = NULL;
	if (!getenv("SANDBOX_AGENT_STORE")) {
		own = xasprintf("%s/store.db", mkdtemp(folder));
		cleanup_free char *url = xasprintf("sqlite:%s", own);
		setenv("SANDBOX_AGENT_STORE", url, 1);
	}
	struct store *store = store_open(&err);
	ok(store != NULL, "the store opens: %s", err.message);
	for (; store && *tests; tests++)
		(*tests)(store);
	store_close(store);
	if (own) {
		unlink(own);
		rmdir(folder);
	}
	return done_testing();
}

#endif
