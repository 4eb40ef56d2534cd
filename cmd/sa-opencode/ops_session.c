/* Sessions: ours, whoever has made them. */
#include "agent/launch.h"
#include "agent/link.h"
#include "agent/rundir.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "draft.h"
#include "ids.h"
#include "ops.h"
#include "session_json.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* A client that names no agent gets the one that needs nothing, as with the reference. */
static const char default_agent[] = "mock";

static void reply_session(struct job *job, const struct session *session)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	session_add_info(&b, session);
	job_reply(job, 200, buf_span(&b));
}

/* --- list ---------------------------------------------------------------------------- */

struct found {
	int64_t updated_ms;
	char *json;
};

struct selection {
	struct found *found;
	size_t count;
	const char *parent; /* only its children */
	const char *search; /* only titles with this */
	int64_t since_ms;   /* only those changed at or after */
	bool is_roots;	    /* only those without a parent */
};

static bool is_wanted(const struct selection *s, const struct session *session)
{
	struct span parent = session_parent(session);
	if (session->updated_ms < s->since_ms || (s->is_roots && parent.p))
		return false;
	if (s->parent && !json_string_is(parent, s->parent))
		return false;
	return !s->search || (session->title && strcasestr(session->title, s->search));
}

static int select_session(const struct session *session, void *arg)
{
	struct selection *s = arg;
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (!is_wanted(s, session))
		return 0;
	session_add_info(&b, session);
	s->found = xreallocarray(s->found, s->count + 1, sizeof(*s->found));
	s->found[s->count++] = (struct found){session->updated_ms, buf_take(&b)};
	return 0;
}

static int by_newest(const void *left, const void *right)
{
	const struct found *a = left, *b = right;
	return (a->updated_ms < b->updated_ms) - (a->updated_ms > b->updated_ms);
}

/* limit 0: all. Frees what was found. */
static void reply_found(struct job *job, struct selection *s, size_t limit)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct sa_error err = SA_ERROR_INIT;
	int rc = launch_reap_all(job->hub->store, &err) < 0 ||
			 store_each_session(job->hub->store, 0, select_session, s, &err) < 0
		     ? -1
		     : 0;
	if (s->count)
		qsort(s->found, s->count, sizeof(*s->found), by_newest);
	json_open(&b, '[');
	for (size_t i = 0; i < s->count; i++) {
		if (!limit || i < limit)
			json_add_raw(&b, span_of(s->found[i].json));
		free(s->found[i].json);
	}
	free(s->found);
	json_close(&b, ']');
	if (rc < 0)
		job_fail(job, &err);
	else
		job_reply(job, 200, buf_span(&b));
}

