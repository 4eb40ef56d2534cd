#include "prompt.h"

#include "ask.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "draft.h"
#include "ids.h"
#include "ops.h"
#include "session_json.h"
#include "thread_json.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

void prompt_plan_free(struct prompt_plan *plan)
{
	if (!plan)
		return;
	free(plan->session_id);
	free(plan->message_id);
	free(plan->directory);
	free(plan->provider_id);
	free(plan->model_id);
	buf_free(&plan->blocks);
	buf_free(&plan->meta);
	free(plan);
}

/* --- the plan -------------------------------------------------------------------- */

static void add_meta(struct prompt_plan *plan, struct span body, const struct buf *kept)
{
	json_open(&plan->meta, '{');
	json_key(&plan->meta, "opencode");
	json_open(&plan->meta, '{');
	json_kv_string(&plan->meta, "messageID", plan->message_id);
	json_kv_string(&plan->meta, "providerID", plan->provider_id);
	json_kv_string(&plan->meta, "modelID", plan->model_id);
	json_kv_raw(&plan->meta, "agent", json_get(body, "agent"));
	json_kv_raw(&plan->meta, "parts", buf_span(kept));
	json_close(&plan->meta, '}');
	json_close(&plan->meta, '}');
}

/* {"providerID","modelID"}, or "PROVIDER/MODEL" as commands have it. */
static void take_model(struct prompt_plan *plan, struct span model)
{
	cleanup_free char *text = json_string_dup(model);
	char *slash = text ? strchr(text, '/') : NULL;
	if (slash) {
		*slash = '\0';
		plan->provider_id = xstrdup(text);
		plan->model_id = xstrdup(slash + 1);
		return;
	}
	plan->provider_id = json_string_dup(json_get(model, "providerID"));
	plan->model_id = json_string_dup(json_get(model, "modelID"));
}

struct prompt_plan *prompt_plan_new(struct job *job, struct sa_error *err)
{
	struct span body = job->request.body, parts = json_get(body, "parts");
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	cleanup_buf struct buf kept = BUF_INIT(BUF_MAX_OWN);
	struct json_iter it = json_iter(parts);
	struct span any;
	if (json_type(parts) != JSON_ARRAY || !json_next(&it, NULL, &any)) {
		error_set(err, PROBLEM_INVALID_REQUEST, "parts are required");
		return NULL;
	}
	if (ops_find_session(job, &session, &server, err) < 0)
		return NULL;
	struct prompt_plan *plan = xcalloc(1, sizeof(*plan));
	plan->blocks = plan->meta = BUF_INIT(BUF_MAX_OWN);
	plan->session_id = xstrdup(session.id);
	plan->directory = ops_directory(job);
	take_model(plan, json_get(body, "model"));
	if (!plan->provider_id || !plan->model_id) {
		free(plan->provider_id);
		free(plan->model_id);
		plan->provider_id = xstrdup(session.agent);
		plan->model_id = session_model(&session);
	}
	plan->message_id = json_string_dup(json_get(body, "messageID"));
	if (!plan->message_id) {
		cleanup_free char *rest = ident_random(12);
		plan->message_id = id_of_message(clock_now_ms(), rest, 0);
	}
	/* "script": the mock agent's own language, as it is. */
	bool is_mock =
	    strcmp(plan->provider_id, "mock") == 0 && strcmp(plan->model_id, "script") != 0;
	if (blocks_of_parts(parts, is_mock, &plan->blocks, &kept, err) < 0) {
		prompt_plan_free(plan);
		return NULL;
	}
	add_meta(plan, body, &kept);
	return plan;
}

/* --- the answer ---------------------------------------------------------------------- */

static int load_session(struct job *job, struct session *ret, struct server *ret_server,
			struct sa_error *err)
{
	struct store *store = job->hub->store;
	if (store_get_session(store, job->plan->session_id, ret, err) < 0)
		return -1;
	return store_get_server(store, ret->server_key, ret_server, err);
}

/* The assistant's message as it stands. False: there is none. */
static bool reply_message(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct thread thread;
	if (load_session(job, &session, &server, &err) < 0 ||
	    ops_load_thread(job->hub, &session, &thread, &err) < 0)
		return false;
	for (size_t i = thread.count; i-- > 0 && !b.len;) {
		const struct message *m = &thread.messages[i];
		if (m->parent_id && strcmp(m->parent_id, job->plan->message_id) == 0)
			message_add_json(&b, &thread, m);
	}
	thread_free(&thread);
	if (b.len)
		job_reply(job, 200, buf_span(&b));
	return b.len > 0;
}

static void on_turn_end(struct job *job, const struct backend_answer *answer)
{
	if (job->is_answered)
		return;
	/* A turn that failed is a message with an error; one that never began is a failure. */
	if (!reply_message(job))
		job_fail_answer(job, answer);
}

