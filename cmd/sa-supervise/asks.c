#include "asks.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "sessions.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

enum { ID_TEXT_MAX = 256 };

struct ask_track *asks_add(struct supervisor *sv, const struct envelope *request, int64_t index,
			   struct session_track *session)
{
	/* An agent that asks for ever and one whose ids are novels are recorded, not tracked. */
	if (sv->ask_count >= ASKS_MAX || request->id.n > ID_TEXT_MAX)
		return NULL;
	struct ask_track *ask = xcalloc(1, sizeof(*ask));
	char *method = json_string_dup(request->method);
	ask->record = (struct ask){
	    .index = index,
	    .session_id = session ? xstrdup(session->record.id) : NULL,
	    .method = method ? method : xstrdup("?"),
	    .rpc_id = xmemdup0(request->id.p, request->id.n),
	    .state = ASK_OPEN,
	    .created_ms = clock_now_ms(),
	};
	ask->session = session;
	ask->is_dirty = true;
	ask->deadline = DEADLINE_NEVER;
	ask->next = sv->asks;
	sv->asks = ask;
	sv->ask_count++;
	if (session) {
		session->open_asks++;
		sessions_refresh(session);
	}
	return ask;
}

struct ask_track *asks_find_id(struct supervisor *sv, struct span id)
{
	struct ask_track *oldest = NULL;
	for (struct ask_track *ask = sv->asks; ask; ask = ask->next)
		if (ask->record.state == ASK_OPEN &&
		    json_scalar_equal(span_of(ask->record.rpc_id), id))
			oldest = ask;
	return oldest;
}

struct ask_track *asks_find_event(struct supervisor *sv, const char *event_id, struct sa_error *err)
{
	struct span uid;
	int64_t index;
	if (event_id_parse(span_of(event_id), &uid, &index) < 0 || !span_is(uid, sv->server.uid)) {
		error_set(err, PROBLEM_NOT_FOUND, "no request '%s' here", event_id);
		return NULL;
	}
	for (struct ask_track *ask = sv->asks; ask; ask = ask->next)
		if (ask->record.index == index && ask->record.state == ASK_OPEN)
			return ask;
	error_set(err, PROBLEM_CONFLICT, "request '%s' is answered already, or was never one",
		  event_id);
	return NULL;
}

bool asks_was_settled(struct supervisor *sv, struct span id, bool *ret_is_ours)
{
	/* The newest one of that id counts. */
	for (size_t i = 0; i < SETTLED_IDS_KEPT; i++) {
		const struct settled_id *s =
		    &sv->settled_ids[(sv->settled_next - 1 - i) % SETTLED_IDS_KEPT];
		if (!s->rpc_id || !json_scalar_equal(span_of(s->rpc_id), id))
			continue;
		*ret_is_ours = s->is_ours;
		return true;
	}
	return false;
}

static void remember_settled(struct supervisor *sv, const char *rpc_id, bool is_ours)
{
	struct settled_id *slot = &sv->settled_ids[sv->settled_next++ % SETTLED_IDS_KEPT];
	free(slot->rpc_id);
	*slot = (struct settled_id){xstrdup(rpc_id), is_ours};
}

static bool is_ours(const char *by)
{
	static const char *const names[] = {"policy", "hook", "deadline", "unattended"};
	for (size_t i = 0; by && i < ARRAY_SIZE(names); i++)
		if (strcmp(by, names[i]) == 0)
			return true;
	return false;
}

void asks_settle(struct supervisor *sv, struct ask_track *ask, enum ask_state state,
		 struct span answer, const char *by, const char *reason)
{
	remember_settled(sv, ask->record.rpc_id, is_ours(by));
	ask->record.settled_by = xstrdup(by);
	ask->record.reason = xstrdup(reason);
	ask->record.state = state;
	ask->record.settled_ms = clock_now_ms();
	if (answer.p)
		ask->record.answer_json = xmemdup0(answer.p, answer.n);
	ask->is_dirty = true;
	if (ask->session) {
		ask->session->open_asks--;
		sessions_refresh(ask->session);
	}
}

void asks_lose(struct supervisor *sv, const struct session_track *session)
{
	for (struct ask_track *ask = sv->asks; ask; ask = ask->next)
		if (ask->record.state == ASK_OPEN && (!session || ask->session == session))
			asks_settle(sv, ask, ASK_LOST, SPAN_NONE, NULL, NULL);
}

void asks_free_one(struct ask_track *ask)
{
	ask_clear(&ask->record);
	free(ask->late_answer);
	free(ask->unattended_answer);
	free(ask);
}

void asks_free(struct supervisor *sv)
{
	while (sv->asks) {
		struct ask_track *ask = sv->asks;
		sv->asks = ask->next;
		asks_free_one(ask);
	}
	sv->ask_count = 0;
	for (size_t i = 0; i < SETTLED_IDS_KEPT; i++)
		free(sv->settled_ids[i].rpc_id);
}
