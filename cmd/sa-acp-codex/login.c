#include "login.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "codex.h"
#include "os/dirs.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <unistd.h>

const char login_methods[] =
    "[{\"id\":\"openai-api-key\",\"name\":\"OpenAI API key\",\"description\":\"Set OPENAI_API_KEY "
    "or CODEX_API_KEY\"},{\"id\":\"chatgpt\",\"name\":\"ChatGPT account\",\"description\":\"Run "
    "'codex login' in a terminal\"}]";

static const char *key(void)
{
	const char *codex = getenv("CODEX_API_KEY"), *openai = getenv("OPENAI_API_KEY");
	if (codex && *codex)
		return codex;
	return openai && *openai ? openai : NULL;
}

/* Has somebody logged in for good? */
static bool has_login_file(void)
{
	const char *home = getenv("CODEX_HOME");
	cleanup_free char *user = dirs_home();
	cleanup_free char *path = home && *home ? xasprintf("%s/auth.json", home)
				  : user	? xasprintf("%s/.codex/auth.json", user)
						: NULL;
	return path && access(path, F_OK) == 0;
}

static bool uses_environment(void)
{
	return key() && !has_login_file();
}

void login_add_arguments(struct argv *argv)
{
	if (!uses_environment())
		return;
	argv_add(argv, "-c");
	argv_add(argv, "cli_auth_credentials_store=\"ephemeral\"");
}

static void on_login(struct codex *codex, const struct call *call, const struct envelope *envelope)
{
	cleanup_free char *why = envelope && !envelope->error.p ? NULL : call_error(envelope);
	if (why)
		adapter_log(&codex->adapter, "Codex refused the key: %s", why);
	if (!call->request)
		return;
	if (why)
		adapter_error(&codex->adapter, span_of(call->request), RPC_AUTH_REQUIRED, "%s",
			      why);
	else
		adapter_result(&codex->adapter, span_of(call->request), SPAN_LIT("{}"));
}

/* The key travels on the app-server's standard input, which nobody else sees. */
static void login(struct codex *codex, struct span request)
{
	struct buf *b = server_call_open(codex, "account/login/start");
	json_open(b, '{');
	json_kv_string(b, "type", "apiKey");
	json_kv_string(b, "apiKey", key());
	json_close(b, '}');
	server_call_close(codex, on_login, NULL, request);
}

void login_begin(struct codex *codex)
{
	if (uses_environment())
		login(codex, SPAN_NONE);
}

void login_authenticate(struct adapter *adapter, const struct envelope *envelope)
{
	struct codex *codex = adapter->arg;
	struct sa_error err = SA_ERROR_INIT;
	struct span method = json_get(envelope->params, "methodId");
	if (json_string_is(method, "chatgpt"))
		adapter_error(adapter, envelope->id, RPC_AUTH_REQUIRED,
			      "run 'codex login' in a terminal");
	else if (!json_string_is(method, "openai-api-key"))
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "no such auth method");
	else if (!key())
		adapter_error(adapter, envelope->id, RPC_AUTH_REQUIRED,
			      "neither OPENAI_API_KEY nor CODEX_API_KEY is set");
	else if (server_start(codex, &err) < 0)
		adapter_error(adapter, envelope->id, RPC_INTERNAL_ERROR, "%s", err.message);
	else
		login(codex, envelope->id);
}
