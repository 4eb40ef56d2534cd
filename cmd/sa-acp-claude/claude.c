#include "claude.h"

#include "adapter/sessions.h"
#include "blocks.h"
#include "control.h"
#include "history_list.h"
#include "launch.h"
#include "native.h"
#include "session.h"
#include "tool.h"
#include "turn.h"

static void change(struct session *session, const struct envelope *envelope, int setting,
		   struct span value, enum session_reply reply)
{
	struct adapter *adapter = session->base.adapter;
	if (!settings_offers(&session->settings, (enum setting)setting, value))
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "that is not offered");
	else if (session->base.state != SESSION_READY && session->base.state != SESSION_REPLAYING)
		adapter_error(adapter, envelope->id, RPC_INTERNAL_ERROR, "Claude is not running");
	else
		control_set(session, (enum setting)setting, value, envelope->id, reply);
}

static const struct adapter_method methods[] = {
    METHODS_OF_ALL,
    {"authenticate", method_authenticate},
    {"session/resume", method_resume},
    {"session/fork", method_fork},
    {"session/list", history_list},
    {"session/delete", method_delete},
    {"session/set_model", method_set_model},
    {NULL, NULL},
};

const struct adapter_agent claude_agent = {
    .name = "sa-acp-claude",
    .title = "Claude Code",
    .called = "Claude",
    .program = "claude",
    .program_variable = "CLAUDE_CODE_EXECUTABLE",
    .environment = launch_environment,
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
    .setting_ids = settings_ids,
    .sessions_max = CLAUDE_SESSIONS_MAX,
    .cancel_ms = CLAUDE_CANCEL_MS,
    .grace_ms = CLAUDE_GRACE_MS,
    .hooks = &sessions_hooks,
    .methods = methods,
    .session_bytes = sizeof(struct session),
    .init = session_init,
    .open = session_open,
    .line = native_line,
    .ended = session_ended,
    .restart = session_restart,
    .mode = settings_mode,
    .write_modes = settings_write_modes,
    .write_options = settings_write_options,
    .write_part = blocks_write,
    .send = turn_send,
    .find_record = history_find,
    .interrupt = turn_interrupt,
    .change = change,
    .tick = session_tick,
    .release = session_release,
    .release_call = tool_release,
};

int claude_run(const char *binary, size_t line_bytes, struct sa_error *err)
{
	struct adapter adapter;
	int result = sessions_serve(&claude_agent, binary, line_bytes, NULL, &adapter, err);
	adapter_free(&adapter);
	return result;
}
