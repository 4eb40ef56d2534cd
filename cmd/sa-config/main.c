/* sa-config: MCP servers and skills of a folder. */
#include "verbs.h"

#include "base/cleanup.h"
#include "cli/remote.h"
#include "filter.h"
#include "mcp.h"
#include "os/io.h"
#include "skills.h"
#include "store.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AT(field) offsetof(struct config_options, field)

#define OPTIONS_WHICH                                                                      \
	{"directory",	      0, OPTION_STRING, AT(directory), "DIR", "the folder (here)", \
	 COMPLETE_DIRECTORIES},                                                            \
	{                                                                                  \
		"name", 0, OPTION_STRING, AT(name), "NAME", "the entry", NULL              \
	}

static const struct option plain_options[] = {OPTIONS_COMMON, OPTIONS_END};
static const struct option mcp_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTIONS_WHICH,
    {"url", 0, OPTION_STRING, AT(url), "URL", "set: a server over HTTP", NULL},
    {"env", 0, OPTION_LIST, AT(env), "NAME=VALUE", "set: for its command; repeatable", NULL},
    {"header", 0, OPTION_LIST, AT(headers), "NAME: VALUE", "set: for its URL; repeatable", NULL},
    {"names", 0, OPTION_FLAG, AT(is_names), NULL, "servers: variables by name", NULL},
    {"without", 0, OPTION_LIST, AT(without), "KIND", "servers: none over http, sse", "http sse"},
    OPTIONS_END,
};
static const struct option skills_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTIONS_WHICH,
    {"agent", 0, OPTION_STRING, AT(agent), "NAME", "sync: where this one looks (all)",
     COMPLETE_AGENTS},
    {"refresh", 0, OPTION_FLAG, AT(is_refreshing), NULL, "sync: fetch what is there already", NULL},
    {"cached", 0, OPTION_FLAG, AT(is_cached), NULL, "sync: fetch nothing", NULL},
    OPTIONS_END,
};

static void set_defaults(void *options)
{
	((struct config_options *)options)->directory = ".";
}

static int list_entry(const struct config_entry *entry, void *is_text, struct sa_error *err)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	(void)err;
	if (*(const bool *)is_text) {
		printf("%s  %s", entry->name, entry->is_trusted ? "" : "(not trusted) ");
		buf_add_span(&b, entry->json);
	} else {
		json_open(&b, '{');
		json_kv_string(&b, "name", entry->name);
		json_kv_bool(&b, "trusted", entry->is_trusted);
		json_kv_raw(&b, "entry", entry->json);
		json_close(&b, '}');
	}
	buf_addc(&b, '\n');
	fwrite(b.data, 1, b.len, stdout);
	return 0;
}

static int run_get(const struct config_kind *kind, const struct config_options *o,
		   struct sa_error *err)
{
	cleanup_buf struct buf entry = BUF_INIT(BUF_MAX_OWN), b = BUF_INIT(BUF_MAX_OWN);
	if (config_get(kind, o->directory, o->name, &entry, err) < 0)
		return -1;
	if (command_wants_text(&o->common))
		config_add_pretty(&b, buf_span(&entry));
	else
		buf_add_span(&b, buf_span(&entry));
	printf("%s\n", b.data);
	return SA_EXIT_OK;
}

static int run_set(const struct config_kind *kind, const struct config_options *o, int argc,
		   char **argv, struct sa_error *err)
{
	cleanup_buf struct buf entry = BUF_INIT(CONFIG_FILE_BYTES);
	if (argc > 0 || o->url) {
		if (kind != &config_mcp)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "the entry is read from standard input");
		if (mcp_entry_of_words(o, argc, argv, &entry, err) < 0)
			return -1;
	} else if (o->env.count || o->headers.count) {
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--env is for a command, --header for --url: the entry on "
				 "standard input has its own");
	} else if (io_read_all(STDIN_FILENO, &entry, "standard input", err) < 0) {
		return -1;
	}
	if (json_check(buf_span(&entry), NULL) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "standard input is no JSON; an entry is wanted");
	return config_set(kind, o->directory, o->name, span_trim(buf_span(&entry)), err);
}

static int run_sync(const struct config_options *o, struct sa_error *err)
{
	cleanup_buf struct buf records = BUF_INIT(BUF_MAX_OWN);
	if (o->is_cached && o->is_refreshing)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--refresh fetches and --cached does not: one of them");
	enum source_mode mode = o->is_cached	   ? SOURCE_CACHED
				: o->is_refreshing ? SOURCE_REFRESH
						   : SOURCE_USE;
	if (skills_sync(o->directory, o->agent, mode, &records, err) < 0)
		return -1;
	fwrite(records.data ? records.data : "", 1, records.len, stdout);
	return SA_EXIT_OK;
}

