/* Sessions over HTTP: list, show, create, delete, and what has happened in them. */
#include "agent/launch.h"
#include "agent/link.h"
#include "agent/provision.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/words.h"
#include "create.h"
#include "ops.h"
#include "ops_find.h"
#include "ops_terms.h"
#include "peer.h"
#include "verbs.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

enum { SERVER_ID_LENGTH = 16, PAGE_EVENTS = 100, PAGE_EVENTS_MAX = 1000 };

/* --- finding ---------------------------------------------------------------------- */

void find_fail(struct broker *broker, const struct filter_request *request,
	       const struct sa_error *err)
{
	cleanup_buf struct buf extensions = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *id = filter_param(request, "id");
	if (err->kind == PROBLEM_SESSION_NOT_FOUND)
		json_kv_string(&extensions, "sessionId", id);
	ops_fail(broker, request, err, buf_span(&extensions));
}

char *ops_meta(const struct filter_request *request)
{
	struct span meta = json_get(request->body, "_meta");
	return json_type(meta) == JSON_OBJECT ? xmemdup0(meta.p, meta.n) : NULL;
}

int find_session(struct broker *broker, const struct filter_request *request, struct session *ret,
		 struct server *ret_server, struct sa_error *err)
{
	cleanup_free char *id = filter_param_wanted(request, "id", err);
	if (!id || store_find_session(broker->store, id, ret, err) < 0 ||
	    store_get_server(broker->store, ret->server_key, ret_server, err) < 0)
		return -1;
	bool was_running = ret_server->state == SERVER_RUNNING;
	if (launch_reap(broker->store, ret_server, err) < 0)
		return -1;
	if (!was_running || ret_server->state == SERVER_RUNNING)
		return 0;
	cleanup_free char *exact = TAKE_PTR(ret->id);
	session_clear(ret);
	return store_get_session(broker->store, exact, ret, err);
}

struct job *find_job(struct broker *broker, const struct filter_request *request,
		     struct session *session, struct server *server, struct sa_error *err)
{
	if (find_session(broker, request, session, server, err) < 0)
		return NULL;
	if (session_state_is_over(session->state)) {
		error_set(err, PROBLEM_CONFLICT, "session '%s' is %s%s%s", session->id,
			  session_state_name(session->state), session->end_reason ? ": " : "",
			  session->end_reason ? session->end_reason : "");
		return NULL;
	}
	struct job *job = job_new(broker, request, err);
	if (!job)
		return NULL;
	job->server_id = xstrdup(server->id);
	job->session_id = xstrdup(session->id);
	job->text = xstrdup(session->agent_session_id);
	job->begin = find_peer;
	return job;
}

void find_peer(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_server struct server server = {.key = 0};
	struct peer *peer = NULL;
	int rc = peer_get_running(job->broker, job->server_id, &peer, &server, &err);
	if (rc > 0) {
		peer_submit(peer, job);
		return;
	}
	if (rc == 0)
		error_set(&err, PROBLEM_CONFLICT, "session '%s' has no agent any more",
			  job->session_id);
	job_fail(job, &err);
}

/* --- list, show ----------------------------------------------------------------------- */

struct selection {
	struct buf *out;
	char *state;
	char *agent;
};

static int add_session(const struct session *session, void *arg)
{
	struct selection *s = arg;
	if ((s->state && strcmp(s->state, session_state_name(session->state)) != 0) ||
	    (s->agent && (!session->agent || strcmp(s->agent, session->agent) != 0)))
		return 0;
	session_open_json(s->out, session);
	json_close(s->out, '}');
	return 0;
}

void op_sessions_list(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *state = filter_param(request, "state");
	cleanup_free char *agent = filter_param(request, "agent");
	struct selection selection = {&b, state, agent};
	(void)fd;
	buf_adds(&b, "{\"sessions\":[");
	if (list_check_state(state, &err) < 0 || launch_reap_all(broker->store, &err) < 0 ||
	    store_each_session(broker->store, 0, add_session, &selection, &err) < 0) {
		ops_fail(broker, request, &err, SPAN_NONE);
		return;
	}
	buf_adds(&b, "]}");
	ops_answer(broker, request, 200, buf_span(&b));
}

