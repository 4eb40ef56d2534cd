#include "methods.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "sessions.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

/* In the order in which initialize tells them. */
static const struct {
	const char *name;
	enum ability ability;
} abilities[] = {
    {"load", ABILITY_LOAD},   {"list", ABILITY_LIST},	  {"resume", ABILITY_RESUME},
    {"close", ABILITY_CLOSE}, {"delete", ABILITY_DELETE}, {"fork", ABILITY_FORK},
};

int methods_parse_abilities(const char *list, unsigned *ret, struct sa_error *err)
{
	unsigned found = 0;
	for (const char *p = list; *p;) {
		size_t n = strcspn(p, ","), i = 0;
		while (i < ARRAY_SIZE(abilities) && (strncmp(p, abilities[i].name, n) != 0 ||
						     abilities[i].name[n] != '\0'))
			i++;
		if (i == ARRAY_SIZE(abilities) || n == 0)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "--abilities: no ability '%.*s'; there are load, list, "
					 "resume, close, delete, fork",
					 (int)n, p);
		found |= abilities[i].ability;
		p += n + (p[n] == ',');
	}
	*ret = found;
	return 0;
}

static void add_capabilities(struct buf *b, unsigned able)
{
	json_open(b, '{');
	json_kv_bool(b, "loadSession", (able & ABILITY_LOAD) != 0);
	json_kv_raw(b, "promptCapabilities", SPAN_LIT("{\"image\":true,\"embeddedContext\":true}"));
	json_kv_raw(b, "mcpCapabilities", SPAN_LIT("{\"http\":true,\"sse\":true}"));
	json_key(b, "sessionCapabilities");
	json_open(b, '{');
	for (size_t i = 1; i < ARRAY_SIZE(abilities); i++)
		if (able & abilities[i].ability)
			json_kv_raw(b, abilities[i].name, SPAN_LIT("{}"));
	json_close(b, '}');
	json_close(b, '}');
}

static void initialize(struct agent *agent, const struct rpc_message *message)
{
	struct buf *out = &agent->out.queue;
	struct span version = json_get(message->params, "protocolVersion");
	int64_t number;
	if (version.p && json_int(version, &number) < 0) {
		rpc_error(out, message->id, RPC_INVALID_PARAMS,
			  SPAN_LIT("protocolVersion must be an integer"));
		return;
	}
	cleanup_buf struct buf result = BUF_INIT(BUF_MAX_OWN);
	json_open(&result, '{');
	json_kv_int(&result, "protocolVersion", 1);
	json_key(&result, "agentCapabilities");
	add_capabilities(&result, agent->abilities);
	json_kv_raw(&result, "authMethods",
		    agent->needs_auth ? SPAN_LIT("[{\"id\":\"mock-login\",\"name\":\"Mock login\","
						 "\"description\":\"Succeeds at once\"}]")
				      : SPAN_LIT("[]"));
	json_key(&result, "agentInfo");
	json_open(&result, '{');
	json_kv_string(&result, "name", "sa-mock-agent");
	json_kv_string(&result, "title", "Mock Agent");
	json_kv_string(&result, "version", SA_VERSION);
	json_close(&result, '}');
	json_close(&result, '}');
	rpc_result(out, message->id, buf_span(&result));
}

static void authenticate(struct agent *agent, const struct rpc_message *message)
{
	struct buf *out = &agent->out.queue;
	struct span method = json_get(message->params, "methodId");
	if (json_type(method) != JSON_STRING ||
	    (agent->needs_auth && !json_string_is(method, "mock-login"))) {
		rpc_error(out, message->id, RPC_INVALID_PARAMS, SPAN_LIT("unknown methodId"));
		return;
	}
	agent->is_authenticated = true;
	rpc_result(out, message->id, SPAN_LIT("{}"));
}

static void logout(struct agent *agent, const struct rpc_message *message)
{
	agent->is_authenticated = false;
	rpc_result(&agent->out.queue, message->id, SPAN_LIT("{}"));
}

/* $/cancel_request: the prompt with this id ends with an error. */
static void cancel_request(struct agent *agent, const struct rpc_message *message)
{
	struct span id = json_get(message->params, "requestId");
	for (struct session *s = agent->sessions; s && id.p; s = s->next)
		for (struct turn *turn = s->turns; turn; turn = turn->next)
			if (span_equal(id, span_of(turn->id))) {
				turn_cancel_request(turn);
				return;
			}
}

