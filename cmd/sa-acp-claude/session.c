#include "session.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "claude.h"
#include "commands.h"
#include "control.h"
#include "launch.h"
#include "permission.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

struct buf *session_line(struct session *session)
{
	return wire_queue(&session->base.child.wire);
}

void session_free(struct session *session)
{
	session_base_free(&session->base);
	history_close(&session->replay);
	tool_free_all(session);
	plan_free(&session->plan);
	settings_free(&session->settings);
	char **owned[] = {
	    &session->mcp_config,  &session->directories,     &session->system_prompt,
	    &session->initialized, &session->startup_error,   &session->turn.message_id,
	    &session->turn.model,  &session->turn.error_kind, &session->turn.result};
	for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
		session_take(owned[i]);
	free(session);
}

/* --- opening ---------------------------------------------------------------------------- */

static struct session *make(struct adapter *adapter, enum session_open open)
{
	struct session *session = xcalloc(1, sizeof(*session));
	session_base_init(&session->base, adapter);
	session->open = open;
	history_init(&session->replay);
	settings_init(&session->settings, launch_can_bypass());
	return session;
}

/* _meta.systemPrompt: a text instead of Claude's own, or {"append": text}. */
static void read_system_prompt(struct session *session, struct span params)
{
	struct span prompt = json_path(params, "_meta.systemPrompt");
	session->is_system_appended = json_type(prompt) == JSON_OBJECT;
	session->system_prompt =
	    json_string_dup(session->is_system_appended ? json_get(prompt, "append") : prompt);
}

static int read_params(struct session *session, struct span params, struct sa_error *err)
{
	struct span servers = json_get(params, "mcpServers");
	struct span directories = json_get(params, "additionalDirectories");
	struct json_iter it = json_iter(servers);
	struct span first;
	if (session_base_cwd(&session->base, params, err) < 0)
		return -1;
	if (json_type(servers) == JSON_ARRAY && json_next(&it, NULL, &first)) {
		struct buf config = BUF_INIT(BUF_MAX_OWN);
		int result = launch_mcp_config(&config, servers, err);
		session->mcp_config = buf_take(&config);
		if (result < 0)
			return -1;
	}
	if (json_type(directories) == JSON_ARRAY)
		session->directories = xmemdup0(directories.p, directories.n);
	read_system_prompt(session, params);
	return 0;
}

static char *new_id(void)
{
	char id[IDENT_UUID_BYTES];
	ident_uuid(id);
	return xstrdup(id);
}

/* The session that the request names: an id of Claude's, with a history. */
static int read_id(struct session *session, struct span params, struct sa_error *err)
{
	cleanup_free char *id = json_string_dup(json_get(params, "sessionId"));
	if (session->open == SESSION_NEW) {
		session->base.id = new_id();
		return 0;
	}
	cleanup_free char *path = id ? history_find(id) : NULL;
	if (!path)
		return error_set(err, PROBLEM_SESSION_NOT_FOUND,
				 "Claude has no session '%.80s' here", id ? id : "");
	if (session->open == SESSION_FORK) {
		memcpy(session->forked_from, id, IDENT_UUID_BYTES);
		session->base.id = new_id();
		return 0;
	}
	session->base.id = TAKE_PTR(id);
	return session->open == SESSION_LOAD ? history_open(&session->replay, path, err) : 0;
}

static int start(struct session *session, bool is_resumed, struct sa_error *err)
{
	if (launch_claude(session, is_resumed, err) < 0)
		return -1;
	session->state = SESSION_STARTING;
	control_send(session, CONTROL_INITIALIZE, SPAN_NONE, SPAN_NONE, REPLY_NONE);
	return 0;
}

int session_restart(struct session *session, struct sa_error *err)
{
	cleanup_free char *path = history_find(session->base.id);
	session->turn.has_states = false;
	return start(session, path != NULL, err);
}