void op_sessions_show(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	(void)fd;
	if (find_session(broker, request, &session, &server, &err) < 0) {
		find_fail(broker, request, &err);
		return;
	}
	session_open_json(&b, &session);
	json_kv_int(&b, "eventIndex", server.last_index);
	json_close(&b, '}');
	ops_answer(broker, request, 200, buf_span(&b));
}

/* --- create ----------------------------------------------------------------------------- */

/* An answer to our own request: its result, or NONE and the job has failed. */
static struct span take_result(struct job *job, const struct peer_line *line, const char *method,
			       struct buf *room)
{
	struct sa_error err = SA_ERROR_INIT;
	struct span payload = ops_payload(job, line, room, &err);
	if (payload.p && link_judge(payload, method, &err) == 0)
		return json_get(payload, "result");
	job_fail(job, &err);
	return SPAN_NONE;
}

static void create_on_new(struct job *job, const struct peer_line *line)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf room = BUF_INIT(BUF_MAX_OWN);
	cleanup_session struct session session = {.id = NULL};
	if (ops_take_problem(job, line) || !json_string_is(line->type, "answer") ||
	    !take_result(job, line, "session/new", &room).p)
		return;
	cleanup_free char *id = json_string_dup(line->session_id);
	if (!id)
		error_set(&err, PROBLEM_AGENT_ERROR, "session/new: no sessionId in the answer");
	if (!id || store_get_session(job->broker->store, id, &session, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	/* Somebody was quicker. */
	if (job->session_id && strcmp(id, job->session_id) != 0) {
		error_set(&err, PROBLEM_CONFLICT, "session '%s' exists already", job->session_id);
		job_fail(job, &err);
		return;
	}
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	session_open_json(&b, &session);
	json_close(&b, '}');
	job_answer(job, 201, buf_span(&b));
}

/* Are MCP servers of this transport something for the agent? */
static bool can_use(struct span result, const char *transport)
{
	struct span can = json_path(result, "agentCapabilities.mcpCapabilities");
	return json_bool_or(json_get(can, transport), false);
}

static void create_on_initialize(struct job *job, const struct peer_line *line)
{
	cleanup_buf struct buf room = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf rest = BUF_INIT(BUF_MAX_OWN);
	if (ops_take_problem(job, line) || !json_string_is(line->type, "answer"))
		return;
	struct span result = take_result(job, line, "initialize", &room);
	if (!result.p)
		return;
	job_answer_within(job, 0);
	struct sa_error err = SA_ERROR_INIT;
	bool has_own = job->body.len > 0;
	if (provision_skills(job->text, job->agent, false, &err) < 0 ||
	    (!has_own && provision_servers(job->text, can_use(result, "http"),
					   can_use(result, "sse"), &job->body, &err) < 0)) {
		job_fail(job, &err);
		return;
	}
	buf_adds(&rest, has_own ? "," : ",\"expand\":true,");
	json_key(&rest, "payload");
	json_open(&rest, '{');
	json_kv_string(&rest, "jsonrpc", "2.0");
	json_kv_int(&rest, "id", 2);
	json_kv_string(&rest, "method", "session/new");
	json_key(&rest, "params");
	json_open(&rest, '{');
	json_kv_string(&rest, "cwd", job->text);
	json_kv_raw(&rest, "mcpServers", buf_span(&job->body));
	json_kv_raw(&rest, "_meta", span_of(job->meta));
	buf_adds(&rest, "}}");
	json_kv_string(&rest, "sessionName", job->session_id);
	job->on_line = create_on_new;
	peer_send(job, "send", buf_span(&rest));
}

static void create_send(struct job *job)
{
	static const char hello[] =
	    ",\"hosts\":true,"
	    "\"payload\":{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
	    "\"protocolVersion\":1,\"clientCapabilities\":{\"fs\":{\"readTextFile\":true,"
	    "\"writeTextFile\":true},\"terminal\":true,\"elicitation\":{\"form\":{},\"url\":{}}},"
	    "\"clientInfo\":{\"name\":\"sa-session\",\"version\":\"" SA_VERSION "\"}}}";
	int64_t ms = job->broker->request_ms;
	job->on_line = create_on_initialize;
	job_answer_within(job, ms > 0 && ms < INITIALIZE_MS ? ms : INITIALIZE_MS);
	peer_send(job, "send", span_of(hello));
}

/* An object of strings as NAME=VALUE words; words_free(). NULL with err. */
static char **environment_of(struct span object, struct sa_error *err)
{
	char **words = xcalloc(1, sizeof(*words));
	struct json_iter it = json_iter(object);
	struct span key, value;
	size_t n = 0;
	if (!object.p)
		return words;
	while (json_type(object) == JSON_OBJECT && json_next(&it, &key, &value)) {
		cleanup_free char *name = json_string_dup(key);
		cleanup_free char *text = json_string_dup(value);
		if (!name || !*name || strchr(name, '=') || !text) {
			words_free(words);
			error_set(err, PROBLEM_INVALID_REQUEST,
				  "env is an object of strings by name");
			return NULL;
		}
		words = xreallocarray(words, n + 2, sizeof(*words));
		words[n++] = xasprintf("%s=%s", name, text);
		words[n] = NULL;
	}
	return words;
}

static struct peer *create_peer(struct job *job, const struct filter_request *request,
				struct sa_error *err)
{
	struct span body = request->body;
	cleanup_free char *asked = json_string_dup(json_get(body, "serverId"));
	cleanup_free char *server_id = asked ? TAKE_PTR(asked) : ident_random(SERVER_ID_LENGTH);
	cleanup_free char *agent = json_string_dup(json_get(body, "agent"));
	cleanup_free char *line = json_string_dup(json_get(body, "agentCommand"));
	cleanup_free char *adapter = json_string_dup(json_get(body, "adapter"));
	if (line && adapter) {
		error_set(err, PROBLEM_INVALID_REQUEST, "either adapter or agentCommand");
		return NULL;
	}
	char **command = line ? words_split(line, err) : NULL;
	char **env = environment_of(json_get(body, "env"), err);
	cleanup_free char *settings = env ? ops_terms(body, err) : NULL;
	size_t count = 0;
	struct peer *peer = NULL;
	while (env && env[count])
		count++;
	if (settings && (!line || command))
		peer = peer_launch(job->broker, server_id,
				   agent  ? agent
				   : line ? NULL
					  : "claude",
				   (const char *const *)command, adapter, job->text, env, count,
				   settings, err);
	words_free(command);
	words_free(env);
	return peer;
}

void op_sessions_create(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	struct span body = request->body;
	struct span mcp = json_get(body, "mcpServers");
	cleanup_free char *id = json_string_dup(json_get(body, "id"));
	cleanup_free char *agent = json_string_dup(json_get(body, "agent"));
	cleanup_free char *asked = json_string_dup(json_get(body, "cwd"));
	cleanup_free char *cwd = realpath(asked ? asked : ".", NULL);
	(void)fd;
	if (!cwd)
		error_set(&err, PROBLEM_NOT_FOUND, "no working directory '%s'", asked);
	/* A server of a name is one that sa-opencode has drafted, with the session in it. */
	bool is_drafted = json_get(body, "serverId").p;
	struct job *job = NULL;
	if (json_get(body, "id").p && !id)
		error_set(&err, PROBLEM_INVALID_REQUEST, "\"id\" is a text");
	else if (cwd && (is_drafted || create_check_id(broker->store, id, &err) == 0))
		job = job_new(broker, request, &err);
	if (!job) {
		ops_fail(broker, request, &err, SPAN_NONE);
		return;
	}
	job->text = TAKE_PTR(cwd);
	job->session_id = TAKE_PTR(id);
	job->meta = ops_meta(request);
	/* A command line may be any agent's: its skills are laid out wherever one looks. */
	if (json_type(json_get(body, "agentCommand")) != JSON_STRING)
		job->agent = agent ? TAKE_PTR(agent) : xstrdup("claude");
	if (json_type(mcp) == JSON_ARRAY)
		buf_add_span(&job->body, mcp);
	job->send = create_send;
	job->is_making = true;
	struct peer *peer = create_peer(job, request, &err);
	if (peer)
		peer_submit(peer, job);
	else
		job_fail(job, &err);
}

/* --- delete ------------------------------------------------------------------------------- */

struct other_search {
	const char *id;
	bool has_other;
};

static int note_other(const struct session *session, void *arg)
{
	struct other_search *search = arg;
	search->has_other |=
	    !session_state_is_over(session->state) && strcmp(session->id, search->id) != 0;
	return 0;
}

static void delete_on_line(struct job *job, const struct peer_line *line)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf room = BUF_INIT(BUF_MAX_OWN);
	if (json_string_is(line->type, "over")) {
		job_answer(job, 204, SPAN_NONE);
		return;
	}
	if (ops_take_problem(job, line) || !json_string_is(line->type, "answer"))
		return;
	struct span payload = ops_payload(job, line, &room, &err);
	if (payload.p && link_judge(payload, "session/close", &err) == 0)
		job_answer(job, 204, SPAN_NONE);
	else
		job_fail(job, &err);
}

