/* Turns over HTTP: prompt, cancel, what the agent asks, and answers to it. */
#include "agent/link.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"
#include "ops.h"
#include "ops_find.h"
#include "peer.h"
#include "request.h"
#include "turn.h"

#include <stdlib.h>
#include <string.h>

/* --- prompt ------------------------------------------------------------------------ */

struct text {
	struct buf *out;
	int64_t until; /* eventIndex of the turn's answer */
	struct sa_error *problem;
	bool has_problem;
};

static int add_text(const struct event *event, void *arg)
{
	struct text *text = arg;
	/* The next turn may be on its way already. */
	if (event->index > text->until)
		return 1;
	if (!text->has_problem)
		text->has_problem = turn_judge_event(event, text->problem);
	struct span update = json_path(event->payload, "params.update");
	if (json_string_is(json_get(update, "sessionUpdate"), "agent_message_chunk"))
		json_string_add(text->out, json_path(update, "content.text"));
	return 0;
}

static void open_turn(struct buf *b, const struct job *job)
{
	json_open(b, '{');
	json_kv_string(b, "sessionId", job->session_id);
	if (job->since >= 0)
		json_kv_int(b, "since", job->since);
}

static void prompt_answered(struct job *job, struct span response, int64_t until)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct sa_error problem = SA_ERROR_INIT;
	struct text selection = {&text, until, &problem, false};
	if (link_judge(response, "session/prompt", &err) < 0 ||
	    store_each_event(job->broker->store, &job->peer->server, job->session_id,
			     job->since >= 0 ? job->since : 0, 0, add_text, &selection,
			     &err) < 0) {
		job_fail(job, &err);
		return;
	}
	open_turn(&b, job);
	json_kv_raw(&b, "stopReason", json_path(response, "result.stopReason"));
	json_kv_span(&b, "text", buf_span(&text));
	if (selection.has_problem) {
		json_key(&b, "problem");
		json_open(&b, '{');
		cleanup_free char *type =
		    xasprintf("urn:sandbox-agent:error:%s", problem_info(problem.kind)->name);
		json_kv_string(&b, "type", type);
		json_kv_string(&b, "detail", problem.message);
		json_close(&b, '}');
	}
	json_close(&b, '}');
	job_answer(job, 200, buf_span(&b));
}

static void prompt_on_line(struct job *job, const struct peer_line *line)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf room = BUF_INIT(BUF_MAX_OWN);
	if (ops_take_problem(job, line))
		return;
	bool is_accepted = json_string_is(line->type, "accepted");
	if (is_accepted)
		job->since = json_int_or(line->event_index, 0) - 1;
	if (!job->is_waited && (is_accepted || json_string_is(line->type, "queued"))) {
		open_turn(&room, job);
		json_kv_bool(&room, "isQueued", !is_accepted);
		json_kv_raw(&room, "promptId", line->prompt_id);
		json_close(&room, '}');
		job_answer(job, 202, buf_span(&room));
		return;
	}
	if (!json_string_is(line->type, "answer"))
		return;
	struct span response = ops_payload(job, line, &room, &err);
	if (!response.p)
		job_fail(job, &err);
	else if (!ops_take_death(job, response))
		prompt_answered(job, response, json_int_or(line->event_index, INT64_MAX));
}

static void prompt_send(struct job *job)
{
	cleanup_buf struct buf rest = BUF_INIT(BUF_MAX_OWN);
	buf_addc(&rest, ',');
	json_kv_string(&rest, "sessionId", job->session_id);
	/* What has been taken is done, whoever waits for it. */
	json_kv_string(&rest, "when", job->when);
	buf_adds(&rest, ",\"detached\":true,\"payload\":{\"jsonrpc\":\"2.0\","
			"\"id\":1,\"method\":\"session/prompt\",\"params\":{");
	json_kv_string(&rest, "sessionId", job->text);
	json_kv_raw(&rest, "prompt", buf_span(&job->body));
	json_kv_raw(&rest, "_meta", span_of(job->meta));
	buf_adds(&rest, "}}");
	peer_send(job, "prompt", buf_span(&rest));
}

