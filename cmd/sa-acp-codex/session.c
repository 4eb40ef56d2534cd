#include "session.h"

#include "adapter/mcp.h"
#include "approval.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "codex.h"
#include "commands.h"
#include "item.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

/* How many turns one page of a history holds. */
#define SESSION_PAGE "20"

void session_release(struct session *session)
{
	server_forget(session->codex, session);
	approval_drop_all(session);
	settings_free(&session->settings);
	char **owned[] = {&session->from, &session->config, &session->instructions,
			  &session->turn_id, &session->streaming_id};
	for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
		session_drop(owned[i]);
}

/* --- opening --------------------------------------------------------------------------- */

/* Codex's words for a thread that is not there. */
static int64_t open_error_code(const char *why)
{
	return strstr(why, "no rollout") || strstr(why, "not found") || strstr(why, "no thread")
		   ? RPC_RESOURCE_NOT_FOUND
		   : RPC_INTERNAL_ERROR;
}

void session_check_opened(struct session *session)
{
	if (!session->base.open_request || session->base.state != SESSION_READY ||
	    !session->codex->has_models)
		return;
	session_base_opened(&session->base);
	commands_tell(session);
	session_base_next(&session->base);
}

static void ask_page(struct session *session, struct span cursor);

static void on_page(struct codex *codex, const struct call *call, const struct envelope *envelope)
{
	struct session *session = call->session;
	if (!session || session->base.state != SESSION_REPLAYING)
		return;
	if (!envelope || envelope->error.p) {
		cleanup_free char *why = call_error(envelope);
		adapter_log(&codex->adapter, "the history cannot be told: %s", why);
		session->base.state = SESSION_READY;
		session_check_opened(session);
		return;
	}
	struct json_iter turns = json_iter(json_get(envelope->result, "data"));
	struct span turn, one, next = json_get(envelope->result, "nextCursor");
	while (json_next(&turns, NULL, &turn)) {
		struct json_iter items = json_iter(json_get(turn, "items"));
		while (json_next(&items, NULL, &one))
			item_replay(session, one);
	}
	if (json_type(next) == JSON_STRING) {
		ask_page(session, next);
		return;
	}
	session->base.state = SESSION_READY;
	session_check_opened(session);
}

static void ask_page(struct session *session, struct span cursor)
{
	struct buf *b = server_call_open(session->codex, "thread/turns/list");
	json_open(b, '{');
	json_kv_string(b, "threadId", session->base.id);
	json_kv_string(b, "itemsView", "full");
	json_kv_string(b, "sortDirection", "asc");
	json_kv_raw(b, "limit", SPAN_LIT(SESSION_PAGE));
	json_kv_raw(b, "cursor", cursor);
	json_close(b, '}');
	server_call_close(session->codex, on_page, session, SPAN_NONE);
}

static void on_opened(struct codex *codex, const struct call *call, const struct envelope *envelope)
{
	struct session *session = call->session;
	if (!session || session->base.is_gone)
		return;
	char *id = envelope ? json_string_dup(json_path(envelope->result, "thread.id")) : NULL;
	if (!id) {
		cleanup_free char *why = call_error(envelope);
		session_base_refuse(&session->base, open_error_code(why), "%s", why);
		return;
	}
	free(session->base.id);
	session->base.id = id;
	settings_read(&session->settings, codex, envelope->result);
	session->base.state =
	    session->base.open == SESSION_LOAD ? SESSION_REPLAYING : SESSION_READY;
	if (session->base.open == SESSION_LOAD)
		ask_page(session, SPAN_NONE);
	else
		session_check_opened(session);
}

static void write_thread(struct buf *b, const struct session *session)
{
	json_kv_string(b, "cwd", session->base.cwd);
	json_kv_raw(b, "config", span_of(session->config));
	if (session->instructions)
		json_kv_string(b,
			       session->is_instructions_appended ? "developerInstructions"
								 : "baseInstructions",
			       session->instructions);
}

static void call_thread(struct session *session)
{
	static const char *const methods[] = {
	    [SESSION_NEW] = "thread/start",
	    [SESSION_LOAD] = "thread/resume",
	    [SESSION_RESUME] = "thread/resume",
	    [SESSION_FORK] = "thread/fork",
	};
	struct buf *b = server_call_open(session->codex, methods[session->base.open]);
	json_open(b, '{');
	if (session->base.open != SESSION_NEW) {
		json_kv_string(b, "threadId", session->from ? session->from : session->base.id);
		json_kv_bool(b, "excludeTurns", true);
	}
	write_thread(b, session);
	json_close(b, '}');
	server_call_close(session->codex, on_opened, session, SPAN_NONE);
}

