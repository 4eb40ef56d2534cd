#include "agent/registry.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM_WORD "{program}"

const char *agent_route_name(enum agent_route route)
{
	static const char *const names[] = {"none",    "command-line", "launcher", "command",
					    "adapter", "own",	       "native"};
	return (size_t)route < ARRAY_SIZE(names) ? names[route] : names[0];
}

void agent_program_clear(struct agent_program *program)
{
	free(program->name);
	for (char **word = program->argv; word && *word; word++)
		free(*word);
	free(program->argv);
	*program = (struct agent_program){NULL, NULL, ROUTE_NONE};
}

/* A growing argv of owned words. */
struct argv {
	char **items;
	size_t count;
};

static void add(struct argv *argv, char *word)
{
	argv->items = xreallocarray(argv->items, argv->count + 2, sizeof(*argv->items));
	argv->items[argv->count++] = word;
	argv->items[argv->count] = NULL;
}

/* Add the strings of a JSON array, with {program} as it is on this machine. */
static void add_array(struct argv *argv, struct span array, const char *program)
{
	struct json_iter it = json_iter(array);
	struct span item;
	while (json_next(&it, NULL, &item)) {
		char *word = json_string_dup(item);
		if (word && program && strcmp(word, PROGRAM_WORD) == 0) {
			free(word);
			word = xstrdup(program);
		}
		if (word)
			add(argv, word);
	}
}

static void finish(struct agent_program *ret, const char *name, struct argv *argv,
		   enum agent_route route)
{
	ret->name = xstrdup(name);
	ret->argv = TAKE_PTR(argv->items);
	ret->route = route;
}

/* The last part of a path: what an unnamed agent is called. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

char *agent_launcher_path(const char *name)
{
	cleanup_free char *data = dirs_data();
	return data ? xasprintf("%s/bin/agent_processes/%s-acp", data, name) : NULL;
}

char *agent_native_path(const struct agent_record *record)
{
	cleanup_free char *name = json_string_dup(agent_record_get(record, "program"));
	cleanup_free char *data = dirs_data();
	if (!name || strchr(name, '/'))
		return name ? dirs_find_sibling(name) : NULL;
	if (data) {
		cleanup_free char *path = xasprintf("%s/bin/%s", data, name);
		if (access(path, F_OK) == 0)
			return TAKE_PTR(path);
	}
	return dirs_find_on_path(name);
}

static char *first_word(struct span array)
{
	struct json_iter it = json_iter(array);
	struct span first;
	return json_next(&it, NULL, &first) ? json_string_dup(first) : NULL;
}

char *agent_adapter_path(const struct agent_record *record)
{
	cleanup_free char *name =
	    first_word(json_path(agent_record_get(record, "adapter"), "command"));
	return name ? dirs_find_on_path(name) : NULL;
}

/* "official" or "own" for this agent, or NULL. The caller frees. */
static char *chosen_adapter(const struct agent_record *record)
{
	const char *words = getenv("SANDBOX_AGENT_ADAPTER");
	for (const char *p = words ? words : ""; *p;) {
		size_t n = strcspn(p, " ,"), name = strcspn(p, " ,=");
		if (n && name == n)
			return xmemdup0(p, n);
		if (n && strlen(record->name) == name && memcmp(p, record->name, name) == 0)
			return xmemdup0(p + name + 1, n - name - 1);
		p += n + (p[n] != '\0');
	}
	return json_string_dup(agent_record_get(record, "adapter_choice"));
}

static bool try_launcher(const struct agent_record *record, struct argv *argv)
{
	char *path = agent_launcher_path(record->name);
	if (path && access(path, F_OK) == 0) {
		add(argv, path);
		return true;
	}
	free(path);
	return false;
}

/* "command", an array of words. 1: found; 0: there is none; -1. */
static int try_command(const struct agent_record *record, struct argv *argv, struct sa_error *err)
{
	struct span command = agent_record_get(record, "command");
	if (!command.p)
		return 0;
	cleanup_free char *native = agent_native_path(record);
	add_array(argv, command, native);
	if (argv->count == 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "agent '%s': %s: \"command\" must be an array of words",
				 record->name, record->origin);
	char *path = dirs_find_sibling(argv->items[0]);
	if (!path)
		return error_set(err, PROBLEM_AGENT_NOT_INSTALLED,
				 "agent '%s' is not installed: its program '%s' (%s) is not there",
				 record->name, argv->items[0], record->origin);
	free(argv->items[0]);
	argv->items[0] = path;
	return 1;
}

static bool try_adapter(const struct agent_record *record, struct argv *argv)
{
	char *path = agent_adapter_path(record);
	if (!path)
		return false;
	add_array(argv, json_path(agent_record_get(record, "adapter"), "command"), NULL);
	free(argv->items[0]);
	argv->items[0] = path;
	return true;
}

