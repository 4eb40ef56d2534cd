#include "sessions.h"

#include "base/cleanup.h"
#include "turn.h"
#include "update.h"
#include "json/scan.h"
#include "json/write.h"

static void fail(struct agent *agent, const struct rpc_message *message, int64_t code,
		 const char *text)
{
	rpc_error(&agent->out.queue, message->id, code, span_of(text));
}

static void invalid(struct agent *agent, const struct rpc_message *message, const char *text)
{
	fail(agent, message, RPC_INVALID_PARAMS, text);
}

static void succeed(struct agent *agent, const struct rpc_message *message)
{
	rpc_result(&agent->out.queue, message->id, SPAN_LIT("{}"));
}

static void answer_setup(struct agent *agent, const struct rpc_message *message,
			 const struct session *session, bool has_id)
{
	cleanup_buf struct buf result = BUF_INIT(BUF_MAX_OWN);
	json_open(&result, '{');
	if (has_id)
		json_kv_string(&result, "sessionId", session->id);
	session_write_setup(&result, session);
	json_close(&result, '}');
	rpc_result(&agent->out.queue, message->id, buf_span(&result));
}

/* params.sessionId, owned by the caller; NULL with the error answered. */
static char *session_id(struct agent *agent, const struct rpc_message *message)
{
	char *id = json_string_dup(json_get(message->params, "sessionId"));
	if (!id)
		invalid(agent, message, "sessionId must be a string");
	return id;
}

/* The open session that the parameters name; NULL with the error answered. */
static struct session *open_session(struct agent *agent, const struct rpc_message *message)
{
	cleanup_free char *id = session_id(agent, message);
	struct session *session = id ? agent_session(agent, id) : NULL;
	if (id && !session)
		fail(agent, message, RPC_RESOURCE_NOT_FOUND, "Session not found");
	return session;
}

static bool is_allowed_in(struct agent *agent, const struct rpc_message *message)
{
	if (!agent->needs_auth || agent->is_authenticated)
		return true;
	fail(agent, message, RPC_AUTH_REQUIRED, "Authentication required");
	return false;
}

/* params.cwd, owned by the caller; NULL with the error answered. */
static char *checked_cwd(struct agent *agent, const struct rpc_message *message)
{
	struct span servers = json_get(message->params, "mcpServers");
	char *cwd = json_string_dup(json_get(message->params, "cwd"));
	if (servers.p && json_type(servers) != JSON_ARRAY)
		invalid(agent, message, "mcpServers must be an array");
	else if (!cwd || cwd[0] != '/')
		invalid(agent, message, "cwd must be an absolute path");
	else
		return cwd;
	free(cwd);
	return NULL;
}

static bool has_room(struct agent *agent, const struct rpc_message *message)
{
	if (agent->session_count < SESSIONS_MAX)
		return true;
	fail(agent, message, RPC_INTERNAL_ERROR, "too many sessions are open");
	return false;
}

void sessions_new(struct agent *agent, const struct rpc_message *message)
{
	struct sa_error err = SA_ERROR_INIT;
	if (!is_allowed_in(agent, message))
		return;
	cleanup_free char *cwd = checked_cwd(agent, message);
	if (!cwd || !has_room(agent, message))
		return;
	struct session *session = session_create(&agent->store, cwd, &err);
	if (!session) {
		fail(agent, message, RPC_INTERNAL_ERROR, err.message);
		return;
	}
	agent_add_session(agent, session);
	answer_setup(agent, message, session, true);
}

/* load and resume: the session, open now; NULL with the error answered. */
static struct session *bring_back(struct agent *agent, const struct rpc_message *message)
{
	if (!is_allowed_in(agent, message))
		return NULL;
	cleanup_free char *id = session_id(agent, message);
	cleanup_free char *cwd = id ? checked_cwd(agent, message) : NULL;
	if (!cwd)
		return NULL;
	struct session *session = agent_session(agent, id);
	if (!session) {
		if (!has_room(agent, message))
			return NULL;
		session = session_restore(&agent->store, id);
		if (!session) {
			fail(agent, message, RPC_RESOURCE_NOT_FOUND, "Session not found");
			return NULL;
		}
		agent_add_session(agent, session);
	}
	session_set_cwd(session, cwd);
	return session;
}

