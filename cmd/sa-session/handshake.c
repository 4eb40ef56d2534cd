#include "handshake.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "settings.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

int handshake_initialize(struct connection *c, int64_t deadline, struct sa_error *err)
{
	static const char hello[] =
	    "{\"protocolVersion\":1,\"clientCapabilities\":{\"fs\":{\"readTextFile\":true,"
	    "\"writeTextFile\":true},\"terminal\":true,\"elicitation\":{\"form\":{},\"url\":{}}},"
	    "\"clientInfo\":{\"name\":\"sa-session\",\"version\":\"" SA_VERSION "\"}}";
	struct link_answer answer = {.session_id = NULL};
	/* Files and terminals are the supervisor's job: we may be gone when the agent asks. */
	if (link_call(&c->link, c->store, &c->server, "initialize", span_of(hello),
		      "\"hosts\":true", deadline, &answer, err) < 0)
		return -1;
	struct span result = json_get(buf_span(&answer.payload), "result");
	free(c->server.initialize_json);
	c->server.initialize_json = xmemdup0(result.p ? result.p : "{}", result.p ? result.n : 2);
	link_answer_clear(&answer);
	return 0;
}

bool handshake_can(const struct connection *c, const char *path)
{
	struct span value =
	    json_path(json_get(span_of(c->server.initialize_json), "agentCapabilities"), path);
	/* Capabilities are booleans, or objects that are there. */
	return json_type(value) == JSON_TRUE || json_type(value) == JSON_OBJECT;
}

static void add_past(struct buf *b, const struct past_words *past)
{
	const struct replay *replay = past ? past->replay : NULL;
	json_kv_string(b, "parentId", past ? past->parent_id : NULL);
	if (past && past->parent_id)
		json_kv_int(b, "parentIndex", past->parent_index);
	if (!replay)
		return;
	json_kv_string(b, "primer", replay->text);
	json_key(b, "about");
	json_open(b, '{');
	json_kv_int(b, "replayedEvents", replay->events);
	json_kv_int(b, "replayedChars", replay->chars);
	json_kv_bool(b, "isTruncated", replay->is_truncated);
	json_close(b, '}');
}

/* A call that makes a session: c->session is it. */
static int make(struct connection *c, const char *method, struct span params, const char *name,
		const struct past_words *past, int64_t deadline, struct sa_error *err)
{
	cleanup_buf struct buf extra = BUF_INIT(BUF_MAX_OWN);
	struct link_answer answer = {.session_id = NULL};
	json_kv_bool(&extra, "expand", true);
	json_kv_string(&extra, "sessionName", name);
	add_past(&extra, past);
	if (link_call(&c->link, c->store, &c->server, method, params, extra.data, deadline, &answer,
		      err) < 0)
		return -1;
	cleanup_free char *id = TAKE_PTR(answer.session_id);
	link_answer_clear(&answer);
	if (!id)
		return error_set(err, PROBLEM_AGENT_ERROR, "%s: no sessionId in the answer",
				 method);
	/* The supervisor lets nobody have an id twice. */
	if (name && strcmp(id, name) != 0)
		return error_set(err, PROBLEM_CONFLICT, "session '%s' exists already", name);
	session_clear(&c->session);
	return store_get_session(c->store, id, &c->session, err);
}

int handshake_new(struct connection *c, const char *cwd, struct span mcp_servers, const char *name,
		  const struct past_words *past, int64_t deadline, struct sa_error *err)
{
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	json_open(&params, '{');
	json_kv_string(&params, "cwd", cwd);
	json_kv_raw(&params, "mcpServers", mcp_servers);
	json_close(&params, '}');
	return make(c, "session/new", buf_span(&params), name, past, deadline, err);
}

/* --- back into one ------------------------------------------------------------- */

void handshake_add_servers(struct buf *b, const struct session *session)
{
	struct span servers = json_get(span_of(session->open_json), "mcpServers");
	buf_add_span(b, json_type(servers) == JSON_ARRAY ? servers : SPAN_LIT("[]"));
}

