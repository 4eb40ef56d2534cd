/*
 * Resume and fork over HTTP. They start an agent and talk to it until it is done, so that
 * everybody else would wait: sa-serve has a filter of its own for each such request (ONCE).
 */
#include "agent/rundir.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"
#include "ops.h"
#include "ops_find.h"
#include "resume.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

int ops_close_over(struct broker *broker, struct session *session, const struct server *server,
		   struct sa_error *err)
{
	cleanup_free char *name = xasprintf("resume-%s", server->uid);
	cleanup_free char *id = xstrdup(session->id);
	int lock = rundir_try_lock(name, err);
	if (lock < 0)
		return err->kind == PROBLEM_CONFLICT
			   ? error_set(err, PROBLEM_CONFLICT, "session '%s' is being brought back", id)
			   : -1;
	session_clear(session);
	int rc = store_get_session(broker->store, id, session, err);
	if (rc == 0 && !session_state_is_over(session->state))
		rc = 1;
	if (rc == 0)
		rc = store_set_session_state(broker->store, id, SESSION_CLOSED, "closed", err);
	rundir_unlock(name, lock);
	return rc;
}

/* What the body says, as the command line would: strings are owned by words. */
struct wishes {
	struct options options;
	char *cwd, *id, *by;
};

static void wishes_clear(struct wishes *w)
{
	free(w->cwd);
	free(w->id);
	free(w->by);
}
#define cleanup_wishes __attribute__((cleanup(wishes_clear)))

/* A text, absent or null. 0, or -1. */
static int read_text(struct span body, const char *name, char **ret, struct sa_error *err)
{
	struct span value = json_get(body, name);
	if (!value.p || json_type(value) == JSON_NULL)
		return 0;
	*ret = json_string_dup(value);
	return *ret ? 0 : error_set(err, PROBLEM_INVALID_REQUEST, "\"%s\" is a text", name);
}

/* A whole number, absent: 0. 0, or -1. */
static int read_number(struct span body, const char *name, uint64_t *ret, struct sa_error *err)
{
	struct span value = json_get(body, name);
	int64_t number = value.p ? json_int_or(value, -1) : 0;
	if (number < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "\"%s\" is a number from 0", name);
	*ret = (uint64_t)number;
	return 0;
}

static int read_wishes(struct span body, struct wishes *w, struct sa_error *err)
{
	struct options *o = &w->options;
	if (body.p && json_type(body) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the body is an object");
	if (read_text(body, "cwd", &w->cwd, err) < 0 || read_text(body, "id", &w->id, err) < 0 ||
	    read_text(body, "by", &w->by, err) < 0 || read_number(body, "at", &o->at, err) < 0 ||
	    read_number(body, "replayMaxEvents", &o->replay_events, err) < 0 ||
	    read_number(body, "replayMaxChars", &o->replay_chars, err) < 0)
		return -1;
	o->create.cwd = w->cwd;
	o->create.id = w->id;
	o->by = w->by;
	return ways_check(o->by, o->replay_events, o->replay_chars, err);
}

static void answer_session(struct broker *broker, const struct filter_request *request,
			   int status, const struct connection *c)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	session_open_json(&b, &c->session);
	json_kv_int(&b, "eventIndex", c->server.last_index);
	json_close(&b, '}');
	ops_answer(broker, request, status, buf_span(&b));
}

/* The session that the request is about, in a connection of its own. 0, or -1. */
static int begin(struct broker *broker, const struct filter_request *request, struct wishes *w,
		 struct connection *c, struct sa_error *err)
{
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	/* By its whole id: to connection_find() "-" is a record on standard input. */
	if (find_session(broker, request, &session, &server, err) < 0 ||
	    read_wishes(request->body, w, err) < 0)
		return -1;
	return connection_find(c, session.id, err);
}

void op_sessions_resume(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_wishes struct wishes w = {.cwd = NULL};
	cleanup_connection struct connection c = CONNECTION_INIT;
	(void)fd;
	if (begin(broker, request, &w, &c, &err) < 0) {
		find_fail(broker, request, &err);
		return;
	}
	const struct resume_options how = resume_options_of(&w.options);
	if (resume_session(&c, &how, &err) < 0)
		find_fail(broker, request, &err);
	else
		answer_session(broker, request, 200, &c);
}

void op_sessions_fork(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_wishes struct wishes w = {.cwd = NULL};
	cleanup_connection struct connection c = CONNECTION_INIT;
	cleanup_connection struct connection made = CONNECTION_INIT;
	struct connection *forked;
	(void)fd;
	if (begin(broker, request, &w, &c, &err) < 0 ||
	    fork_session(&c, &w.options, &made, &forked, &err) < 0)
		find_fail(broker, request, &err);
	else
		answer_session(broker, request, 201, forked);
}
