/* The ACP proxy: acp.post, acp.list, acp.stream, acp.delete. */
#include "acp/envelope.h"
#include "agent/provision.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"
#include "ops.h"
#include "peer.h"
#include "quirks.h"
#include "store/alive.h"

#include <stdlib.h>
#include <string.h>

/* --- what all jobs share ------------------------------------------------------------ */

bool ops_take_problem(struct job *job, const struct peer_line *line)
{
	struct sa_error err = SA_ERROR_INIT;
	if (!json_string_is(line->type, "problem"))
		return false;
	cleanup_free char *kind = json_string_dup(line->kind);
	cleanup_free char *detail = json_string_dup(line->detail);
	error_set(&err, problem_kind_of_name(kind ? kind : ""), "%s", detail ? detail : "failed");
	job_fail(job, &err);
	return true;
}

static int keep_payload(const struct event *event, void *arg)
{
	buf_add_span(arg, event->payload);
	return 1;
}

struct span ops_payload(struct job *job, const struct peer_line *line, struct buf *room,
			struct sa_error *err)
{
	if (line->payload.p)
		return line->payload;
	int64_t index = json_int_or(line->event_index, 0);
	if (store_each_event(job->broker->store, &job->peer->server, NULL, index - 1, 1,
			     keep_payload, room, err) < 0)
		return SPAN_NONE;
	if (room->len)
		return buf_span(room);
	error_set(err, PROBLEM_STORE_ERROR, "event %lld is not in the store", (long long)index);
	return SPAN_NONE;
}

/* The agent has died over this request: the supervisor says how. */
static void fail_as_dead(struct job *job, const struct envelope *e, struct span data)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_free char *message = json_string_dup(json_get(e->error, "message"));
	cleanup_buf struct buf extensions = BUF_INIT(BUF_MAX_OWN);
	struct span words = json_get(data, "stderr");
	error_set(&err, PROBLEM_AGENT_PROCESS_EXITED, "%s", message ? message : "the agent died");
	json_kv_raw(&extensions, "agent", json_get(data, "agent"));
	json_key(&extensions, "details");
	json_open(&extensions, '{');
	json_kv_raw(&extensions, "exitCode", json_get(data, "code"));
	json_kv_raw(&extensions, "signal", json_get(data, "signal"));
	json_kv_raw(&extensions, "stderr", words.p ? words : SPAN_LIT("\"\""));
	json_close(&extensions, '}');
	/* Whoever comes now is for its successor. */
	job->peer->state = PEER_ENDING;
	job_fail_with(job, &err, buf_span(&extensions));
}

bool ops_take_death(struct job *job, struct span response)
{
	struct envelope e;
	envelope_read(response, &e);
	struct span data = json_get(e.error, "data");
	const char *name = problem_info(PROBLEM_AGENT_PROCESS_EXITED)->name;
	if (!e.error.p || !json_string_is(json_get(data, "kind"), name))
		return false;
	fail_as_dead(job, &e, data);
	return true;
}

static void fail_request(struct broker *broker, const struct filter_request *request,
			 const struct sa_error *err)
{
	ops_fail(broker, request, err, SPAN_NONE);
}

/* --- acp.post -------------------------------------------------------------------------- */

static void post_on_line(struct job *job, const struct peer_line *line);

static void post_begin(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf extensions = BUF_INIT(BUF_MAX_OWN);
	struct peer *peer = peer_get(job->broker, job->server_id, job->agent, job->is_first, &err,
				     &extensions);
	if (!peer) {
		job_fail_with(job, &err, buf_span(&extensions));
		return;
	}
	/* Clients of the proxy own what they use: it ends with this server. */
	peer->is_ours = true;
	peer_submit(peer, job);
}

static void post_send(struct job *job)
{
	cleanup_buf struct buf rest = BUF_INIT(BUF_MAX_OWN);
	if (strcmp(job->peer->agent, "pi") == 0)
		quirks_mend_for_pi(&job->body);
	struct sa_error err = SA_ERROR_INIT;
	int mended = job->is_request ? provision_mend(&job->body, job->peer->agent, &err) : 0;
	if (mended < 0) {
		job_fail(job, &err);
		return;
	}
	job->accept_by = deadline_after(ACCEPT_MS);
	if (job->is_request)
		job_answer_within(job, job->broker->request_ms);
	buf_adds(&rest, mended ? ",\"expand\":true,\"payload\":" : ",\"payload\":");
	buf_add_span(&rest, span_trim(buf_span(&job->body)));
	job->on_line = post_on_line;
	peer_send(job, "send", buf_span(&rest));
}