void op_session_list(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	int64_t limit = 0;
	cleanup_free char *search = filter_param(&job->request, "search");
	struct selection s = {.search = search && *search ? search : NULL};
	if (filter_param_int(&job->request, "limit", 0, INT32_MAX, &limit, &err) < 0 ||
	    filter_param_int(&job->request, "start", 0, INT64_MAX, &s.since_ms, &err) < 0 ||
	    filter_param_bool(&job->request, "roots", &s.is_roots, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	reply_found(job, &s, (size_t)limit);
}

void op_session_children(struct job *job)
{
	cleanup_free char *id = filter_param(&job->request, "id");
	struct selection s = {.parent = id ? id : ""};
	reply_found(job, &s, 0);
}

static int add_status(const struct session *session, void *arg)
{
	struct buf *b = arg;
	json_key(b, session->id);
	json_open(b, '{');
	json_kv_string(b, "type", session_status(session));
	json_close(b, '}');
	return 0;
}

void op_session_status(struct job *job)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct sa_error err = SA_ERROR_INIT;
	json_open(&b, '{');
	if (launch_reap_all(job->hub->store, &err) < 0 ||
	    store_each_session(job->hub->store, 0, add_status, &b, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	json_close(&b, '}');
	job_reply(job, 200, buf_span(&b));
}

void op_session_show(struct job *job, struct session *session)
{
	reply_session(job, session);
}

void op_session_todo(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	struct thread thread;
	if (ops_find_session(job, &session, &server, &err) < 0 ||
	    ops_load_thread(job->hub, &session, &thread, &err) < 0) {
		/* As with the reference nobody has anything to do in a session that is not there.
		 */
		if (err.kind == PROBLEM_SESSION_NOT_FOUND)
			job_reply(job, 200, SPAN_LIT("[]"));
		else
			job_fail(job, &err);
		return;
	}
	job_reply(job, 200, thread.todos ? span_of(thread.todos) : SPAN_LIT("[]"));
	thread_free(&thread);
}

/* --- create, fork ----------------------------------------------------------------------- */

/* Write a draft and answer with it. Members of session are borrowed. */
static void make_session(struct job *job, const char *agent, const char *cwd, const char *title,
			 const char *parent, const char *model)
{
	struct sa_error err = SA_ERROR_INIT;
	int64_t now = clock_now_ms();
	cleanup_free char *id = id_of_session(now);
	cleanup_free char *meta = session_meta(parent, model);
	cleanup_free char *open_json = xasprintf("{\"_meta\":%s}", meta);
	const struct session session = {
	    .id = id,
	    .agent = (char *)agent,
	    .cwd = (char *)cwd,
	    .title = (char *)title,
	    .state = SESSION_STARTING,
	    .open_json = open_json,
	    .created_ms = now,
	    .updated_ms = now,
	};
	if (draft_write(job->hub->store, &session, &err) < 0)
		job_fail(job, &err);
	else
		reply_session(job, &session);
}

void op_session_create(struct job *job)
{
	struct span body = job->request.body, model = json_get(body, "model");
	bool is_object = json_type(model) == JSON_OBJECT;
	cleanup_free char *directory = ops_directory(job);
	cleanup_free char *title = json_string_dup(json_get(body, "title"));
	cleanup_free char *parent = json_string_dup(json_get(body, "parentID"));
	cleanup_free char *provider =
	    json_string_dup(json_get(is_object ? model : body, "providerID"));
	struct span named = json_get(model, "modelID");
	cleanup_free char *model_id = json_string_dup(!is_object ? json_get(body, "modelID")
						      : named.p	 ? named
								 : json_get(model, "id"));
	make_session(job, provider ? provider : default_agent, directory, title, parent, model_id);
}

void op_session_fork(struct job *job, struct session *session)
{
	cleanup_free char *title =
	    xasprintf("Fork of %s", session->title ? session->title : session->id);
	cleanup_free char *model = session_model(session);
	make_session(job, session->agent, session->cwd, title, session->id, model);
}

/* --- change -------------------------------------------------------------------------------- */

/* The supervisor's memory is what counts while it lives. */
static int tell_title(struct store *store, const struct server *server, const char *id,
		      const char *title, struct sa_error *err)
{
	cleanup_link struct link link = LINK_INIT;
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	struct link_answer answer = {.session_id = NULL};
	json_open(&op, '{');
	json_kv_string(&op, "op", "title");
	json_kv_int(&op, "ref", 1);
	json_kv_string(&op, "sessionId", id);
	json_kv_string(&op, "title", title);
	json_close(&op, '}');
	int rc = link_open(&link, server, err) < 0 || link_send(&link, buf_span(&op), err) < 0
		     ? -1
		     : link_wait(&link, store, server, 1, "settled", deadline_after(HUB_LINK_MS),
				 -1, &answer, err);
	link_answer_clear(&answer);
	return rc;
}

static int set_title(struct hub *hub, struct session *session, const char *title,
		     struct sa_error *err)
{
	cleanup_server struct server server = {.key = 0};
	free(session->title);
	session->title = xstrdup(title);
	if (draft_is(session))
		return draft_write(hub->store, session, err);
	if (store_get_server(hub->store, session->server_key, &server, err) < 0)
		return -1;
	if (session_state_is_over(session->state) && server.state != SERVER_RUNNING)
		return draft_rewrite(hub->store, session, err);
	return tell_title(hub->store, &server, session->id, title, err);
}

void op_session_update(struct job *job, struct session *session)
{
	struct sa_error err = SA_ERROR_INIT;
	struct span body = job->request.body;
	cleanup_free char *title = json_string_dup(json_get(body, "title"));
	if (json_get(body, "model").p || json_get(body, "providerID").p ||
	    json_get(body, "modelID").p) {
		job_refuse(job, 400,
			   "a session keeps its model; name another one with the first message, or "
			   "make another session");
		return;
	}
	if (json_type(json_get(body, "title")) > JSON_NULL && !title) {
		job_refuse(job, 400, "title is a text");
		return;
	}
	if (title && set_title(job->hub, session, title, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	session->updated_ms = title ? clock_now_ms() : session->updated_ms;
	reply_session(job, session);
}

void op_session_init(struct job *job, struct session *session)
{
	struct sa_error err = SA_ERROR_INIT;
	struct span body = job->request.body;
	cleanup_free char *provider = json_string_dup(json_get(body, "providerID"));
	cleanup_free char *model = json_string_dup(json_get(body, "modelID"));
	if (!provider != !model) {
		job_refuse(job, 400, "providerID and modelID go together");
		return;
	}
	if (!provider || !draft_is(session)) {
		if (provider && strcmp(provider, session->agent) != 0)
			job_refuse(job, 400, "the session has an agent already");
		else
			job_reply_true(job);
		return;
	}
	cleanup_free char *parent = json_string_dup(session_parent(session));
	cleanup_free char *meta = session_meta(parent, model);
	free(session->agent);
	session->agent = TAKE_PTR(provider);
	free(session->open_json);
	session->open_json = xasprintf("{\"_meta\":%s}", meta);
	if (draft_write(job->hub->store, session, &err) < 0)
		job_fail(job, &err);
	else
		job_reply_true(job);
}

/* --- end -------------------------------------------------------------------------------------- */

static char *id_params(const struct session *session)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "id", session->id);
	json_close(&b, '}');
	return buf_take(&b);
}

static void forget_session(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	if (ops_find_session(job, &session, &server, &err) < 0 ||
	    store_delete_session(job->hub->store, &session, &err) < 0)
		job_fail(job, &err);
	else
		job_reply_true(job);
}

/* Not from under somebody who is bringing it back. */
static void forget_over(struct job *job, const struct session *session)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_server struct server server = {.key = 0};
	if (store_get_server(job->hub->store, session->server_key, &server, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	cleanup_free char *name = xasprintf("resume-%s", server.uid);
	int lock = rundir_try_lock(name, &err);
	if (lock < 0) {
		if (err.kind == PROBLEM_CONFLICT)
			error_set(&err, PROBLEM_CONFLICT, "the session is being brought back");
		job_fail(job, &err);
		return;
	}
	forget_session(job);
	rundir_unlock(name, lock);
}

static void on_closed(struct job *job, const struct backend_answer *answer)
{
	if (answer->problem.p)
		job_fail_answer(job, answer);
	else
		forget_session(job);
}

void op_session_delete(struct job *job, struct session *session)
{
	if (draft_is(session)) {
		forget_session(job);
		return;
	}
	if (session_state_is_over(session->state)) {
		forget_over(job, session);
		return;
	}
	cleanup_free char *params = id_params(session);
	backend_ask(job, BACKEND_SESSIONS, "sessions.delete", span_of(params), SPAN_NONE,
		    on_closed);
}

static void on_cancelled(struct job *job, const struct backend_answer *answer)
{
	/* Its turn may have ended by itself meanwhile. */
	if (answer->problem.p && answer->status != 409)
		job_fail_answer(job, answer);
	else
		job_reply_true(job);
}

void op_session_abort(struct job *job, struct session *session)
{
	if (strcmp(session_status(session), "busy") != 0) {
		job_reply_true(job);
		return;
	}
	cleanup_free char *params = id_params(session);
	backend_ask(job, BACKEND_SESSIONS, "sessions.cancel", span_of(params), SPAN_NONE,
		    on_cancelled);
}

void op_session_summarize(struct job *job, struct session *session)
{
	(void)session;
	/* Agents keep their own summaries, when they want to. */
	job_reply_true(job);
}
