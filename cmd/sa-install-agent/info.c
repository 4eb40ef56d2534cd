#include "info.h"

#include "agent/registry.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"
#include "offers.h"
#include "os/dirs.h"
#include "run.h"
#include "store/alive.h"
#include "store/store.h"

#include <string.h>

enum { CREDENTIALS_WAIT_MS = 5000, CREDENTIALS_MAX_BYTES = 1 << 20 };

/* The reference's names of what agents can do, in its order. */
static const char *const abilities[] = {
    "planMode",	      "permissions",	  "questions",	      "toolCalls",
    "toolResults",    "textMessages",	  "images",	      "fileAttachments",
    "sessionLifecycle", "errorEvents",	  "reasoning",	      "status",
    "commandExecution", "fileChanges",	  "mcpTools",	      "streamingDeltas",
    "itemStarted",    "sharedProcess",
};

static int note_server(const struct server *server, void *arg)
{
	struct surroundings *s = arg;
	if (!server->agent || server->state != SERVER_RUNNING || !server_is_alive(server))
		return 0;
	for (size_t i = 0; i < s->running_count; i++)
		if (strcmp(s->running[i].agent, server->agent) == 0) {
			if (server->created_ms < s->running[i].since_ms)
				s->running[i].since_ms = server->created_ms;
			return 0;
		}
	s->running = xreallocarray(s->running, s->running_count + 1, sizeof(*s->running));
	s->running[s->running_count].agent = xstrdup(server->agent);
	s->running[s->running_count++].since_ms = server->created_ms;
	return 0;
}

void surroundings_find(struct surroundings *ret)
{
	struct sa_error ignored;
	*ret = (struct surroundings){.credentials = BUF_INIT(CREDENTIALS_MAX_BYTES)};
	cleanup_free char *program = dirs_find_sibling("sa-credentials");
	const char *const argv[] = {program, "extract", "--json", "--quiet", NULL};
	const struct run run = {
	    .argv = argv, .cwd = "/", .wait_ms = CREDENTIALS_WAIT_MS, .out = &ret->credentials};
	if (!program || run_program(&run, &ignored) < 0 ||
	    json_check(buf_span(&ret->credentials), NULL) < 0)
		buf_clear(&ret->credentials);
	/* Without a store nothing runs. */
	cleanup_store struct store *store = store_open(&ignored);
	if (store)
		store_each_server(store, false, note_server, ret, &ignored);
}

void surroundings_clear(struct surroundings *surroundings)
{
	for (size_t i = 0; i < surroundings->running_count; i++)
		free(surroundings->running[i].agent);
	free(surroundings->running);
	buf_free(&surroundings->credentials);
	*surroundings = (struct surroundings){.running = NULL};
}

/* One of the record's "credentials" was found; an agent that names none needs none. */
static bool has_credentials(const struct agent_record *record, struct span found)
{
	struct span wanted = agent_record_get(record, "credentials");
	struct json_iter it = json_iter(wanted);
	struct span provider;
	bool is_any = true;
	while (json_type(wanted) == JSON_ARRAY && json_next(&it, NULL, &provider)) {
		cleanup_free char *name = json_string_dup(provider);
		is_any = false;
		if (!name)
			continue;
		struct span top = json_get(found, name);
		struct span other = json_get(json_get(found, "other"), name);
		if (json_type(top) == JSON_OBJECT || json_type(other) == JSON_OBJECT)
			return true;
	}
	return is_any;
}

static void add_capabilities(struct buf *b, const struct agent_record *record)
{
	struct span known = agent_record_get(record, "capabilities");
	json_key(b, "capabilities");
	json_open(b, '{');
	for (size_t i = 0; i < ARRAY_SIZE(abilities); i++) {
		struct json_iter it = json_iter(known);
		struct span item;
		/* Whoever speaks ACP sends text and calls tools. */
		bool has = !known.p && (strcmp(abilities[i], "textMessages") == 0 ||
					strcmp(abilities[i], "toolCalls") == 0);
		while (json_type(known) == JSON_ARRAY && json_next(&it, NULL, &item))
			has |= json_string_is(item, abilities[i]);
		json_kv_bool(b, abilities[i], has);
	}
	json_close(b, '}');
}

static void add_status(struct buf *b, const char *name, const struct surroundings *around)
{
	for (size_t i = 0; i < around->running_count; i++) {
		if (strcmp(around->running[i].agent, name) != 0)
			continue;
		int64_t uptime = clock_now_ms() - around->running[i].since_ms;
		json_key(b, "serverStatus");
		json_open(b, '{');
		json_kv_string(b, "status", "running");
		json_kv_int(b, "uptimeMs", uptime > 0 ? uptime : 0);
		json_close(b, '}');
	}
}

static void add_more(struct buf *b, const struct agent_record *record,
		     const struct agent_program *program, const struct sa_error *why)
{
	json_kv_raw(b, "title", agent_record_get(record, "title"));
	json_kv_string(b, "origin", record->origin);
	if (!program) {
		json_kv_string(b, "reason", why->message);
		return;
	}
	json_kv_string(b, "route", agent_route_name(program->route));
	json_key(b, "command");
	json_add_words(b, program->argv);
}

int info_add(struct buf *b, const char *name, const struct surroundings *around,
	     const struct info_options *options, struct sa_error *err)
{
	cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
	cleanup_agent_program struct agent_program program = {.name = NULL};
	struct sa_error why = SA_ERROR_INIT;
	if (catalog_find(name, &record, err) < 0)
		return -1;
	bool is_installed = agent_program_of(&record, &program, &why) == 0;
	json_open(b, '{');
	json_kv_string(b, "id", record.name);
	json_kv_bool(b, "installed", is_installed);
	json_kv_bool(b, "credentialsAvailable",
		     has_credentials(&record, buf_span(&around->credentials)));
	add_capabilities(b, &record);
	add_status(b, record.name, around);
	if (options->has_config)
		offers_add(b, &record, is_installed ? &program : NULL, options->is_fresh);
	if (options->has_more)
		add_more(b, &record, is_installed ? &program : NULL, &why);
	json_close(b, '}');
	return 0;
}