static void not_supported(struct agent *agent, const struct rpc_message *message)
{
	rpc_error(&agent->out.queue, message->id, RPC_METHOD_NOT_FOUND,
		  SPAN_LIT("Method not found"));
}

static const struct {
	const char *name;
	void (*handle)(struct agent *agent, const struct rpc_message *message);
	enum ability ability;
} methods[] = {
    {"initialize", initialize, ABILITY_ALWAYS},
    {"authenticate", authenticate, ABILITY_ALWAYS},
    {"logout", logout, ABILITY_ALWAYS},
    {"session/new", sessions_new, ABILITY_ALWAYS},
    {"session/load", sessions_load, ABILITY_LOAD},
    {"session/resume", sessions_resume, ABILITY_RESUME},
    {"session/fork", sessions_fork, ABILITY_FORK},
    {"session/list", sessions_list, ABILITY_LIST},
    {"session/close", sessions_close, ABILITY_CLOSE},
    {"session/delete", sessions_delete, ABILITY_DELETE},
    {"session/prompt", sessions_prompt, ABILITY_ALWAYS},
    {"session/cancel", sessions_cancel, ABILITY_ALWAYS},
    {"session/set_mode", sessions_set_mode, ABILITY_ALWAYS},
    {"session/set_model", sessions_set_model, ABILITY_ALWAYS},
    {"session/set_config_option", sessions_set_option, ABILITY_ALWAYS},
    {"$/cancel_request", cancel_request, ABILITY_ALWAYS},
    /* ACP knows these, this agent does not. */
    {"session/archive", not_supported, ABILITY_ALWAYS},
    {"session/unarchive", not_supported, ABILITY_ALWAYS},
    {"session/status", not_supported, ABILITY_ALWAYS},
    {"session/set_title", not_supported, ABILITY_ALWAYS},
    {"providers/list", not_supported, ABILITY_ALWAYS},
    {"providers/set", not_supported, ABILITY_ALWAYS},
    {"providers/disable", not_supported, ABILITY_ALWAYS},
    {"auth/status", not_supported, ABILITY_ALWAYS},
};

static void echo(struct agent *agent, const struct rpc_message *message)
{
	struct buf *out = &agent->out.queue;
	rpc_notify_open(out, "mock/echo");
	json_open(out, '{');
	json_kv_raw(out, "message", message->whole);
	json_close(out, '}');
	rpc_close(out);
	if (!message->id.p)
		return;
	if (message->method.p) {
		json_open(out, '{');
		json_kv_string(out, "jsonrpc", "2.0");
		json_kv_raw(out, "id", message->id);
		json_key(out, "result");
		json_open(out, '{');
		json_kv_raw(out, "echoed", message->whole);
		json_close(out, '}');
	} else {
		rpc_notify_open(out, "mock/client_response");
		json_open(out, '{');
		json_kv_raw(out, "id", message->id);
		json_kv_raw(out, "result", message->result.p ? message->result : SPAN_LIT("null"));
		json_kv_raw(out, "error", message->error.p ? message->error : SPAN_LIT("null"));
		json_close(out, '}');
	}
	rpc_close(out);
}

/* Is it the answer to a request of ours? Then its turn gets it. */
static bool take_answer(struct agent *agent, const struct rpc_message *message)
{
	int64_t id;
	struct turn *turn = NULL;
	if (message->method.p || json_int(message->id, &id) < 0 ||
	    !agent_take_asked(agent, id, &turn))
		return false;
	if (turn) {
		free(turn->answer);
		turn->answer = xmemdup0(message->whole.p, message->whole.n);
		turn->is_asking = false;
	}
	return true;
}

void methods_handle(struct agent *agent, struct span line)
{
	struct rpc_message message;
	size_t bad;
	if (json_check(line, &bad) < 0)
		return;
	rpc_parse(line, &message);
	for (size_t i = 0; message.method.p && i < ARRAY_SIZE(methods); i++)
		if (json_string_is(message.method, methods[i].name)) {
			enum ability wanted = methods[i].ability;
			(wanted & ~agent->abilities ? not_supported
						    : methods[i].handle)(agent, &message);
			return;
		}
	if (!take_answer(agent, &message))
		echo(agent, &message);
}