static int run_kind(const struct config_kind *kind, const struct config_options *o, int argc,
		    char **argv, struct sa_error *err)
{
	const char *action = argc > 0 ? argv[0] : "";
	bool is_text = command_wants_text(&o->common);
	bool is_of_all = strcmp(action, "list") == 0 || strcmp(action, "servers") == 0 ||
			 strcmp(action, "sync") == 0;
	if (is_of_all && o->name)
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s is about all entries: no --name",
				 action);
	if (strcmp(action, "list") == 0 && argc == 1)
		return config_each(kind, o->directory, list_entry, &is_text, err);
	if (kind == &config_mcp && strcmp(action, "servers") == 0 && argc == 1)
		return mcp_print_servers(o, err);
	if (kind == &config_skills && strcmp(action, "sync") == 0 && argc == 1)
		return run_sync(o, err);
	if (strcmp(action, "trust") == 0 && argc == 1)
		return config_trust(kind, o->directory, o->name, err);
	bool is_set = strcmp(action, "set") == 0;
	bool is_named = strcmp(action, "get") == 0 || strcmp(action, "rm") == 0;
	if (is_named && argc > 1)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "%s takes no operand, not '%s': --name says which", action,
				 argv[1]);
	if (!is_set && !is_named)
		return error_set(err, PROBLEM_INVALID_REQUEST, "get, set, list, trust or rm, not '%s'",
				 argc > 1 ? argv[1] : action);
	if (!o->name)
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s wants --name", action);
	if (is_set)
		return run_set(kind, o, argc - 1, argv + 1, err);
	return action[0] == 'g' ? run_get(kind, o, err)
				: config_delete(kind, o->directory, o->name, err);
}

static int run_mcp(const void *arg, int argc, char **argv, struct sa_error *err)
{
	return run_kind(&config_mcp, arg, argc, argv, err);
}

static int run_skills(const void *arg, int argc, char **argv, struct sa_error *err)
{
	return run_kind(&config_skills, arg, argc, argv, err);
}

static int run_filter(const void *arg, int argc, char **argv, struct sa_error *err)
{
	(void)arg;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "filter takes no operand, not '%s'",
				 argv[0]);
	return config_filter(err);
}

static int run_enter(const void *arg, int argc, char **argv, struct sa_error *err)
{
	(void)arg;
	if (argc < 2)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "enter wants a folder and a command");
	if (chdir(argv[0]) < 0)
		return error_set_errno(err, PROBLEM_NOT_FOUND, errno, "enter %s", argv[0]);
	execvp(argv[1], argv + 1);
	return error_set_errno(err, PROBLEM_NOT_FOUND, errno, "run %s", argv[1]);
}

static const char *const examples_mcp[] = {
    "sa-config mcp set --name files -- npx -y @modelcontextprotocol/server-filesystem .",
    "sa-config mcp set --name far --url https://mcp.example/ --header 'Authorization: Bearer "
    "${TOKEN}'",
    "sa-config mcp list --directory .", NULL};
static const char *const examples_skills[] = {
    "echo '{\"sources\":[{\"type\":\"github\",\"source\":\"a/b\"}]}' | sa-config skills set --name "
    "kit",
    "sa-config skills sync --agent claude", NULL};
static const char *const examples_filter[] = {
    "echo '{\"op\":\"mcp.get\",\"params\":{\"directory\":\".\",\"name\":\"x\"}}' | sa-config "
    "filter",
    "echo '{\"op\":\"skills.delete\",\"params\":{\"directory\":\".\",\"name\":\"x\"}}' | sa-config "
    "filter",
    NULL};
static const char *const examples_enter[] = {"sa-config enter / pwd", "sa-config enter .. ls -a",
					     NULL};

#define VERB(verb_name, verb_operands, words, table, function, shown)                             \
	.name = (verb_name), .operands = (verb_operands), .summary = (words), .options = (table), \
	.options_bytes = sizeof(struct config_options), .run = (function), .examples = (shown),   \
	.set_defaults = set_defaults

static const struct verb verbs[] = {
    {VERB("mcp", "get|set|list|trust|rm|servers [COMMAND ...]", "MCP servers", mcp_options, run_mcp,
	  examples_mcp),
     .complete = "get set list trust rm servers"},
    {VERB("skills", "get|set|list|trust|rm|sync", "skills", skills_options, run_skills, examples_skills),
     .complete = "get set list trust rm sync"},
    {VERB("filter", "", "requests as JSON lines in, answers out", plain_options, run_filter,
	  examples_filter)},
    {VERB("enter", "DIR COMMAND ...", "run a command in a folder", plain_options, run_enter,
	  examples_enter),
     .is_posix = true, .complete = COMPLETE_DIRECTORIES},
    {.run = NULL},
};

int main(int argc, char **argv)
{
	static const char *const example[] = {
	    "sa-config mcp list", "sa-config mcp set --name echo -- node echo.mjs", NULL};
	static const struct command command = {
	    .name = "sa-config",
	    .summary = "MCP servers and skills for the agents that work in a folder",
	    .verbs = verbs,
	    .example = example,
	};
	static const char *const local_verbs[] = {"filter", "enter", NULL};
	static const struct remote_input inputs[] = {{"mcp", "set", 1, "--url", false},
						     {"skills", "set", 1, NULL, false},
						     {NULL, NULL, 0, NULL, false}};
	static const struct remote remote = {
	    .name = "config", .local_verbs = local_verbs, .inputs = inputs};
	int status = remote_become(&command, &remote, argc, argv);
	return status >= 0 ? status : command_main(&command, argc, argv);
}