/* Of what there is in it the agent judges; it is one thing at least, and each is an object. */
static bool is_list_of_blocks(struct span blocks)
{
	struct json_iter it = json_iter(blocks);
	struct span block;
	size_t count = 0;
	if (json_type(blocks) != JSON_ARRAY)
		return false;
	for (; json_next(&it, NULL, &block); count++)
		if (json_type(block) != JSON_OBJECT)
			return false;
	return count > 0;
}

int ops_take_blocks(const struct filter_request *request, struct buf *ret, struct sa_error *err)
{
	struct span blocks = json_get(request->body, "prompt");
	struct span text = json_get(request->body, "text");
	if (is_list_of_blocks(blocks) && !text.p) {
		buf_add_span(ret, blocks);
		return 0;
	}
	if (json_type(text) != JSON_STRING || blocks.p)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "the body wants \"text\", or \"prompt\": an array of content "
				 "blocks");
	buf_adds(ret, "[{\"type\":\"text\"");
	json_kv_raw(ret, "text", text);
	buf_adds(ret, "}]");
	return 0;
}

/* "busy": what happens while a turn runs. NULL with err. */
static const char *read_when(const struct filter_request *request, struct sa_error *err)
{
	static const char *const known[] = {"queue", "interrupt", "reject", "now"};
	struct span busy = json_get(request->body, "busy");
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!busy.p || json_string_is(busy, known[i]))
			return known[i];
	error_set(err, PROBLEM_INVALID_REQUEST, "\"busy\" is queue, interrupt, reject or now");
	return NULL;
}

void op_sessions_prompt(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	cleanup_buf struct buf blocks = BUF_INIT(BUF_MAX_OWN);
	bool is_waited = json_bool_or(json_get(request->body, "wait"), true);
	(void)fd;
	struct job *job = NULL;
	const char *when = read_when(request, &err);
	if (when && filter_param_bool(request, "wait", &is_waited, &err) == 0 &&
	    ops_take_blocks(request, &blocks, &err) == 0)
		job = find_job(broker, request, &session, &server, &err);
	if (!job) {
		find_fail(broker, request, &err);
		return;
	}
	buf_add_span(&job->body, buf_span(&blocks));
	job->meta = ops_meta(request);
	job->is_waited = is_waited;
	job->when = when;
	job->since = -1;
	job->send = prompt_send;
	job->on_line = prompt_on_line;
	job->begin(job);
}

/* --- cancel --------------------------------------------------------------------------- */

static void cancel_on_line(struct job *job, const struct peer_line *line)
{
	if (!ops_take_problem(job, line) && json_string_is(line->type, "accepted"))
		job_answer(job, 202, SPAN_NONE);
}

static void cancel_send(struct job *job)
{
	cleanup_buf struct buf rest = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&rest, ",\"payload\":{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\","
			"\"params\":{");
	json_kv_string(&rest, "sessionId", job->text);
	buf_adds(&rest, "}}");
	peer_send(job, "send", buf_span(&rest));
}

void op_sessions_cancel(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	(void)fd;
	struct job *job = find_job(broker, request, &session, &server, &err);
	if (!job) {
		find_fail(broker, request, &err);
		return;
	}
	job->send = cancel_send;
	job->on_line = cancel_on_line;
	job->begin(job);
}

/* --- what the agent asks ------------------------------------------------------------------ */

static int add_ask(const struct ask *ask, const struct server *server, struct span payload,
		   void *arg)
{
	struct buf *b = arg;
	ask_add_json(b, ask, server, payload);
	b->len--; /* its newline */
	return 0;
}

void op_sessions_pending(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	(void)fd;
	bool is_all = false;
	buf_adds(&b, "{\"pending\":[");
	if (filter_param_bool(request, "all", &is_all, &err) < 0 ||
	    find_session(broker, request, &session, &server, &err) < 0 ||
	    store_each_ask(broker->store, session.id, is_all, add_ask, &b, &err) < 0) {
		find_fail(broker, request, &err);
		return;
	}
	buf_adds(&b, "]}");
	ops_answer(broker, request, 200, buf_span(&b));
}