static bool has_turn_room(struct agent *agent, const struct rpc_message *message,
			  const struct session *session)
{
	size_t count = 0;
	for (const struct turn *turn = session->turns; turn; turn = turn->next)
		count++;
	if (count < SESSION_TURNS_MAX)
		return true;
	fail(agent, message, RPC_INTERNAL_ERROR, "too many prompts are waiting");
	return false;
}

void sessions_load(struct agent *agent, const struct rpc_message *message)
{
	struct session *session = bring_back(agent, message);
	if (session && has_turn_room(agent, message, session))
		turn_queue(agent, session, message->id, NULL, NULL);
}

void sessions_resume(struct agent *agent, const struct rpc_message *message)
{
	struct session *session = bring_back(agent, message);
	if (session)
		answer_setup(agent, message, session, false);
}

void sessions_fork(struct agent *agent, const struct rpc_message *message)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_free char *cwd = checked_cwd(agent, message);
	struct session *from = cwd ? bring_back(agent, message) : NULL;
	if (!from || !has_room(agent, message))
		return;
	struct session *session = session_save(from, &agent->store, &err) < 0
				      ? NULL
				      : session_fork(&agent->store, from, cwd, &err);
	if (!session) {
		fail(agent, message, RPC_INTERNAL_ERROR, err.message);
		return;
	}
	agent_add_session(agent, session);
	answer_setup(agent, message, session, true);
}

static void list_one(struct buf *b, const struct session *session, int64_t updated_ms)
{
	json_open(b, '{');
	json_kv_string(b, "sessionId", session->id);
	json_kv_string(b, "cwd", session->cwd);
	json_kv_string(b, "title", session->title);
	json_kv_time(b, "updatedAt", updated_ms);
	json_close(b, '}');
}

/* With a store, what it has; without one, what is in memory. */
static void list_all(struct agent *agent, struct buf *b, struct span cwd)
{
	cleanup_free struct store_entry *entries = NULL;
	size_t count = store_list(&agent->store, &entries);
	for (size_t i = 0; i < count; i++) {
		struct session *session = session_restore(&agent->store, entries[i].id);
		if (session && (!cwd.p || json_string_is(cwd, session->cwd)))
			list_one(b, session, entries[i].updated_ms);
		session_free(session);
	}
	for (struct session *s = agent->sessions; s && !agent->store.dir; s = s->next)
		if (!cwd.p || json_string_is(cwd, s->cwd))
			list_one(b, s, 0);
}

void sessions_list(struct agent *agent, const struct rpc_message *message)
{
	struct span cwd = json_get(message->params, "cwd");
	cleanup_buf struct buf result = BUF_INIT(BUF_MAX_OWN);
	struct sa_error err = SA_ERROR_INIT;
	if (json_type(cwd) == JSON_NULL)
		cwd = SPAN_NONE;
	if (cwd.p && json_type(cwd) != JSON_STRING) {
		invalid(agent, message, "cwd must be a string");
		return;
	}
	for (struct session *s = agent->sessions; s; s = s->next)
		session_save(s, &agent->store, &err);
	json_open(&result, '{');
	json_key(&result, "sessions");
	json_open(&result, '[');
	list_all(agent, &result, cwd);
	json_close(&result, ']');
	json_close(&result, '}');
	rpc_result(&agent->out.queue, message->id, buf_span(&result));
}

static void drop(struct agent *agent, struct session *session)
{
	while (session->turns)
		turn_abort(session->turns);
	agent_drop_session(agent, session);
}

void sessions_close(struct agent *agent, const struct rpc_message *message)
{
	struct session *session = open_session(agent, message);
	if (!session)
		return;
	drop(agent, session);
	succeed(agent, message);
}

void sessions_delete(struct agent *agent, const struct rpc_message *message)
{
	struct store_reader reader;
	cleanup_free char *id = session_id(agent, message);
	if (!id)
		return;
	struct session *session = agent_session(agent, id);
	bool is_kept = store_reader_open(&reader, &agent->store, id) == 0;
	store_reader_close(&reader);
	if (!session && !is_kept) {
		fail(agent, message, RPC_RESOURCE_NOT_FOUND, "Session not found");
		return;
	}
	if (session)
		drop(agent, session);
	if (is_kept)
		store_remove(&agent->store, id);
	succeed(agent, message);
}