/* What the session was opened with, its id and folder. */
static void add_params(struct buf *b, const struct connection *c, const char *folder)
{
	struct json_iter it = json_iter(span_of(c->session.open_json));
	struct span key, value;
	bool has_servers = false;
	json_open(b, '{');
	json_kv_string(b, "sessionId", c->session.agent_session_id);
	json_kv_string(b, "cwd", folder);
	while (c->session.open_json && json_next(&it, &key, &value)) {
		if (json_string_is(key, "sessionId") || json_string_is(key, "cwd"))
			continue;
		has_servers = has_servers || json_string_is(key, "mcpServers");
		buf_addc(b, ',');
		buf_add_span(b, key);
		buf_addc(b, ':');
		buf_add_span(b, value);
	}
	if (!has_servers)
		buf_adds(b, ",\"mcpServers\":[]");
	buf_addc(b, '}');
}

static int call(struct connection *c, const char *method, struct span params, const char *extra,
		int64_t deadline, struct sa_error *err)
{
	struct link_answer answer = {.session_id = NULL};
	int rc = link_call(&c->link, c->store, &c->server, method, params, extra, deadline, &answer,
			   err);
	if (rc == 0)
		link_answer_clear(&answer);
	return rc;
}

/* The agent's own ways. 0, or -1; PROBLEM_AGENT_ERROR: it has none, or none worked. */
static int revive_natively(struct connection *c, const char *folder, int64_t deadline,
			   struct sa_error *err)
{
	bool can_resume = handshake_can(c, "sessionCapabilities.resume");
	bool can_load = handshake_can(c, "loadSession");
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	if (!c->session.agent_session_id || (!can_resume && !can_load))
		return error_set(err, PROBLEM_AGENT_ERROR,
				 "agent '%s' can neither resume nor load a session",
				 c->server.agent);
	add_params(&params, c, folder);
	int rc = can_resume ? call(c, "session/resume", buf_span(&params), "\"expand\":true",
				   deadline, err)
			    : -1;
	/* Some agents say that they can resume and only know how to load. */
	if (rc < 0 && can_load && (!can_resume || err->kind == PROBLEM_AGENT_ERROR))
		rc = call(c, "session/load", buf_span(&params),
			  "\"hideReplay\":true,\"expand\":true", deadline, err);
	return rc < 0 ? -1 : connection_look_again(c, err);
}

static int revive_by_transcript(struct connection *c, const char *folder,
				const struct replay_limits *limits, int64_t deadline,
				struct sa_error *err)
{
	cleanup_replay struct replay replay = {.text = NULL};
	cleanup_buf struct buf servers = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *id = xstrdup(c->session.id);
	const struct past_words past = {.replay = &replay};
	handshake_add_servers(&servers, &c->session);
	if (replay_read(c->store, &c->server, &c->session, 0, limits, &replay, err) < 0)
		return -1;
	return handshake_new(c, folder, buf_span(&servers), id, &past, deadline, err);
}

int handshake_revive(struct connection *c, const char *folder, const struct revival *how,
		     int64_t deadline, struct sa_error *err)
{
	cleanup_session struct session before = {.id = NULL};
	bool is_pending = false;
	int rc = -1;
	if (store_get_session(c->store, c->session.id, &before, err) < 0 ||
	    replay_is_pending(c->store, &c->server, &before, &is_pending, err) < 0)
		return -1;
	/* What the agent has under that id is empty as long as its transcript is not delivered. */
	bool is_native = !how->is_by_transcript && (!is_pending || how->is_native_only);
	if (is_native)
		rc = revive_natively(c, folder, deadline, err);
	if (!is_native || (rc < 0 && err->kind == PROBLEM_AGENT_ERROR && !how->is_native_only))
		rc = revive_by_transcript(c, folder, &how->limits, deadline, err);
	if (rc == 0)
		settings_restore(c, &before, deadline);
	return rc;
}

int handshake_fork(struct connection *c, const char *folder, const char *name, int64_t deadline,
		   struct sa_error *err)
{
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	if (!c->session.agent_session_id || !handshake_can(c, "sessionCapabilities.fork"))
		return error_set(err, PROBLEM_AGENT_ERROR, "agent '%s' cannot fork a session",
				 c->server.agent);
	add_params(&params, c, folder);
	return make(c, "session/fork", buf_span(&params), name, NULL, deadline, err);
}