static int note_ask(const struct ask *ask, const struct server *server, struct span payload,
		    void *arg)
{
	(void)server;
	(void)payload;
	*(bool *)arg |= ask_is_known(ask->method);
	return 0;
}

void prompts_look(struct hub *hub)
{
	for (struct job *job = hub->jobs; job; job = job->next) {
		struct sa_error ignored;
		bool is_asked = false;
		if (!job->plan || !job->plan->is_sent || job->is_answered)
			continue;
		if (store_each_ask(hub->store, job->plan->session_id, false, note_ask, &is_asked,
				   &ignored) == 0 &&
		    is_asked)
			reply_message(job);
	}
}

/* --- the way --------------------------------------------------------------------------- */

static void go_on(struct job *job);

static void send_prompt(struct job *job)
{
	struct prompt_plan *plan = job->plan;
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf body = BUF_INIT(BUF_MAX_OWN);
	json_open(&params, '{');
	json_kv_string(&params, "id", plan->session_id);
	json_close(&params, '}');
	json_open(&body, '{');
	json_kv_raw(&body, "prompt", buf_span(&plan->blocks));
	json_kv_raw(&body, "_meta", buf_span(&plan->meta));
	json_close(&body, '}');
	plan->is_sent = true;
	backend_ask(job, BACKEND_SESSIONS, "sessions.prompt", buf_span(&params), buf_span(&body),
		    on_turn_end);
}

static void on_model_set(struct job *job, bool is_ok, struct span words)
{
	cleanup_free char *text = xasprintf("%.*s", SPAN_ARG(words));
	if (is_ok)
		send_prompt(job);
	else
		job_refuse(job, 400, text);
}

static void on_created(struct job *job, const struct backend_answer *answer)
{
	struct prompt_plan *plan = job->plan;
	if (answer->problem.p) {
		job_fail_answer(job, answer);
		return;
	}
	struct span model = json_get(answer->result, "model");
	bool is_set = json_string_is(model, plan->model_id) ||
		      strcmp(plan->model_id, "default") == 0 ||
		      strcmp(plan->provider_id, "mock") == 0;
	const char *const words[] = {"sa-session", "config",	   "--", plan->session_id,
				     "model",	   plan->model_id, NULL};
	if (is_set)
		send_prompt(job);
	else
		backend_run(job, words, on_model_set);
}

static void create(struct job *job, struct session *session)
{
	struct sa_error err = SA_ERROR_INIT;
	struct prompt_plan *plan = job->plan;
	cleanup_buf struct buf body = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *parent = json_string_dup(session_parent(session));
	cleanup_free char *meta = session_meta(parent, plan->model_id);
	free(session->agent);
	session->agent = xstrdup(plan->provider_id);
	free(session->open_json);
	session->open_json = xasprintf("{\"_meta\":%s}", meta);
	session->state = SESSION_STARTING;
	if (draft_write(job->hub->store, session, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	cleanup_free char *server_id = draft_server_id(session);
	json_open(&body, '{');
	json_kv_string(&body, "id", session->id);
	json_kv_string(&body, "serverId", server_id);
	json_kv_string(&body, "agent", session->agent);
	json_kv_string(&body, "cwd", session->cwd);
	json_kv_raw(&body, "_meta", span_of(meta));
	json_close(&body, '}');
	backend_ask(job, BACKEND_SESSIONS, "sessions.create", SPAN_NONE, buf_span(&body),
		    on_created);
}

static void on_resumed(struct job *job, bool is_ok, struct span words)
{
	cleanup_free char *text = xasprintf("%.*s", SPAN_ARG(words));
	if (is_ok)
		go_on(job);
	else
		job_refuse(job, 409, *text ? text : "the session cannot be resumed");
}

static void go_on(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	struct prompt_plan *plan = job->plan;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	const char *const words[] = {"sa-session", "resume", "--", plan->session_id, NULL};
	if (load_session(job, &session, &server, &err) < 0) {
		job_fail(job, &err);
	} else if (draft_is(&session)) {
		create(job, &session);
	} else if (strcmp(session.agent, plan->provider_id) != 0) {
		job_refuse(job, 400,
			   "a session keeps its agent; make another session for this one");
	} else if (session_state_is_over(session.state) && !plan->has_tried) {
		plan->has_tried = true;
		backend_run(job, words, on_resumed);
	} else {
		send_prompt(job);
	}
}

void prompt_begin(struct job *job, struct prompt_plan *plan)
{
	job->plan = plan;
	go_on(job);
	if (plan->is_async && !job->is_answered)
		job_reply(job, 204, SPAN_NONE);
}
