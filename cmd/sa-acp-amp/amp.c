#include "amp.h"

#include "session.h"
#include "threads.h"
#include "turn.h"
#include "json/scan.h"

static bool is_open(const struct session *session)
{
	return session->state != SESSION_CLOSING;
}

static int setting_by_id(struct span id)
{
	return json_string_is(id, "mode") ? 0 : -1;
}

static const struct adapter_method methods[] = {
    {"initialize", method_initialize},
    {"authenticate", method_authenticate},
    {"session/new", method_new},
    {"session/load", method_load},
    {"session/resume", method_resume},
    {"session/list", threads_list},
    {"session/close", method_close},
    {"session/prompt", method_prompt},
    {"session/cancel", method_cancel},
    {"session/set_mode", method_set_mode},
    {"session/set_config_option", method_set_option},
    {"$/cancel_request", method_cancel_request},
    {NULL, NULL},
};

const struct adapter_agent amp_agent = {
    .name = "sa-acp-amp",
    .title = "Amp",
    .capabilities = "{\"loadSession\":true,"
		    "\"promptCapabilities\":{\"image\":false,\"embeddedContext\":true},"
		    "\"mcpCapabilities\":{\"http\":true,\"sse\":false},"
		    "\"sessionCapabilities\":{\"close\":{},\"list\":{},\"resume\":{}}}",
    .auth_methods = "[{\"id\":\"amp-login\",\"name\":\"Log in to Amp\",\"description\":"
		    "\"Run 'amp login' in a terminal, or set AMP_API_KEY\"}]",
    .login_id = "amp-login",
    .login_hint = "run 'amp login' in a terminal, or set AMP_API_KEY",
    .sessions_max = AMP_SESSIONS_MAX,
    .hooks = &sessions_hooks,
    .methods = methods,
    .open = session_open,
    .is_open = is_open,
    .write_part = turn_write_part,
    .next = turn_next,
    .interrupt = turn_interrupt,
    .setting = setting_by_id,
    .change = session_change,
    .close = session_close,
    .tick = session_tick,
    .free = session_free,
};

int amp_run(const char *binary, size_t line_bytes, struct sa_error *err)
{
	struct adapter adapter;
	int result = sessions_serve(&amp_agent, binary, line_bytes, NULL, &adapter, err);
	adapter_free(&adapter);
	return result;
}
