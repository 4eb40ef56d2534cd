#include "session.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "claude.h"
#include "commands.h"
#include "control.h"
#include "launch.h"
#include "permission.h"
#include "tool.h"
#include "turn.h"
#include "json/scan.h"

#include <string.h>

struct buf *session_line(struct session *session)
{
	return wire_queue(&session->base.child.wire);
}

void session_release(struct session *session)
{
	history_close(&session->replay);
	plan_free(&session->plan);
	settings_free(&session->settings);
	char **owned[] = {
	    &session->mcp_config,  &session->directories,     &session->system_prompt,
	    &session->initialized, &session->startup_error,   &session->turn.message_id,
	    &session->turn.model,  &session->turn.error_kind, &session->turn.result};
	for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
		session_drop(owned[i]);
}

/* --- opening ---------------------------------------------------------------------------- */

void session_init(struct session *session)
{
	history_init(&session->replay);
	settings_init(&session->settings, launch_can_bypass());
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
	if (session->base.open == SESSION_NEW) {
		session->base.id = new_id();
		return 0;
	}
	cleanup_free char *path = id ? history_find(id) : NULL;
	if (!path)
		return error_set(err, PROBLEM_SESSION_NOT_FOUND,
				 "Claude has no session '%.80s' here", id ? id : "");
	if (session->base.open == SESSION_FORK) {
		memcpy(session->forked_from, id, IDENT_UUID_BYTES);
		session->base.id = new_id();
		return 0;
	}
	session->base.id = TAKE_PTR(id);
	return session->base.open == SESSION_LOAD ? history_open(&session->replay, path, err) : 0;
}

static int start(struct session *session, bool is_resumed, struct sa_error *err)
{
	if (launch_claude(session, is_resumed, err) < 0)
		return -1;
	session->base.state = SESSION_STARTING;
	control_send(session, CONTROL_INITIALIZE, SPAN_NONE, SPAN_NONE, REPLY_NONE);
	return 0;
}

int session_restart(struct session *session, struct sa_error *err)
{
	cleanup_free char *path = history_find(session->base.id);
	session->turn.has_states = false;
	session->is_again = true;
	return start(session, path != NULL, err);
}

int session_open(struct session *session, struct span params, struct sa_error *err)
{
	enum session_open open = session->base.open;
	if (read_params(session, params, err) < 0 || read_id(session, params, err) < 0)
		return -1;
	return start(session, open == SESSION_LOAD || open == SESSION_RESUME, err);
}

/* --- ready -------------------------------------------------------------------------------- */

static void answer_open(struct session *session)
{
	session_base_opened(&session->base);
	if (session->initialized)
		commands_tell(session, json_get(span_of(session->initialized), "commands"));
	session_drop(&session->initialized);
	session->base.state = SESSION_READY;
	session_base_next(&session->base);
}

void session_initialized(struct session *session, struct span response)
{
	if (session->base.state != SESSION_STARTING)
		return;
	settings_read(&session->settings, response, session->is_again);
	if (session->is_again)
		control_set_again(session);
	session_drop(&session->initialized);
	if (response.p)
		session->initialized = xmemdup0(response.p, response.n);
	if (history_is_open(&session->replay))
		session->base.state = SESSION_REPLAYING;
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
	if (session->base.state == SESSION_CLOSING) {
		control_fail_all(session, why);
		turn_drop_all(session, "the session is closed");
		session_base_closed(&session->base);
		return;
	}
	bool was_starting = session->base.state == SESSION_STARTING;
	session->base.state = SESSION_DEAD;
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

int64_t session_tick(struct session *session)
{
	struct adapter *adapter = session->base.adapter;
	if (session->base.state == SESSION_REPLAYING) {
		while (!wire_is_busy(&adapter->client) && history_is_open(&session->replay))
			history_step(&session->replay, session);
		if (!history_is_open(&session->replay))
			answer_open(session);
		wire_flush(&session->base.child.wire);
	}
	return session_base_tick(&session->base);
}
