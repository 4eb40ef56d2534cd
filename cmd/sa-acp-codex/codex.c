#include "codex.h"

#include "item.h"
#include "login.h"
#include "session.h"
#include "threads.h"
#include "turn.h"

/* The most of the model list that is kept, bytes. */
enum { CODEX_MODELS_BYTES = 1 << 20 };

/* A thread can be named once Codex has loaded it. */
static bool is_open(const struct session *session)
{
	return !session->base.open_request;
}

/* What is set goes to Codex with the next turn. */
static void change(struct session *session, const struct envelope *envelope, int setting,
		   struct span value, enum session_reply reply)
{
	if (!settings_offers(&session->settings, session->codex, (enum setting)setting, value)) {
		adapter_error(session->base.adapter, envelope->id, RPC_INVALID_PARAMS,
			      "that is not offered");
		return;
	}
	settings_set(&session->settings, (enum setting)setting, value);
	session_base_changed(&session->base, envelope->id, reply);
}

static const struct adapter_method methods[] = {
    METHODS_OF_ALL,
    {"authenticate", login_authenticate},
    {"session/resume", method_resume},
    {"session/fork", method_fork},
    {"session/list", threads_list},
    {"session/delete", threads_delete},
    {"session/set_model", method_set_model},
    {NULL, NULL},
};

/* --- the loop's hooks: one process for all sessions ------------------------------------------ */

static int64_t tick(struct adapter *adapter)
{
	struct codex *codex = adapter->arg;
	struct child *child = &codex->server.child;
	int64_t deadline = sessions_tick(adapter);
	int64_t next = child_tick(child);
	if (child_is_alive(child))
		wire_flush(&child->wire);
	return next < deadline ? next : deadline;
}

static void pause_server(struct adapter *adapter, bool is_paused)
{
	struct codex *codex = adapter->arg;
	if (child_is_alive(&codex->server.child))
		wire_pause(&codex->server.child.wire, is_paused);
}

static void end_all(struct adapter *adapter)
{
	struct codex *codex = adapter->arg;
	sessions_end(adapter);
	child_stop(&codex->server.child, CODEX_GRACE_MS);
}

static bool is_ended(struct adapter *adapter)
{
	const struct codex *codex = adapter->arg;
	return !child_is_alive(&codex->server.child);
}

static const struct adapter_hooks hooks = {tick, pause_server, end_all, is_ended};

const struct adapter_agent codex_agent = {
    .name = "sa-acp-codex",
    .title = "Codex",
    .called = "Codex",
    .program = "codex",
    .program_variable = "CODEX_PATH",
    .capabilities = "{\"loadSession\":true,"
		    "\"promptCapabilities\":{\"image\":true,\"embeddedContext\":true},"
		    "\"mcpCapabilities\":{\"http\":true,\"sse\":false},"
		    "\"sessionCapabilities\":{\"additionalDirectories\":{},\"close\":{},"
		    "\"delete\":{},\"fork\":{},\"list\":{},\"resume\":{}}}",
    .auth_methods = login_methods,
    .setting_ids = settings_ids,
    .sessions_max = CODEX_SESSIONS_MAX,
    .cancel_ms = CODEX_CANCEL_MS,
    .hooks = &hooks,
    .methods = methods,
    .session_bytes = sizeof(struct session),
    .init = session_init,
    .open = session_open,
    .is_open = is_open,
    .restart = session_resume_lost,
    .mode = settings_mode,
    .write_modes = settings_write_modes,
    .write_options = settings_write_options,
    .write_part = turn_write_part,
    .check = turn_check,
    .send = turn_send,
    .interrupt = turn_interrupt,
    .change = change,
    .close = session_close,
    .tick = session_tick,
    .release = session_release,
    .release_call = item_release,
};

int codex_run(const char *binary, size_t line_bytes, struct sa_error *err)
{
	struct codex codex = {
	    .models = BUF_INIT(CODEX_MODELS_BYTES),
	    .has_sandbox = settings_probe_sandbox(),
	};
	server_init(&codex.server);
	int result = sessions_serve(&codex_agent, binary, line_bytes, &codex, &codex.adapter, err);
	server_free(&codex.server);
	buf_free(&codex.models);
	adapter_free(&codex.adapter);
	return result;
}