static void reply_on_line(struct job *job, const struct peer_line *line)
{
	if (!ops_take_problem(job, line) && json_string_is(line->type, "settled"))
		job_answer(job, 204, SPAN_NONE);
}

static void reply_send(struct job *job)
{
	peer_send(job, "reply", buf_span(&job->body));
}

static void begin_reply(const struct filter_request *request, struct buf *ret)
{
	cleanup_free char *event_id = filter_param(request, "requestId");
	struct span by = json_get(request->body, "by");
	buf_addc(ret, ',');
	json_kv_string(ret, "eventId", event_id);
	json_kv_raw(ret, "by", json_type(by) == JSON_STRING ? by : SPAN_LIT("\"rest\""));
	json_kv_raw(ret, "reason", json_get(request->body, "reason"));
}

static bool is_there(struct span value)
{
	return value.p && json_type(value) != JSON_NULL;
}

/* Members of the op reply: result or error as they are, an option by its id, or a refusal. */
static int take_reply(const struct filter_request *request, struct buf *ret, struct sa_error *err)
{
	cleanup_free char *event_id = filter_param_wanted(request, "requestId", err);
	struct span result = json_get(request->body, "result");
	struct span error = json_get(request->body, "error");
	struct span option = json_get(request->body, "optionId");
	struct span outcome = json_get(request->body, "outcome");
	bool is_cancelled = json_string_is(outcome, "cancelled");
	if (!event_id)
		return -1;
	if (is_there(result) + is_there(error) + is_there(option) + is_there(outcome) > 1)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "one of \"optionId\", \"outcome\", \"result\" and \"error\", no more");
	begin_reply(request, ret);
	if (json_type(error) == JSON_OBJECT && !result.p) {
		json_kv_raw(ret, "error", error);
	} else if (result.p && json_type(error) != JSON_OBJECT) {
		json_kv_raw(ret, "result", result);
	} else if (json_type(option) == JSON_STRING && !result.p) {
		buf_adds(ret, ",\"result\":{\"outcome\":{\"outcome\":\"selected\"");
		json_kv_raw(ret, "optionId", option);
		buf_adds(ret, "}}");
	} else if (is_cancelled && !result.p) {
		buf_adds(ret, ",\"result\":{\"outcome\":{\"outcome\":\"cancelled\"}}");
	} else {
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "the body wants \"optionId\", \"outcome\":\"cancelled\", "
				 "\"result\" or \"error\"");
	}
	return 0;
}

/*
 * What another session asks is not asked here, and an option is one that the agent has offered:
 * members are made anew. What the store does not tell (now) is the supervisor's business.
 */
static int check_reply(struct broker *broker, const struct filter_request *request,
		       const char *session_id, struct buf *members, struct sa_error *err)
{
	cleanup_free char *event_id = filter_param(request, "requestId");
	cleanup_request struct request asked = {.id = NULL};
	struct sa_error ignored = SA_ERROR_INIT;
	const struct answer answer = {.word = json_get(request->body, "optionId")};
	if (request_find(broker->store, event_id, &asked, &ignored) < 0 ||
	    strcmp(asked.id, event_id) != 0)
		return 0;
	if (asked.session_id && strcmp(asked.session_id, session_id) != 0)
		return error_set(err, PROBLEM_NOT_FOUND, "no request '%s' here", event_id);
	if (json_type(answer.word) != JSON_STRING || json_get(request->body, "result").p ||
	    json_type(json_get(request->body, "error")) == JSON_OBJECT)
		return 0;
	buf_clear(members);
	begin_reply(request, members);
	buf_addc(members, ',');
	return answer_add(members, &answer, span_of(asked.payload), err);
}

void op_sessions_reply(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	cleanup_buf struct buf members = BUF_INIT(BUF_MAX_OWN);
	(void)fd;
	struct job *job = NULL;
	if (take_reply(request, &members, &err) == 0)
		job = find_job(broker, request, &session, &server, &err);
	if (!job) {
		find_fail(broker, request, &err);
		return;
	}
	if (check_reply(broker, request, session.id, &members, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	buf_add_span(&job->body, buf_span(&members));
	job->send = reply_send;
	job->on_line = reply_on_line;
	job->begin(job);
}
