/* api agents list|install|report. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "output.h"
#include "path.h"
#include "pretty.h"
#include "verbs.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>

static int run_list(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)argc;
	(void)argv;
	struct request request = REQUEST("GET", "/v1/agents");
	if (!command_wants_text(&o->common))
		return output_pretty(client, &request, err);
	cleanup_answer struct answer answer = ANSWER_INIT;
	struct span json, agent;
	int rc = client_call(client, &request, &answer, err);
	if (rc != 0)
		return rc;
	if (output_check(&answer, &json, err) < 0)
		return -1;
	struct json_iter it = json_iter(json_get(json, "agents"));
	while (json_next(&it, NULL, &agent)) {
		cleanup_free char *id = json_string_dup(json_get(agent, "id"));
		printf("%-10s  %-13s  %s\n", id ? id : "?",
		       json_bool_or(json_get(agent, "installed"), false) ? "installed"
									 : "not installed",
		       json_bool_or(json_get(agent, "credentialsAvailable"), false)
			   ? "credentials"
			   : "no credentials");
	}
	return SA_EXIT_OK;
}

static int run_install(struct client *client, const struct api_options *o, int argc, char **argv,
		       struct sa_error *err)
{
	(void)argc;
	cleanup_buf struct buf path = PATH_INIT;
	cleanup_buf struct buf body = BUF_INIT(BUF_MAX_OWN);
	path_segment(&path, "/v1/agents/", argv[0]);
	buf_adds(&path, "/install");
	json_open(&body, '{');
	if (o->is_reinstall)
		json_kv_bool(&body, "reinstall", true);
	json_kv_string(&body, "agentVersion", o->agent_version);
	json_kv_string(&body, "agentProcessVersion", o->agent_process_version);
	json_close(&body, '}');
	struct request request = REQUEST("POST", path.data);
	request.body = buf_span(&body);
	return output_pretty(client, &request, err);
}

static int by_value(const void *a, const void *b)
{
	struct span x = json_get(*(const struct span *)a, "value");
	struct span y = json_get(*(const struct span *)b, "value");
	size_t n = x.n < y.n ? x.n : y.n;
	int order = n ? memcmp(x.p, y.p, n) : 0;
	return order ? order : (x.n > y.n) - (x.n < y.n);
}

enum { CHOICES_MAX = 4096 };

/* The options of one category as {"currentValue", "values":[{"value","name"}]}. */
static void add_group(struct buf *b, const char *key, struct span options, const char *category)
{
	struct span choices[CHOICES_MAX], option, choice;
	size_t count = 0;
	json_key(b, key);
	json_open(b, '{');
	struct json_iter it = json_iter(options);
	while (json_next(&it, NULL, &option)) {
		if (!json_string_is(json_get(option, "category"), category))
			continue;
		struct span current = json_get(option, "currentValue");
		if (current.p && count == 0)
			json_kv_raw(b, "currentValue", current);
		struct json_iter inner = json_iter(json_get(option, "options"));
		while (count < CHOICES_MAX && json_next(&inner, NULL, &choice))
			choices[count++] = choice;
	}
	qsort(choices, count, sizeof(choices[0]), by_value);
	json_key(b, "values");
	json_open(b, '[');
	for (size_t i = 0; i < count; i++) {
		json_open(b, '{');
		json_kv_raw(b, "value", json_get(choices[i], "value"));
		json_kv_raw(b, "name", json_get(choices[i], "name"));
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
}

static int run_report(struct client *client, const struct api_options *o, int argc, char **argv,
		      struct sa_error *err)
{
	(void)o;
	(void)argc;
	(void)argv;
	struct request request = REQUEST("GET", "/v1/agents?config=true");
	cleanup_answer struct answer answer = ANSWER_INIT;
	struct span json, agent;
	int rc = client_call(client, &request, &answer, err);
	if (rc != 0)
		return rc;
	if (output_check(&answer, &json, err) < 0)
		return -1;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_int(&b, "generatedAtMs", clock_now_ms());
	json_kv_string(&b, "endpoint", client->endpoint);
	json_key(&b, "agents");
	json_open(&b, '[');
	struct json_iter it = json_iter(json_get(json, "agents"));
	while (json_next(&it, NULL, &agent)) {
		struct span options = json_get(agent, "configOptions");
		json_open(&b, '{');
		json_kv_raw(&b, "id", json_get(agent, "id"));
		json_kv_bool(&b, "installed", json_bool_or(json_get(agent, "installed"), false));
		add_group(&b, "models", options, "model");
		add_group(&b, "modes", options, "mode");
		add_group(&b, "thoughtLevels", options, "thought_level");
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_close(&b, '}');
	pretty_print(stdout, buf_span(&b));
	return SA_EXIT_OK;
}

const struct subverb agents_subverbs[] = {
    {"list", 0, 0, "", run_list},
    {"report", 0, 0, "", run_report},
    {"install", 1, 1, "AGENT", run_install},
    {.name = NULL},
};