static bool try_own(const struct agent_record *record, const char *native, struct argv *argv)
{
	struct span own = agent_record_get(record, "own");
	cleanup_free char *name = first_word(own);
	/* An agent that has a native program is of no use without it. */
	bool is_complete = native || !agent_record_get(record, "program").p;
	char *path = name && is_complete ? dirs_find_sibling(name) : NULL;
	if (!path)
		return false;
	add_array(argv, own, native);
	free(argv->items[0]);
	argv->items[0] = path;
	return true;
}

static bool try_native(const struct agent_record *record, const char *native, struct argv *argv)
{
	struct span words = agent_record_get(record, "native");
	if (!native || !words.p)
		return false;
	add(argv, xstrdup(native));
	add_array(argv, words, native);
	return true;
}

/* What is missing, and how it is had. */
static int not_installed(const struct agent_record *record, const char *native,
			 struct sa_error *err)
{
	cleanup_free char *program = json_string_dup(agent_record_get(record, "program"));
	cleanup_free char *adapter =
	    first_word(json_path(agent_record_get(record, "adapter"), "command"));
	cleanup_free char *maker = json_string_dup(agent_record_get(record, "maker"));
	const char *missing = native && adapter ? adapter : program ? program : adapter;
	return error_set(err, PROBLEM_AGENT_NOT_INSTALLED,
			 "agent '%s' is not installed%s%s%s; %s%s%s", record->name,
			 missing ? ": '" : "", missing ? missing : "",
			 missing ? "' is not there" : "", maker ? maker : "run 'sa-install-agent ",
			 maker ? "" : record->name, maker ? "" : "'");
}

static int find_program(const struct agent_record *record, const char *choice,
			struct agent_program *ret, struct sa_error *err)
{
	struct argv argv = {NULL, 0};
	cleanup_free char *native = agent_native_path(record);
	bool is_own_only = choice && strcmp(choice, "own") == 0;
	bool is_official_only = choice && strcmp(choice, "official") == 0;
	enum agent_route route = ROUTE_NONE;
	int rc = 0;
	if (!is_own_only && try_launcher(record, &argv))
		route = ROUTE_LAUNCHER;
	else if ((rc = try_command(record, &argv, err)) > 0)
		route = ROUTE_COMMAND;
	else if (rc == 0 && !is_own_only && try_adapter(record, &argv))
		route = ROUTE_ADAPTER;
	else if (rc == 0 && !is_official_only && try_own(record, native, &argv))
		route = ROUTE_OWN;
	else if (rc == 0 && try_native(record, native, &argv))
		route = ROUTE_NATIVE;
	else if (rc == 0)
		rc = not_installed(record, native, err);
	if (route == ROUTE_NONE) {
		struct agent_program empty = {NULL, argv.items, ROUTE_NONE};
		agent_program_clear(&empty);
		return -1;
	}
	finish(ret, record->name, &argv, route);
	return 0;
}

int agent_program_of(const struct agent_record *record, struct agent_program *ret,
		     struct sa_error *err)
{
	cleanup_free char *choice = chosen_adapter(record);
	return find_program(record, choice, ret, err);
}

int agent_program_choose(const char *name, const char *choice, struct agent_program *ret,
			 struct sa_error *err)
{
	*ret = (struct agent_program){NULL, NULL, ROUTE_NONE};
	if (strcmp(choice, "own") != 0 && strcmp(choice, "official") != 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "the adapter is 'own' or 'official', not '%s'", choice);
	cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
	if (catalog_find(name, &record, err) < 0)
		return -1;
	int rc = find_program(&record, choice, ret, err);
	if (rc < 0 && err->kind == PROBLEM_AGENT_NOT_INSTALLED && strcmp(choice, "official") == 0)
		error_set(err, PROBLEM_AGENT_NOT_INSTALLED,
			  "the official adapter of '%s' is not installed: run 'sa-install-agent "
			  "--official %s'",
			  record.name, record.name);
	return rc;
}

int agent_program_find(const char *name, const char *const *command, struct agent_program *ret,
		       struct sa_error *err)
{
	*ret = (struct agent_program){NULL, NULL, ROUTE_NONE};
	if (command) {
		struct argv argv = {NULL, 0};
		for (; *command; command++)
			add(&argv, xstrdup(*command));
		finish(ret, name ? name : base_name(argv.items[0]), &argv, ROUTE_COMMAND_LINE);
		return 0;
	}
	cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
	if (catalog_find(name, &record, err) < 0)
		return -1;
	return agent_program_of(&record, ret, err);
}
