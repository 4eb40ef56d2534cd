#include "pi.h"

#include "command.h"
#include "event.h"
#include "files.h"
#include "gate.h"
#include "session.h"
#include "turn.h"

static void change(struct session *session, const struct envelope *envelope, int setting,
		   struct span value, enum session_reply reply)
{
	struct adapter *adapter = session->base.adapter;
	if (!settings_offers(&session->settings, (enum setting)setting, value)) {
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "that is not offered");
	} else if (setting == SETTING_MODE) {
		settings_set(&session->settings, SETTING_MODE, value);
		session_base_changed(&session->base, envelope->id, reply);
	} else if (session->base.state != SESSION_READY) {
		adapter_error(adapter, envelope->id, RPC_INTERNAL_ERROR, "Pi is not running");
	} else if (setting == SETTING_MODEL) {
		command_set_model(session, value, envelope->id, reply);
	} else {
		command_set_level(session, value, envelope->id, reply);
	}
}

/* What Pi is told by its environment unless the caller's says otherwise. */
static const char *const environment[] = {"PI_SKIP_VERSION_CHECK=1", "PI_TELEMETRY=0", NULL};

static const struct adapter_method methods[] = {
    METHODS_OF_ALL,
    {"authenticate", method_authenticate},
    {"session/list", files_list},
    {"session/delete", method_delete},
    {"session/set_model", method_set_model},
    {NULL, NULL},
};

const struct adapter_agent pi_agent = {
    .name = "sa-acp-pi",
    .title = "Pi",
    .called = "Pi",
    .program = "pi",
    .program_variable = "PI_ACP_PI_COMMAND",
    .environment = environment,
    .capabilities = "{\"loadSession\":true,"
		    "\"promptCapabilities\":{\"image\":true,\"embeddedContext\":true},"
		    "\"mcpCapabilities\":{\"http\":false,\"sse\":false},"
		    "\"sessionCapabilities\":{\"close\":{},\"delete\":{},\"list\":{}}}",
    .auth_methods = "[{\"id\":\"pi-login\",\"name\":\"Log in with Pi\",\"description\":"
		    "\"Run 'pi' in a terminal and /login, or set the provider's API key\"}]",
    .login_id = "pi-login",
    .login_hint = "run 'pi' in a terminal and /login, or set the provider's API key",
    .setting_ids = settings_ids,
    .sessions_max = PI_SESSIONS_MAX,
    .cancel_ms = PI_CANCEL_MS,
    .grace_ms = PI_GRACE_MS,
    .hooks = &sessions_hooks,
    .methods = methods,
    .session_bytes = sizeof(struct session),
    .init = session_init,
    .open = session_open,
    .line = event_line,
    .ended = session_ended,
    .restart = session_restart,
    .mode = settings_mode,
    .write_modes = settings_write_modes,
    .write_options = settings_write_options,
    .write_part = turn_write_part,
    .send = turn_send,
    .find_record = files_find,
    .interrupt = turn_interrupt,
    .change = change,
    .release = session_release,
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