static void delete_send(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	struct other_search search = {job->session_id, false};
	if (store_each_session(job->broker->store, job->peer->server.key, note_other, &search,
			       &err) < 0) {
		job_fail(job, &err);
		return;
	}
	job->on_line = delete_on_line;
	if (!search.has_other) {
		/* The last one: its agent goes too. */
		job->is_end_wanted = true;
		job->peer_ref = ++job->peer->next_ref;
		peer_stop(job->peer, "closed", "closed");
		return;
	}
	cleanup_buf struct buf rest = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&rest, ",\"payload\":{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session/close\","
			"\"params\":{");
	json_kv_string(&rest, "sessionId", job->text);
	buf_adds(&rest, "}}");
	peer_send(job, "send", buf_span(&rest));
}

void op_sessions_delete(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	(void)fd;
	if (find_session(broker, request, &session, &server, &err) < 0) {
		find_fail(broker, request, &err);
		return;
	}
	int rc = session_state_is_over(session.state)
		     ? ops_close_over(broker, &session, &server, &err)
		     : 1;
	if (rc <= 0) {
		if (rc < 0)
			ops_fail(broker, request, &err, SPAN_NONE);
		else
			ops_answer(broker, request, 204, SPAN_NONE);
		return;
	}
	cleanup_session struct session again = {.id = NULL};
	cleanup_server struct server its = {.key = 0};
	struct job *job = find_job(broker, request, &again, &its, &err);
	if (!job) {
		find_fail(broker, request, &err);
		return;
	}
	job->send = delete_send;
	job->begin(job);
}