/* Refused because the agent is ending: is it? */
static void post_on_status(struct job *job, const struct peer_line *line)
{
	struct peer *peer = job->peer;
	if (json_string_is(line->type, "over")) {
		job->is_end_wanted = false;
		job->begin(job);
		return;
	}
	if (!json_string_is(line->type, "status"))
		return;
	job->is_end_wanted = false;
	job->peer_ref = 0;
	if (json_string_is(line->life, "running")) {
		struct sa_error err = SA_ERROR_INIT;
		error_set(&err, PROBLEM_AGENT_PROCESS_EXITED, "the agent has closed its input");
		job_fail(job, &err);
		return;
	}
	peer->state = PEER_ENDING;
	job_queue_add(&peer->after, job);
}

static void post_on_line(struct job *job, const struct peer_line *line)
{
	const char *died = problem_info(PROBLEM_AGENT_PROCESS_EXITED)->name;
	if (json_string_is(line->type, "problem") && json_string_is(line->kind, died) &&
	    job->accept_by != DEADLINE_NEVER) {
		job->on_line = post_on_status;
		job->is_end_wanted = true;
		peer_send(job, "status", SPAN_NONE);
		return;
	}
	if (ops_take_problem(job, line))
		return;
	if (json_string_is(line->type, "accepted") && !job->is_request)
		job_answer(job, 202, SPAN_NONE);
	/* A response to the agent, which has been waiting for it. */
	else if (json_string_is(line->type, "settled"))
		job_answer(job, 202, SPAN_NONE);
	if (!json_string_is(line->type, "answer"))
		return;
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf room = BUF_INIT(BUF_MAX_OWN);
	struct span payload = ops_payload(job, line, &room, &err);
	if (!payload.p)
		job_fail(job, &err);
	else if (!ops_take_death(job, payload))
		job_answer(job, 200, payload);
}

void op_acp_post(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	struct envelope e;
	(void)fd;
	cleanup_free char *id = filter_param_wanted(request, "serverId", &err);
	if (!id) {
		fail_request(broker, request, &err);
		return;
	}
	envelope_read(request->body.p ? request->body : SPAN_LIT(""), &e);
	struct job *job = NULL;
	if (json_type(e.text) != JSON_OBJECT)
		error_set(&err, PROBLEM_INVALID_REQUEST, "the message is not a JSON object");
	else
		job = job_new(broker, request, &err);
	if (!job) {
		fail_request(broker, request, &err);
		return;
	}
	job->begin = post_begin;
	job->send = post_send;
	job->on_line = post_on_line;
	job->server_id = TAKE_PTR(id);
	job->agent = filter_param(request, "agent");
	job->is_request = e.kind == ENVELOPE_REQUEST;
	job->is_first = envelope_is(&e, "initialize");
	buf_add_span(&job->body, e.text);
	job->begin(job);
}

/* --- acp.list ---------------------------------------------------------------------------- */

struct listed {
	char *id;
	char *agent;
	int64_t created_ms;
};

struct server_list {
	struct broker *broker;
	struct listed *items;
	size_t count;
};

static int note_server(const struct server *server, void *arg)
{
	struct server_list *list = arg;
	const struct peer *peer = peer_find(list->broker, server->id);
	if (server->state != SERVER_RUNNING || (peer && peer->state == PEER_ENDING) ||
	    !server_is_alive(server))
		return 0;
	list->items = xreallocarray(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = (struct listed){xstrdup(server->id), xstrdup(server->agent),
						     server->created_ms};
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->id, ((const struct listed *)b)->id);
}