/*
 * The text of all text blocks, joined by newlines, and the kinds of all
 * blocks. NULL when the prompt is not an array of content blocks.
 */
static char *prompt_text(struct span prompt, struct buf *kinds)
{
	cleanup_buf struct buf text = BUF_INIT(AGENT_LINE_MAX);
	struct span block;
	struct json_iter it = json_iter(prompt);
	if (json_type(prompt) != JSON_ARRAY)
		return NULL;
	bool has_text = false;
	while (json_next(&it, NULL, &block)) {
		struct span type = json_get(block, "type");
		if (json_type(type) != JSON_STRING)
			return NULL;
		if (kinds->len)
			buf_addc(kinds, ' ');
		json_string_add(kinds, type);
		if (!json_string_is(type, "text"))
			continue;
		if (has_text)
			buf_addc(&text, '\n');
		has_text = true;
		if (json_string_add(&text, json_get(block, "text")) < 0)
			return NULL;
	}
	return buf_take(&text);
}

static void record_prompt(struct session *session, struct span prompt)
{
	struct buf *b = &session->unsaved;
	json_open(b, '{');
	json_kv_raw(b, "prompt", prompt);
	json_close(b, '}');
	buf_addc(b, '\n');
}

void sessions_prompt(struct agent *agent, const struct rpc_message *message)
{
	struct session *session = open_session(agent, message);
	if (!session || !has_turn_room(agent, message, session))
		return;
	struct span prompt = json_get(message->params, "prompt");
	cleanup_buf struct buf kinds = BUF_INIT(AGENT_LINE_MAX);
	char *text = prompt_text(prompt, &kinds);
	if (!text) {
		invalid(agent, message, "prompt must be an array of content blocks");
		return;
	}
	record_prompt(session, prompt);
	turn_queue(agent, session, message->id, text, kinds.data);
}

void sessions_cancel(struct agent *agent, const struct rpc_message *message)
{
	struct session *session = open_session(agent, message);
	if (!session)
		return;
	for (struct turn *turn = session->turns, *next; turn; turn = next) {
		next = turn->next;
		turn_cancel(turn);
	}
	succeed(agent, message);
}

/* Set and tell by an update. 0, or -1 with the error answered. */
static int change(struct agent *agent, const struct rpc_message *message, struct session *session,
		  enum setting setting, struct span value)
{
	cleanup_free char *text = json_string_dup(value);
	if (!text || session_set(session, setting, text) < 0) {
		invalid(agent, message, "no such value");
		return -1;
	}
	if (setting == SETTING_MODE)
		update_mode(agent, session);
	else
		update_options(agent, session);
	return 0;
}

void sessions_set_mode(struct agent *agent, const struct rpc_message *message)
{
	struct session *session = open_session(agent, message);
	struct span mode = json_get(message->params, "modeId");
	if (session && change(agent, message, session, SETTING_MODE, mode) == 0)
		succeed(agent, message);
}

void sessions_set_model(struct agent *agent, const struct rpc_message *message)
{
	struct session *session = open_session(agent, message);
	struct span model = json_get(message->params, "modelId");
	if (session && change(agent, message, session, SETTING_MODEL, model) == 0)
		succeed(agent, message);
}

void sessions_set_option(struct agent *agent, const struct rpc_message *message)
{
	struct session *session = open_session(agent, message);
	cleanup_free char *id = json_string_dup(json_get(message->params, "configId"));
	enum setting setting = id ? setting_by_name(id) : SETTING_COUNT;
	if (!session)
		return;
	if (setting == SETTING_COUNT || setting == SETTING_MODE) {
		invalid(agent, message, "no such configId");
		return;
	}
	if (change(agent, message, session, setting, json_get(message->params, "value")) < 0)
		return;
	cleanup_buf struct buf result = BUF_INIT(BUF_MAX_OWN);
	json_open(&result, '{');
	session_write_options(&result, session);
	json_close(&result, '}');
	rpc_result(&agent->out.queue, message->id, buf_span(&result));
}