static void read_instructions(struct session *session, struct span params)
{
	struct span prompt = json_path(params, "_meta.systemPrompt");
	session->is_instructions_appended = json_type(prompt) == JSON_OBJECT;
	session->instructions = json_string_dup(
	    session->is_instructions_appended ? json_get(prompt, "append") : prompt);
}

/* An object for thread/start's config: mcpServers and additionalDirectories. 0, or -1. */
static int write_config(struct buf *b, struct span params, struct sa_error *err)
{
	static const struct mcp_style style = {.headers = "http_headers", .no_sse = "Codex"};
	struct span directories = json_get(params, "additionalDirectories");
	json_open(b, '{');
	json_key(b, "mcp_servers");
	json_open(b, '{');
	if (mcp_write_servers(b, json_get(params, "mcpServers"), &style, err) < 0)
		return -1;
	json_close(b, '}');
	if (json_type(directories) == JSON_ARRAY)
		json_kv_raw(b, SESSION_ROOTS, directories);
	json_close(b, '}');
	return 0;
}

static int read_params(struct session *session, struct span params, struct sa_error *err)
{
	if (session->base.open != SESSION_NEW) {
		char **id = session->base.open == SESSION_FORK ? &session->from : &session->base.id;
		*id = json_string_dup(json_get(params, "sessionId"));
		if (!*id)
			return error_set(err, PROBLEM_INVALID_REQUEST, "sessionId is missing");
	}
	read_instructions(session, params);
	cleanup_buf struct buf config = BUF_INIT(BUF_MAX_OWN);
	if (write_config(&config, params, err) < 0)
		return -1;
	session->config = buf_take(&config);
	return 0;
}

void session_init(struct session *session)
{
	session->codex = session->base.adapter->arg;
	settings_init(&session->settings);
}

int session_open(struct session *session, struct span params, struct sa_error *err)
{
	if (read_params(session, params, err) < 0 || server_start(session->codex, err) < 0)
		return -1;
	call_thread(session);
	return 0;
}

/* --- the app-server ended, the session ends ------------------------------------------------- */

static void on_resumed(struct codex *codex, const struct call *call,
		       const struct envelope *envelope)
{
	struct session *session = call->session;
	(void)codex;
	if (!session)
		return;
	session->is_resuming = false;
	if (!envelope || envelope->error.p) {
		cleanup_free char *why = call_error(envelope);
		prompts_fail_all(&session->base.prompts, session->base.adapter, why);
		return;
	}
	session->base.state = SESSION_READY;
	session_base_next(&session->base);
}

int session_resume_lost(struct session *session, struct sa_error *err)
{
	if (session->is_resuming)
		return 0;
	if (server_start(session->codex, err) < 0)
		return -1;
	session->is_resuming = true;
	struct buf *b = server_call_open(session->codex, "thread/resume");
	json_open(b, '{');
	json_kv_string(b, "threadId", session->base.id);
	json_kv_bool(b, "excludeTurns", true);
	write_thread(b, session);
	json_close(b, '}');
	server_call_close(session->codex, on_resumed, session, SPAN_NONE);
	return 0;
}

void session_lost(struct session *session, const char *why)
{
	approval_drop_all(session);
	if (session->base.open_request) {
		session_base_refuse(&session->base, RPC_INTERNAL_ERROR, "%s", why);
		return;
	}
	session->base.state = SESSION_DEAD;
	session->is_resuming = false;
	turn_lost(session, why);
	settings_tell_all(&session->settings); /* a new app-server knows only the configuration */
}

int64_t session_tick(struct session *session)
{
	if (deadline_poll_ms(session->base.cancel_deadline) == 0) {
		adapter_log(session->base.adapter, "a turn did not stop when asked to: given up");
		turn_give_up(session);
	}
	return session->base.cancel_deadline;
}

void session_close(struct session *session, const char *close_request)
{
	session_base_close(&session->base, close_request);
	turn_give_up(session);
	if (session->base.id && session->base.state != SESSION_DEAD) {
		struct buf *b = server_call_open(session->codex, "thread/unsubscribe");
		json_open(b, '{');
		json_kv_string(b, "threadId", session->base.id);
		json_close(b, '}');
		server_call_close(session->codex, turn_ignore_answer, NULL, SPAN_NONE);
	}
	session_base_closed(&session->base);
}