void op_acp_list(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	struct server_list list = {.broker = broker};
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	(void)fd;
	if (store_each_server(broker->store, false, note_server, &list, &err) < 0) {
		fail_request(broker, request, &err);
		return;
	}
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), compare);
	buf_adds(&b, "{\"servers\":[");
	for (size_t i = 0; i < list.count; i++) {
		json_open(&b, '{');
		json_kv_string(&b, "serverId", list.items[i].id);
		json_kv_string(&b, "agent", list.items[i].agent);
		json_kv_int(&b, "createdAtMs", list.items[i].created_ms);
		json_close(&b, '}');
		free(list.items[i].id);
		free(list.items[i].agent);
	}
	free(list.items);
	buf_adds(&b, "]}");
	ops_answer(broker, request, 200, buf_span(&b));
}

/* --- acp.stream ------------------------------------------------------------------------------ */

/* The stream itself is a command that sa-serve starts: may it? */
static void stream_send(struct job *job)
{
	job_answer(job, 200, SPAN_NONE);
}

int ops_check_event_id(const struct filter_request *request, struct sa_error *err)
{
	cleanup_free char *text = json_string_dup(json_get(request->headers, "last-event-id"));
	uint64_t n;
	if (!text || !*text || num_parse_u64(span_of(text), INT64_MAX, &n) == 0)
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST, "Last-Event-ID is not a whole number");
}

/* 1: it is there, 0: it is not, -1 */
static int has_server(struct broker *broker, const char *id, struct sa_error *err)
{
	cleanup_server struct server server = {.key = 0};
	if (store_find_server(broker->store, id, &server, err) < 0)
		return err->kind == PROBLEM_NOT_FOUND ? 0 : -1;
	return server.state != SERVER_CLOSED;
}

void op_acp_stream(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf extensions = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *id = filter_param_wanted(request, "serverId", &err);
	(void)fd;
	if (!id || ops_check_event_id(request, &err) < 0) {
		fail_request(broker, request, &err);
		return;
	}
	struct peer *peer = peer_find(broker, id);
	if (peer && (peer->state == PEER_LAUNCHING || peer->state == PEER_INSTALLING)) {
		/* It comes with the first message, often before it: the row is not there yet. */
		struct job *job = job_new(broker, request, &err);
		if (!job) {
			fail_request(broker, request, &err);
			return;
		}
		job->send = stream_send;
		peer_submit(peer, job);
		return;
	}
	int rc = peer ? 1 : has_server(broker, id, &err);
	if (rc > 0) {
		ops_answer(broker, request, 200, SPAN_NONE);
		return;
	}
	if (rc == 0)
		error_set(&err, PROBLEM_SESSION_NOT_FOUND, "no server '%s'", id);
	json_kv_string(&extensions, "sessionId", id);
	ops_fail(broker, request, &err, rc == 0 ? buf_span(&extensions) : SPAN_NONE);
}

/* --- acp.delete ------------------------------------------------------------------------------- */

static void delete_begin(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_server struct server server = {.key = 0};
	struct peer *peer = NULL;
	int rc = peer_get_running(job->broker, job->server_id, &peer, &server, &err);
	if (rc > 0) {
		peer_submit(peer, job);
		return;
	}
	if (rc == 0 && server.key)
		rc = store_set_server_state(job->broker->store, server.key, SERVER_CLOSED, "closed",
					    &err);
	if (rc < 0)
		job_fail(job, &err);
	else
		job_answer(job, 204, SPAN_NONE);
}

static void delete_send(struct job *job)
{
	/* The end of the connection is the answer: by then the whole tree is gone. */
	job->is_end_wanted = true;
	job->peer_ref = ++job->peer->next_ref;
	peer_stop(job->peer, "closed", "closed by its client");
}

static void delete_on_line(struct job *job, const struct peer_line *line)
{
	if (json_string_is(line->type, "over"))
		job_answer(job, 204, SPAN_NONE);
}

void op_acp_delete(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	(void)fd;
	cleanup_free char *id = filter_param_wanted(request, "serverId", &err);
	struct job *job = id ? job_new(broker, request, &err) : NULL;
	if (!job) {
		fail_request(broker, request, &err);
		return;
	}
	job->begin = delete_begin;
	job->send = delete_send;
	job->on_line = delete_on_line;
	job->server_id = TAKE_PTR(id);
	job->begin(job);
}
