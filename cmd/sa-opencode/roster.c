#include "roster.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "session_json.h"

#include <stdlib.h>
#include <string.h>

struct look {
	struct roster *roster;
	struct store *store;
	struct teller *teller;
	const struct server *server;
	struct roster_server *place;
	bool is_first;
	int64_t since;
	struct sa_error *err;
};

/* --- sessions ------------------------------------------------------------------------- */

static struct roster_session *find_session(struct roster *roster, struct span id)
{
	for (size_t i = 0; i < roster->session_count; i++)
		if (span_is(id, roster->sessions[i].row.id))
			return &roster->sessions[i];
	return NULL;
}

static void copy_row(struct session *row, const struct session *from)
{
	session_clear(row);
	*row = (struct session){
	    .id = xstrdup(from->id),
	    .server_key = from->server_key,
	    .agent = xstrdup(from->agent),
	    .cwd = xstrdup(from->cwd),
	    .state = from->state,
	    .title = xstrdup(from->title),
	    .model = xstrdup(from->model),
	    .open_json = xstrdup(from->open_json),
	    .end_reason = xstrdup(from->end_reason),
	    .created_ms = from->created_ms,
	    .updated_ms = from->updated_ms,
	};
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Does a client see a difference? */
static bool has_changed(const struct session *a, const struct session *b)
{
	return !is_same(a->title, b->title) || !is_same(a->agent, b->agent) ||
	       !is_same(a->model, b->model) || !is_same(a->cwd, b->cwd) ||
	       !is_same(a->open_json, b->open_json);
}

static int take_session(const struct session *row, void *arg)
{
	struct look *look = arg;
	struct roster *roster = look->roster;
	struct roster_session *known = find_session(roster, span_of(row->id));
	bool is_told = !look->is_first || row->updated_ms >= look->since;
	if (known) {
		bool is_other = has_changed(&known->row, row);
		copy_row(&known->row, row);
		known->is_seen = true;
		if (is_other)
			tell_session(look->teller, "session.updated", row);
		return 0;
	}
	roster->sessions =
	    xreallocarray(roster->sessions, roster->session_count + 1, sizeof(*roster->sessions));
	known = &roster->sessions[roster->session_count++];
	*known = (struct roster_session){.is_seen = true};
	copy_row(&known->row, row);
	if (is_told)
		tell_session(look->teller,
			     look->is_first && row->created_ms < look->since ? "session.updated"
									     : "session.created",
			     row);
	return 0;
}

static void free_session(struct roster_session *session)
{
	if (session->has_thread)
		thread_free(&session->thread);
	session_clear(&session->row);
}

static void drop_unseen(struct roster *roster, struct teller *teller)
{
	size_t kept = 0;
	for (size_t i = 0; i < roster->session_count; i++) {
		struct roster_session *session = &roster->sessions[i];
		if (session->is_seen) {
			session->is_seen = false;
			roster->sessions[kept++] = *session;
			continue;
		}
		session->row.updated_ms = clock_now_ms();
		tell_session(teller, "session.deleted", &session->row);
		free_session(session);
	}
	roster->session_count = kept;
}

/* --- records ------------------------------------------------------------------------------ */

static int take_event(const struct event *event, void *arg)
{
	struct look *look = arg;
	struct roster_session *session = find_session(look->roster, event->session_id);
	look->place->position = event->index;
	if (!session)
		return 0;
	if (!session->has_thread) {
		thread_init(&session->thread, &session->row, look->server->uid);
		session->has_thread = true;
	}
	look->teller->is_mute = event->at_ms < look->roster->quiet_before_ms;
	tell_record(look->teller, &session->thread, event);
	look->teller->is_mute = false;
	return 0;
}

static struct roster_server *find_server(struct roster *roster, int64_t key)
{
	for (size_t i = 0; i < roster->server_count; i++)
		if (roster->servers[i].key == key)
			return &roster->servers[i];
	roster->servers =
	    xreallocarray(roster->servers, roster->server_count + 1, sizeof(*roster->servers));
	struct roster_server *place = &roster->servers[roster->server_count++];
	*place = (struct roster_server){.key = key};
	return place;
}

static bool has_running(const struct roster *roster, int64_t key)
{
	for (size_t i = 0; i < roster->session_count; i++)
		if (roster->sessions[i].row.server_key == key &&
		    strcmp(session_status(&roster->sessions[i].row), "busy") == 0)
			return true;
	return false;
}

static int take_server(const struct server *server, void *arg)
{
	struct look *look = arg;
	struct roster_server *place = find_server(look->roster, server->key);
	/* History nobody has asked for. */
	if (look->is_first && server->updated_ms < look->since &&
	    !has_running(look->roster, server->key))
		place->position = server->last_index;
	if (server->last_index <= place->position)
		return 0;
	look->server = server;
	look->place = place;
	return store_each_event(look->store, server, NULL, place->position, 0, take_event, look,
				look->err) < 0
		   ? -1
		   : 0;
}

/* Text that is not followed by anything yet; turns whose agent is gone. */
static void tell_rest(struct look *look)
{
	for (size_t i = 0; i < look->roster->session_count; i++) {
		struct roster_session *session = &look->roster->sessions[i];
		if (!session->has_thread)
			continue;
		if (session_state_is_over(session->row.state) && session->thread.is_busy)
			thread_interrupt(&session->thread,
					 session->row.end_reason ? session->row.end_reason
								 : "interrupted",
					 session->row.updated_ms);
		look->teller->is_mute = look->is_first && look->since == INT64_MAX;
		tell_thread(look->teller, &session->thread, clock_now_ms());
		look->teller->is_mute = false;
		if (session->thread.is_busy)
			continue;
		thread_free(&session->thread);
		session->has_thread = false;
	}
}

/* Sessions before the records about them; then servers, whose records may be of sessions that
 * came meanwhile: those are told in the next look, from where they begin. */
static int look_around(struct look *look)
{
	struct roster *roster = look->roster;
	if (store_each_session(look->store, 0, take_session, look, look->err) < 0)
		return -1;
	drop_unseen(roster, look->teller);
	if (store_each_server(look->store, true, take_server, look, look->err) < 0)
		return -1;
	tell_rest(look);
	return 0;
}

int roster_begin(struct roster *roster, struct store *store, struct teller *teller, int64_t since,
		 struct sa_error *err)
{
	struct look look = {.roster = roster,
			    .store = store,
			    .teller = teller,
			    .is_first = true,
			    .since = since,
			    .err = err};
	roster->quiet_before_ms = since == INT64_MAX ? INT64_MAX : since;
	int rc = look_around(&look);
	roster->quiet_before_ms = 0;
	return rc;
}

int roster_look(struct roster *roster, struct store *store, struct teller *teller,
		struct sa_error *err)
{
	struct look look = {.roster = roster, .store = store, .teller = teller, .err = err};
	return look_around(&look);
}

void roster_free(struct roster *roster)
{
	for (size_t i = 0; i < roster->session_count; i++)
		free_session(&roster->sessions[i]);
	free(roster->sessions);
	free(roster->servers);
	*roster = (struct roster){.sessions = NULL};
}