/* --- what has happened --------------------------------------------------------------------- */

struct page {
	struct buf *out;
	int64_t last;
	int64_t left;
};

static int add_event(const struct event *event, void *arg)
{
	struct page *page = arg;
	if (page->left-- == 0)
		return 1;
	if (page->out->data[page->out->len - 1] != '[')
		buf_addc(page->out, ',');
	event_add_json(page->out, event);
	page->out->len--; /* its newline */
	page->last = event->index;
	return 0;
}

void op_sessions_events(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	int64_t after = 0, limit = PAGE_EVENTS;
	(void)fd;
	buf_adds(&b, "{\"events\":[");
	if (filter_param_int(request, "after", 0, INT64_MAX - 1, &after, &err) < 0 ||
	    filter_param_int(request, "limit", 1, PAGE_EVENTS_MAX, &limit, &err) < 0 ||
	    find_session(broker, request, &session, &server, &err) < 0) {
		find_fail(broker, request, &err);
		return;
	}
	struct page page = {&b, after, limit};
	if (store_each_event(broker->store, &server, session.id, after, limit + 1, add_event, &page,
			     &err) < 0) {
		ops_fail(broker, request, &err, SPAN_NONE);
		return;
	}
	buf_addc(&b, ']');
	json_kv_int(&b, "after", page.last);
	json_kv_bool(&b, "hasMore", page.left < 0);
	buf_addc(&b, '}');
	ops_answer(broker, request, 200, buf_span(&b));
}

void op_sessions_stream(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	int64_t after = 0;
	(void)fd;
	if (ops_check_event_id(request, &err) < 0 ||
	    filter_param_int(request, "after", 0, INT64_MAX - 1, &after, &err) < 0 ||
	    find_session(broker, request, &session, &server, &err) < 0)
		find_fail(broker, request, &err);
	else
		ops_answer(broker, request, 200, SPAN_NONE);
}
