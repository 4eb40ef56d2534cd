#include "pi.h"

#include "command.h"
#include "files.h"
#include "gate.h"
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
	struct adapter *adapter = session->base.adapter;
	enum reply reply = is_option ? REPLY_OPTIONS : REPLY_EMPTY;
	if (!settings_offers(&session->settings, (enum setting)setting, value)) {
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "that is not offered");
	} else if (setting == SETTING_MODE) {
		settings_set(&session->settings, SETTING_MODE, value);
		command_reply(session, envelope->id, reply);
	} else if (session->state != SESSION_READY) {
		adapter_error(adapter, envelope->id, RPC_INTERNAL_ERROR, "Pi is not running");
	} else if (setting == SETTING_MODEL) {
		command_set_model(session, value, envelope->id, reply);
	} else {
		command_set_level(session, value, envelope->id, reply);
	}
}

static const struct adapter_method methods[] = {
    {"initialize", method_initialize},
    {"authenticate", method_authenticate},
    {"session/new", method_new},
    {"session/load", method_load},
    {"session/list", files_list},
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

const struct adapter_agent pi_agent = {
    .name = "sa-acp-pi",
    .title = "Pi",
    .capabilities = "{\"loadSession\":true,"
		    "\"promptCapabilities\":{\"image\":true,\"embeddedContext\":true},"
		    "\"mcpCapabilities\":{\"http\":false,\"sse\":false},"
		    "\"sessionCapabilities\":{\"close\":{},\"delete\":{},\"list\":{}}}",
    .auth_methods = "[{\"id\":\"pi-login\",\"name\":\"Log in with Pi\",\"description\":"
		    "\"Run 'pi' in a terminal and /login, or set the provider's API key\"}]",
    .login_id = "pi-login",
    .login_hint = "run 'pi' in a terminal and /login, or set the provider's API key",
    .sessions_max = PI_SESSIONS_MAX,
    .hooks = &sessions_hooks,
    .methods = methods,
    .open = session_open,
    .is_open = is_open,
    .write_part = turn_write_part,
    .check = turn_check,
    .next = turn_next,
    .forget = files_delete,
    .interrupt = turn_interrupt,
    .setting = setting_by_id,
    .change = change,
    .close = session_close,
    .tick = session_tick,
    .free = session_free,
};

int pi_run(const char *binary, size_t line_bytes, struct sa_error *err)
{
	struct adapter adapter;
	struct pi pi = {NULL, NULL};
	int result = sessions_serve(&pi_agent, binary, line_bytes, &pi, &adapter, err);
	gate_remove(pi.gate_folder, pi.gate);
	adapter_free(&adapter);
	return result;
}
