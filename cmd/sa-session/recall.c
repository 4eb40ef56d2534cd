#include "recall.h"

#include "agent/lazy.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "os/dirs.h"

#include <stdlib.h>

/* The words of a JSON array, NULL-terminated; NULL when one is no string, or none is there. */
static char **words_of(const char *command_json)
{
	struct json_iter it = json_iter(span_of(command_json));
	struct span value;
	char **words = NULL;
	size_t count = 0;
	while (command_json && json_next(&it, NULL, &value)) {
		words = xreallocarray(words, count + 2, sizeof(*words));
		words[count++] = json_string_dup(value);
		words[count] = NULL;
		if (!words[count - 1])
			break;
	}
	if (words && words[count - 1])
		return words;
	for (char **word = words; word && *word; word++)
		free(*word);
	free(words);
	return NULL;
}

int recall_program(const struct server *server, struct agent_program *ret, struct sa_error *err)
{
	struct agent_program program = {.argv = words_of(server->command_json)};
	cleanup_free char *path = program.argv ? dirs_find_sibling(program.argv[0]) : NULL;
	if (path) {
		program.name = xstrdup(server->agent);
		program.route = ROUTE_COMMAND_LINE;
		*ret = program;
		return 0;
	}
	int rc = agent_program_need(server->agent, NULL, ret, err);
	if (rc < 0 && program.argv)
		error_prefix(err, "'%s' is not on this machine", program.argv[0]);
	agent_program_clear(&program);
	return rc;
}

char *recall_folder(const char *recorded, const char *wish, struct sa_error *err)
{
	const char *folder = wish ? wish : recorded ? recorded : ".";
	char *path = realpath(folder, NULL);
	if (!path)
		error_set(err, PROBLEM_NOT_FOUND, "no working directory '%s' here%s", folder,
			  wish ? "" : "; --cwd names another");
	return path;
}
