#include "story.h"

#include <string.h>

int story_find(struct store *store, const char *uid, struct server *ret, struct sa_error *err)
{
	struct sa_error why = SA_ERROR_INIT;
	*ret = (struct server){.key = 0};
	if (store_find_server_by_uid(store, span_of(uid), ret, &why) == 0 ||
	    why.kind == PROBLEM_NOT_FOUND)
		return 0;
	*err = why;
	return -1;
}

int story_keep(struct store *store, struct server *server, struct sa_error *err)
{
	struct server there;
	if (story_find(store, server->uid, &there, err) < 0)
		return -1;
	if (server->last_index > there.last_index)
		there.last_index = server->last_index;
	if (server->last_stream_index > there.last_stream_index)
		there.last_stream_index = server->last_stream_index;
	server_clear(server);
	*server = there;
	return 0;
}

struct look {
	int64_t index;
	int64_t at_ms; /* 0: not found */
};

static int look_at(const struct event *event, void *arg)
{
	struct look *look = arg;
	if (event->index == look->index)
		look->at_ms = event->at_ms;
	return 1;
}

int story_check_event(struct store *store, const struct server *there, int64_t index,
		      int64_t at_ms, struct sa_error *err)
{
	struct look look = {index, 0};
	if (store_each_event(store, there, NULL, index - 1, 1, look_at, &look, err) < 0)
		return -1;
	if (look.at_ms == 0 || look.at_ms == at_ms)
		return 0;
	return error_set(err, PROBLEM_CONFLICT,
			 "the agent connection '%s' has gone on in both places: event %lld is "
			 "another one there",
			 there->id, (long long)index);
}

int story_has_session(struct store *store, const char *id, const char *uid, bool *ret,
		      struct sa_error *err)
{
	cleanup_session struct session there = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	struct sa_error why = SA_ERROR_INIT;
	*ret = false;
	if (store_get_session(store, id, &there, &why) < 0) {
		if (why.kind == PROBLEM_SESSION_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (store_get_server(store, there.server_key, &server, err) < 0)
		return -1;
	if (strcmp(server.uid, uid) != 0)
		return error_set(err, PROBLEM_CONFLICT, "there is another session '%s' already", id);
	*ret = true;
	return 0;
}
