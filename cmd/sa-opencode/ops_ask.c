/* What agents ask: listed out of the store, answered through the supervisors. */
#include "ask.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "ops.h"
#include "thread_json.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* --- list -------------------------------------------------------------------------- */

struct listing {
	struct hub *hub;
	struct buf *out;
	bool is_question;
};

/* The open message of the session, which the call belongs to. Caller frees; NULL: none. */
static char *open_message_id(struct hub *hub, const char *session_id)
{
	struct sa_error ignored;
	cleanup_session struct session session = {.id = NULL};
	struct thread thread;
	if (store_get_session(hub->store, session_id, &session, &ignored) < 0 ||
	    ops_load_thread(hub, &session, &thread, &ignored) < 0)
		return NULL;
	const struct message *last = thread.count ? &thread.messages[thread.count - 1] : NULL;
	char *id = last && last->is_open ? xstrdup(last->id) : NULL;
	thread_free(&thread);
	return id;
}

static int add_ask(const struct ask *ask, const struct server *server, struct span payload,
		   void *arg)
{
	const struct listing *listing = arg;
	if (!ask_is_known(ask->method) || ask_is_question(ask->method) != listing->is_question ||
	    !ask->session_id)
		return 0;
	cleanup_free char *message = open_message_id(listing->hub, ask->session_id);
	const struct ask_place place = {
	    .session_id = ask->session_id,
	    .server_uid = server->uid,
	    .index = ask->index,
	    .message_id = message,
	};
	ask_add_request(listing->out, &place, payload);
	return 0;
}

static void list(struct job *job, bool is_question)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct listing listing = {job->hub, &b, is_question};
	json_open(&b, '[');
	if (store_each_ask(job->hub->store, NULL, false, add_ask, &listing, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	json_close(&b, ']');
	job_reply(job, 200, buf_span(&b));
}

void op_permission_list(struct job *job)
{
	list(job, false);
}

void op_question_list(struct job *job)
{
	list(job, true);
}

/* --- reply -------------------------------------------------------------------------- */

struct search {
	struct span uid;
	int64_t index;
	bool is_question;
	char *session_id;
	char *payload;
};

static int find_ask(const struct ask *ask, const struct server *server, struct span payload,
		    void *arg)
{
	struct search *search = arg;
	if (ask->index != search->index || !span_is(search->uid, server->uid) ||
	    !ask_is_known(ask->method) || ask_is_question(ask->method) != search->is_question ||
	    !ask->session_id)
		return 0;
	search->session_id = xstrdup(ask->session_id);
	search->payload = xmemdup0(payload.p, payload.n);
	return 1;
}

static void on_replied(struct job *job, const struct backend_answer *answer)
{
	if (answer->problem.p)
		job_fail_answer(job, answer);
	else
		job_reply_true(job);
}

static void send_reply(struct job *job, const struct search *search, struct span event_id,
		       struct span result)
{
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf body = BUF_INIT(BUF_MAX_OWN);
	json_open(&params, '{');
	json_kv_string(&params, "id", search->session_id);
	json_kv_span(&params, "requestId", event_id);
	json_close(&params, '}');
	json_open(&body, '{');
	json_kv_raw(&body, "result", result);
	json_close(&body, '}');
	backend_ask(job, BACKEND_SESSIONS, "sessions.reply", buf_span(&params), buf_span(&body),
		    on_replied);
}

enum reply_kind { REPLY_PERMISSION, REPLY_ANSWERS, REPLY_REJECT };

static int make_result(struct job *job, enum reply_kind kind, struct span payload, struct buf *b,
		       struct sa_error *err)
{
	struct span body = job->request.body, reply = json_get(body, "reply");
	if (kind == REPLY_PERMISSION)
		return ask_add_decision(b, payload, reply.p ? reply : json_get(body, "response"),
					err);
	if (kind == REPLY_ANSWERS)
		return ask_add_answers(b, payload, json_get(body, "answers"), err);
	buf_adds(b, "{\"action\":\"decline\"}");
	return 0;
}

static void settle(struct job *job, enum reply_kind kind)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_free char *id = filter_param(&job->request, "requestID");
	struct search search = {.is_question = kind != REPLY_PERMISSION};
	struct span event_id = ask_event_id(span_of(id ? id : ""), search.is_question);
	if (event_id.p && event_id_parse(event_id, &search.uid, &search.index) == 0 &&
	    store_each_ask(job->hub->store, NULL, false, find_ask, &search, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	cleanup_free char *session = search.session_id;
	cleanup_free char *payload = search.payload;
	cleanup_buf struct buf result = BUF_INIT(BUF_MAX_OWN);
	if (!session)
		job_refuse(job, 404,
			   search.is_question ? "Question not found"
					      : "Permission request not found");
	else if (make_result(job, kind, span_of(payload), &result, &err) < 0)
		job_fail(job, &err);
	else
		send_reply(job, &search, event_id, buf_span(&result));
}

void op_permission_reply(struct job *job)
{
	settle(job, REPLY_PERMISSION);
}

/* The older route: true even when somebody else was quicker. */
void op_permission_respond(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_free char *id = filter_param(&job->request, "requestID");
	struct search search = {.is_question = false};
	struct span event_id = ask_event_id(span_of(id ? id : ""), false);
	if (event_id.p && event_id_parse(event_id, &search.uid, &search.index) == 0)
		store_each_ask(job->hub->store, NULL, false, find_ask, &search, &err);
	if (!search.session_id)
		job_reply_true(job);
	else
		settle(job, REPLY_PERMISSION);
	free(search.session_id);
	free(search.payload);
}

void op_question_reply(struct job *job)
{
	settle(job, REPLY_ANSWERS);
}

void op_question_reject(struct job *job)
{
	settle(job, REPLY_REJECT);
}
