#include "claude.h"

#include "adapter/sessions.h"
#include "blocks.h"
#include "control.h"
#include "history_list.h"
#include "session.h"
#include "turn.h"

static bool is_open(const struct session *session)
{
	return session->state != SESSION_CLOSING;
}

static int setting_by_id(struct span id)
{
	enum setting setting = settings_by_id(id);
	return setting == SETTING_COUNT ? -1 : (int)setting;
}

static void change(struct session *session, const struct envelope *envelope, int setting,
		   struct span value, bool is_option)
{
	static const enum control_kind kinds[SETTING_COUNT] = {
	    CONTROL_MODE, CONTROL_MODEL, CONTROL_EFFORT, CONTROL_FAST, CONTROL_ULTRACODE};
	struct adapter *adapter = session->base.adapter;
	if (!settings_offers(&session->settings, (enum setting)setting, value))
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "that is not offered");
	else if (session->state != SESSION_READY && session->state != SESSION_REPLAYING)
		adapter_error(adapter, envelope->id, RPC_INTERNAL_ERROR, "Claude is not running");
	else
		control_send(session, kinds[setting], value, envelope->id,
			     is_option ? REPLY_OPTIONS : REPLY_EMPTY);
}

static const struct adapter_method methods[] = {
    {"initialize", method_initialize},
    {"authenticate", method_authenticate},
    {"session/new", method_new},
    {"session/load", method_load},
    {"session/resume", method_resume},
    {"session/fork", method_fork},
    {"session/list", history_list},
    {"session/close", method_close},
    {"session/delete", method_delete},
    {"session/prompt", method_prompt},
    {"session/cancel", method_cancel},
    {"session/set_mode", method_set_mode},
    {"session/set_model", method_set_model},
    {"session/set_config_option", method_set_option},
    {"$/cancel_request", method_cancel_request},
    {NULL, NULL},
};

const struct adapter_agent claude_agent = {
    .name = "sa-acp-claude",
    .title = "Claude Code",
    .capabilities = "{\"loadSession\":true,"
		    "\"promptCapabilities\":{\"image\":true,\"embeddedContext\":true},"
		    "\"mcpCapabilities\":{\"http\":true,\"sse\":true},"
		    "\"sessionCapabilities\":{\"additionalDirectories\":{},\"close\":{},"
		    "\"delete\":{},\"fork\":{},\"list\":{},\"resume\":{}}}",
    .auth_methods = "[{\"id\":\"claude-login\",\"name\":\"Log in with Claude\","
		    "\"description\":\"Run 'claude auth login' in a terminal, or set "
		    "ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN\"}]",
    .login_id = "claude-login",
    .login_hint = "run 'claude auth login' in a terminal, or set ANTHROPIC_API_KEY",
    .sessions_max = CLAUDE_SESSIONS_MAX,
    .hooks = &sessions_hooks,
    .methods = methods,
    .open = session_open,
    .is_open = is_open,
    .write_part = blocks_write,
    .check = turn_check,
    .next = turn_next,
    .forget = history_delete,
    .interrupt = turn_interrupt,
    .setting = setting_by_id,
    .change = change,
    .close = session_close,
    .tick = session_tick,
    .free = session_free,
};

int claude_run(const char *binary, size_t line_bytes, struct sa_error *err)
{
	struct adapter adapter;
	int result = sessions_serve(&claude_agent, binary, line_bytes, NULL, &adapter, err);
	adapter_free(&adapter);
	return result;
}
