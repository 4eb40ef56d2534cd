/* Agents as OpenCode's providers: each with the models that it offers. */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "ops.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum { CONTEXT_TOKENS = 200000, OUTPUT_TOKENS = 8192 };

/* How OpenCode's clients show them; others go by their id. */
static const struct {
	const char *id;
	const char *name;
} names[] = {{"mock", "Mock"},	  {"claude", "Claude Code"}, {"codex", "Codex"},
	     {"amp", "Amp"},	  {"opencode", "OpenCode"},  {"pi", "Pi"},
	     {"cursor", "Cursor"}};

static const char *name_of(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].id, id) == 0)
			return names[i].name;
	return id;
}

static void add_model(struct buf *b, const char *provider, const char *id, const char *name)
{
	static const char rest[] =
	    "\"options\":{},\"headers\":{},\"variants\":{},\"status\":\"active\","
	    "\"release_date\":\"1970-01-01\",\"attachment\":false,\"reasoning\":false,"
	    "\"temperature\":true,\"tool_call\":true,"
	    "\"cost\":{\"input\":0,\"output\":0,\"cache\":{\"read\":0,\"write\":0}},"
	    "\"capabilities\":{\"temperature\":true,\"reasoning\":false,\"attachment\":true,"
	    "\"toolcall\":true,\"input\":{\"text\":true,\"audio\":false,\"image\":true,"
	    "\"video\":false,\"pdf\":false},\"output\":{\"text\":true,\"audio\":false,"
	    "\"image\":false,\"video\":false,\"pdf\":false},\"interleaved\":false}";
	json_key(b, id);
	json_open(b, '{');
	json_kv_string(b, "id", id);
	json_kv_string(b, "providerID", provider);
	json_kv_string(b, "name", name);
	json_kv_string(b, "family", name_of(provider));
	json_key(b, "api");
	json_open(b, '{');
	json_kv_string(b, "id", id);
	json_kv_string(b, "url", "");
	json_kv_string(b, "npm", "");
	json_close(b, '}');
	json_key(b, "limit");
	json_open(b, '{');
	json_kv_int(b, "context", CONTEXT_TOKENS);
	json_kv_int(b, "output", OUTPUT_TOKENS);
	json_close(b, '}');
	buf_addc(b, ',');
	buf_adds(b, rest);
	json_close(b, '}');
}

static struct span find_models(struct span agent)
{
	struct json_iter it = json_iter(json_get(agent, "configOptions"));
	struct span option;
	while (json_type(json_get(agent, "configOptions")) == JSON_ARRAY &&
	       json_next(&it, NULL, &option))
		if (json_string_is(json_get(option, "category"), "model"))
			return option;
	return SPAN_NONE;
}

/* The default model's id; the caller frees. */
static char *default_model(struct span agent, const char *id)
{
	char *value = json_string_dup(json_get(find_models(agent), "currentValue"));
	if (value && strcmp(id, "mock") != 0)
		return value;
	free(value);
	return xstrdup(strcmp(id, "mock") == 0 ? "mock" : "default");
}

static void add_models(struct buf *b, struct span agent, const char *id)
{
	struct span options = json_get(find_models(agent), "options");
	struct json_iter it = json_iter(options);
	struct span option;
	cleanup_free char *first = default_model(agent, id);
	bool has_first = false;
	json_key(b, "models");
	json_open(b, '{');
	while (json_type(options) == JSON_ARRAY && json_next(&it, NULL, &option)) {
		cleanup_free char *value = json_string_dup(json_get(option, "value"));
		cleanup_free char *name = json_string_dup(json_get(option, "name"));
		if (!value)
			continue;
		has_first |= strcmp(value, first) == 0;
		add_model(b, id, value, name ? name : value);
	}
	if (!has_first)
		add_model(b, id, first, strcmp(first, "mock") == 0 ? "Mock" : "Default");
	json_close(b, '}');
}

static void add_provider(struct buf *b, struct span agent)
{
	cleanup_free char *id = json_string_dup(json_get(agent, "id"));
	if (!id)
		return;
	json_open(b, '{');
	json_kv_string(b, "id", id);
	json_kv_string(b, "name", name_of(id));
	json_kv_string(b, "source", "custom");
	json_key(b, "env");
	buf_adds(b, "[]");
	json_key(b, "options");
	buf_adds(b, "{}");
	add_models(b, agent, id);
	json_close(b, '}');
}

/* All providers. The mock first: it needs nothing. */
static void add_all(struct buf *b, struct span agents)
{
	json_open(b, '[');
	for (int is_other = 0; is_other <= 1; is_other++) {
		struct json_iter it = json_iter(agents);
		struct span agent;
		while (json_next(&it, NULL, &agent))
			if (json_string_is(json_get(agent, "id"), "mock") == !is_other)
				add_provider(b, agent);
	}
	json_close(b, ']');
}

static void add_defaults(struct buf *b, struct span agents)
{
	struct json_iter it = json_iter(agents);
	struct span agent;
	json_open(b, '{');
	while (json_next(&it, NULL, &agent)) {
		cleanup_free char *id = json_string_dup(json_get(agent, "id"));
		cleanup_free char *model = id ? default_model(agent, id) : NULL;
		if (id)
			json_kv_string(b, id, model);
	}
	json_close(b, '}');
}

static void add_connected(struct buf *b, struct span agents)
{
	struct json_iter it = json_iter(agents);
	struct span agent;
	json_open(b, '[');
	while (json_next(&it, NULL, &agent))
		if (json_bool_or(json_get(agent, "credentialsAvailable"), false))
			json_add_raw(b, json_get(agent, "id"));
	json_close(b, ']');
}

static void reply_providers(struct job *job, const struct backend_answer *answer, bool is_config)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct span agents = json_get(answer->result, "agents");
	if (json_type(agents) != JSON_ARRAY) {
		job_fail_answer(job, answer);
		return;
	}
	json_open(&b, '{');
	json_key(&b, "all");
	add_all(&b, agents);
	if (is_config) {
		json_key(&b, "providers");
		add_all(&b, agents);
	}
	json_key(&b, "default");
	add_defaults(&b, agents);
	json_key(&b, "connected");
	add_connected(&b, agents);
	json_close(&b, '}');
	job_reply(job, 200, buf_span(&b));
}

static void on_providers(struct job *job, const struct backend_answer *answer)
{
	reply_providers(job, answer, false);
}

static void on_config_providers(struct job *job, const struct backend_answer *answer)
{
	reply_providers(job, answer, true);
}

void op_provider_list(struct job *job)
{
	backend_ask(job, BACKEND_AGENTS, "agents.list", SPAN_LIT("{\"config\":true}"), SPAN_NONE,
		    on_providers);
}

void op_config_providers(struct job *job)
{
	backend_ask(job, BACKEND_AGENTS, "agents.list", SPAN_LIT("{\"config\":true}"), SPAN_NONE,
		    on_config_providers);
}

/* Keys belong to the agents: sa-credentials finds them, nobody logs in here. */
void op_oauth_authorize(struct job *job)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *id = filter_param(&job->request, "providerID");
	cleanup_free char *words =
	    xasprintf("Log in with the agent's own program, then it is found: %s", id ? id : "");
	json_open(&b, '{');
	json_kv_string(&b, "url", "https://sandboxagent.dev");
	json_kv_string(&b, "method", "auto");
	json_kv_string(&b, "instructions", words);
	json_close(&b, '}');
	job_reply(job, 200, buf_span(&b));
}
