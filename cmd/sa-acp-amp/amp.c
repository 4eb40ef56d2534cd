#include "amp.h"

#include "mode.h"
#include "session.h"
#include "threads.h"
#include "turn.h"

static const char *const setting_ids[] = {"mode", NULL};
static const char *const environment[] = {"AMP_SKIP_UPDATE_CHECK=1", NULL};

static const struct adapter_method methods[] = {
    METHODS_OF_ALL,
    {"authenticate", method_authenticate},
    {"session/resume", method_resume},
    {"session/list", threads_list},
    {NULL, NULL},
};

const struct adapter_agent amp_agent = {
    .name = "sa-acp-amp",
    .title = "Amp",
    .called = "Amp",
    .program = "amp",
    .program_variable = "AMP_PATH",
    .environment = environment,
    .capabilities = "{\"loadSession\":true,"
		    "\"promptCapabilities\":{\"image\":false,\"embeddedContext\":true},"
		    "\"mcpCapabilities\":{\"http\":true,\"sse\":false},"
		    "\"sessionCapabilities\":{\"close\":{},\"list\":{},\"resume\":{}}}",
    .auth_methods = "[{\"id\":\"amp-login\",\"name\":\"Log in to Amp\",\"description\":"
		    "\"Run 'amp login' in a terminal, or set AMP_API_KEY\"}]",
    .login_id = "amp-login",
    .login_hint = "run 'amp login' in a terminal, or set AMP_API_KEY",
    .setting_ids = setting_ids,
    .sessions_max = AMP_SESSIONS_MAX,
    .cancel_ms = AMP_CANCEL_MS,
    .grace_ms = AMP_GRACE_MS,
    .hooks = &sessions_hooks,
    .methods = methods,
    .session_bytes = sizeof(struct session),
    .init = session_init,
    .open = session_open,
    .line = session_line,
    .ended = session_ended,
    .mode = mode_id,
    .write_modes = mode_write_all,
    .write_part = turn_write_part,
    .send = turn_send,
    .interrupt = turn_interrupt,
    .change = session_change,
    .tick = session_tick,
    .release = session_release,
};

int amp_run(const char *binary, size_t line_bytes, struct sa_error *err)
{
	struct adapter adapter;
	int result = sessions_serve(&amp_agent, binary, line_bytes, NULL, &adapter, err);
	adapter_free(&adapter);
	return result;
}
