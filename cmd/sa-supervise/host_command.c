#include "host_command.h"

#include "agent/hygiene.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "host.h"
#include "os/beneath.h"
#include "os/dirs.h"
#include "json/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_word(struct host_words *words, char *word)
{
	words->items = xreallocarray(words->items, words->count + 2, sizeof(*words->items));
	words->items[words->count++] = word;
	words->items[words->count] = NULL;
}

static void free_words(struct host_words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->items[i]);
	free(words->items);
}

static bool is_absent(struct span value)
{
	return json_type(value) == JSON_NONE || json_type(value) == JSON_NULL;
}

static int read_args(struct span params, struct host_words *argv, struct sa_error *err)
{
	char *command = json_string_dup(json_get(params, "command"));
	struct span args = json_get(params, "args"), item;
	if (!command || !*command) {
		free(command);
		return error_set(err, PROBLEM_INVALID_REQUEST, "command is wanted: a string");
	}
	add_word(argv, command);
	if (!is_absent(args) && json_type(args) != JSON_ARRAY)
		return error_set(err, PROBLEM_INVALID_REQUEST, "args is an array of strings");
	for (struct json_iter it = json_iter(args); json_next(&it, NULL, &item);) {
		char *word = json_string_dup(item);
		if (!word)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "args is an array of strings");
		add_word(argv, word);
	}
	return 0;
}

/* ACP leaves open whether a command without arguments may be a shell's line: what is no program is
 * taken as one. */
static void wrap_shell_line(struct host_words *argv)
{
	if (argv->count != 1 || !strpbrk(argv->items[0], " \t\n;|&<>()$`\"'*?~"))
		return;
	cleanup_free char *program = dirs_find_on(getenv("PATH"), argv->items[0]);
	if (program && access(program, X_OK) == 0)
		return;
	char *line = argv->items[0];
	argv->items[0] = xstrdup("/bin/sh");
	add_word(argv, xstrdup("-c"));
	add_word(argv, line);
}

/* [{"name","value"}]; clients that send an object are understood too. */
static int read_env(struct span params, struct host_words *env, struct sa_error *err)
{
	struct span list = json_get(params, "env"), key, item;
	bool is_object = json_type(list) == JSON_OBJECT;
	if (!is_absent(list) && !is_object && json_type(list) != JSON_ARRAY)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "env is an array of {\"name\",\"value\"}");
	for (struct json_iter it = json_iter(list); json_next(&it, &key, &item);) {
		cleanup_free char *name = json_string_dup(is_object ? key : json_get(item, "name"));
		cleanup_free char *value =
		    json_string_dup(is_object ? item : json_get(item, "value"));
		if (!name || !value || !*name || strchr(name, '='))
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "env is an array of {\"name\",\"value\"}");
		add_word(env, xasprintf("%s=%s", name, value));
	}
	return 0;
}

static char *find_cwd(const struct supervisor *sv, const char *root, struct span params,
		      struct sa_error *err)
{
	struct span value = json_get(params, "cwd");
	if (is_absent(value))
		return xstrdup(root);
	cleanup_free char *cwd = json_string_dup(value);
	if (!cwd) {
		error_set(err, PROBLEM_INVALID_REQUEST, "cwd is a string");
		return NULL;
	}
	const char *inside = host_inside(sv, root, cwd, err);
	if (!inside)
		return NULL;
	struct beneath at = BENEATH_ALL;
	if (!sv->options->is_reaching && beneath_init(&at, root) < 0) {
		error_set_errno(err, PROBLEM_NOT_FOUND, errno, "open %s", root);
		return NULL;
	}
	cleanup_close int fd = beneath_open(&at, inside, O_PATH | O_DIRECTORY, 0);
	int saved = errno;
	beneath_close(&at);
	if (fd >= 0)
		return TAKE_PTR(cwd);
	error_set_errno(err, saved == EXDEV ? PROBLEM_PERMISSION_DENIED : PROBLEM_NOT_FOUND, saved,
			"working directory '%.200s'", cwd);
	return NULL;
}

int host_command_read(const struct supervisor *sv, const char *root, struct span params,
		      struct host_command *ret, struct sa_error *err)
{
	*ret = (struct host_command){.cwd = NULL};
	if (read_args(params, &ret->argv, err) < 0 || read_env(params, &ret->env, err) < 0)
		return -1;
	wrap_shell_line(&ret->argv);
	ret->cwd = find_cwd(sv, root, params, err);
	ret->base_env = hygiene_of_agent();
	return ret->cwd ? 0 : -1;
}

void host_command_clear(struct host_command *command)
{
	free_words(&command->argv);
	free_words(&command->env);
	free(command->base_env);
	free(command->cwd);
	*command = (struct host_command){.cwd = NULL};
}