static int open_checked(struct session *session, const struct envelope *envelope,
			struct sa_error *err)
{
	struct adapter *adapter = session->base.adapter;
	if (sessions_room(adapter, err) < 0 || read_params(session, envelope->params, err) < 0 ||
	    read_id(session, envelope->params, err) < 0)
		return -1;
	if (session->open != SESSION_NEW &&
	    sessions_find(adapter, json_get(envelope->params, "sessionId")) &&
	    session->open != SESSION_FORK)
		return error_set(err, PROBLEM_CONFLICT, "that session is open already");
	bool is_resumed = session->open == SESSION_LOAD || session->open == SESSION_RESUME;
	return start(session, is_resumed, err);
}

void session_open(struct adapter *adapter, const struct envelope *envelope, enum session_open open)
{
	struct sa_error err = SA_ERROR_INIT;
	struct session *session = make(adapter, open);
	if (open_checked(session, envelope, &err) < 0) {
		adapter_refuse(adapter, envelope->id, &err);
		session_free(session);
		return;
	}
	session_base_add(&session->base, envelope);
}

/* --- ready -------------------------------------------------------------------------------- */

static void answer_open(struct session *session)
{
	struct adapter *adapter = session->base.adapter;
	if (session->base.open_request) {
		struct buf *b = adapter_result_open(adapter, span_of(session->base.open_request));
		json_open(b, '{');
		if (session->open == SESSION_NEW || session->open == SESSION_FORK)
			json_kv_string(b, "sessionId", session->base.id);
		settings_write_setup(b, &session->settings);
		json_close(b, '}');
		adapter_result_close(adapter);
		session_take(&session->base.open_request);
	}
	if (session->initialized)
		commands_tell(session, json_get(span_of(session->initialized), "commands"));
	session_take(&session->initialized);
	session->state = SESSION_READY;
	turn_next(session);
}

void session_initialized(struct session *session, struct span response)
{
	if (session->state != SESSION_STARTING)
		return;
	settings_read(&session->settings, response);
	session_take(&session->initialized);
	if (response.p)
		session->initialized = xmemdup0(response.p, response.n);
	if (history_is_open(&session->replay))
		session->state = SESSION_REPLAYING;
	else
		answer_open(session);
}

/* --- the end -------------------------------------------------------------------------------- */

static void refuse_open(struct session *session, const char *why)
{
	session_base_refuse(&session->base, RPC_INTERNAL_ERROR, "Claude Code did not start: %s",
			    session->startup_error ? session->startup_error : why);
}

void session_ended(struct session *session)
{
	cleanup_free char *how = child_how_it_ended(&session->base.child);
	cleanup_free char *why = xasprintf("Claude Code %s", how);
	permission_drop_all(session);
	if (session->state == SESSION_CLOSING) {
		control_fail_all(session, why);
		turn_drop_all(session, "the session is closed");
		session_base_closed(&session->base);
		return;
	}
	bool was_starting = session->state == SESSION_STARTING;
	session->state = SESSION_DEAD;
	if (session->base.open_request) {
		refuse_open(session, how);
		turn_drop_all(session, why);
	} else if (was_starting) {
		turn_drop_all(session, session->startup_error ? session->startup_error : why);
	} else {
		turn_fail(session, why);
	}
	control_fail_all(session, why);
	tool_fail_all(session, why);
	struct sa_error err = SA_ERROR_INIT;
	if (session->base.prompts.first && session_restart(session, &err) < 0)
		turn_drop_all(session, err.message);
}

void session_close(struct session *session, const char *close_request)
{
	bool was_alive = child_is_alive(&session->base.child);
	session_base_close(&session->base, close_request);
	session->state = SESSION_CLOSING;
	if (was_alive)
		child_stop(&session->base.child, CLAUDE_GRACE_MS);
	else
		session_ended(session);
}

int64_t session_tick(struct session *session)
{
	struct adapter *adapter = session->base.adapter;
	if (session->state == SESSION_REPLAYING) {
		while (!wire_is_busy(&adapter->client) && history_is_open(&session->replay))
			history_step(&session->replay, session);
		if (!history_is_open(&session->replay))
			answer_open(session);
		wire_flush(&session->base.child.wire);
	}
	return session_base_tick(&session->base);
}
