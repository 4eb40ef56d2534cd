#include "cli/remote.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENDPOINT_VARIABLE "SANDBOX_AGENT_ENDPOINT"
#define TOKEN_VARIABLE "SANDBOX_AGENT_TOKEN"

static bool is_one_of(const char *word, const char *const *words)
{
	for (; words && *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static const struct verb *find_verb(const struct command *command, const char *name)
{
	for (const struct verb *verb = command->verbs; verb->run; verb++)
		if (verb->name && strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

/* What the command line says, as far as it matters here. */
struct looked_at {
	struct common_options common;
	bool is_good;
	bool has_dash; /* an operand "-" */
	int operands;
};

/* Parse a copy: options_parse() moves words around. */
static struct looked_at look(const struct verb *verb, int argc, char **argv)
{
	struct looked_at seen = {.is_good = false};
	struct sa_error ignored = SA_ERROR_INIT;
	cleanup_free char **words = xcalloc((size_t)argc + 1, sizeof(*words));
	cleanup_free struct common_options *options = xcalloc(1, verb->options_bytes);
	memcpy(words, argv, (size_t)argc * sizeof(*words));
	if (verb->set_defaults)
		verb->set_defaults(options);
	seen.is_good = options_parse(verb->options, options, verb->is_posix, argc, words,
				     &seen.operands, &ignored) == 0;
	seen.common = *options;
	for (int i = 0; seen.is_good && i < seen.operands; i++)
		seen.has_dash = seen.has_dash || strcmp(words[i], "-") == 0;
	for (const struct option *row = verb->options; row->name; row++)
		if (row->type == OPTION_LIST)
			string_list_free((void *)((char *)options + row->offset));
	return seen;
}

/* The length of an option of ours in words: 0 (another word), 1 (--name=value), 2. */
static int own_words(const char *word)
{
	static const char *const names[] = {"--endpoint", "--token", "--token-file"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i]);
		if (strncmp(word, names[i], n) == 0 && (word[n] == '\0' || word[n] == '='))
			return word[n] ? 1 : 2;
	}
	return 0;
}

static int fail(const struct command *command, const char *what)
{
	fprintf(stderr, "%s: %s\n", command->name, what);
	return SA_EXIT_FAILED;
}

int remote_become(const struct command *command, const struct remote *remote, int argc, char **argv)
{
	const struct verb *verb = argc > 1 ? find_verb(command, argv[1]) : NULL;
	if (!verb || is_one_of(verb->name, remote->local_verbs))
		return -1;
	struct looked_at seen = look(verb, argc - 2, argv + 2);
	const char *endpoint =
	    seen.common.endpoint ? seen.common.endpoint : getenv(ENDPOINT_VARIABLE);
	if (!seen.is_good || seen.common.is_help || !endpoint || !*endpoint ||
	    strcmp(endpoint, "local") == 0)
		return -1;
	bool is_reading = remote->input_verb && strcmp(verb->name, remote->input_verb) == 0 &&
			  seen.operands == 0 && !isatty(STDIN_FILENO) &&
			  !is_one_of(remote->input_unless, (const char *const *)argv + 2);
	cleanup_free char **words = xcalloc((size_t)argc + 8, sizeof(*words));
	size_t n = 0;
	words[n++] = (char *)"sa-api";
	words[n++] = (char *)"command";
	if (is_reading || seen.has_dash)
		words[n++] = (char *)"--input";
	if (seen.common.token_file) {
		words[n++] = (char *)"--token-file";
		words[n++] = (char *)seen.common.token_file;
	}
	words[n++] = (char *)remote->name;
	words[n++] = argv[1];
	/* Over there standard output is never a terminal. */
	if (command_wants_text(&seen.common) && !seen.common.is_text)
		words[n++] = (char *)"--text";
	if (setenv(ENDPOINT_VARIABLE, endpoint, 1) < 0 ||
	    (seen.common.token && setenv(TOKEN_VARIABLE, seen.common.token, 1) < 0))
		return fail(command, "no memory");
	int i = 2;
	while (i < argc && strcmp(argv[i], "--") != 0) {
		int own = own_words(argv[i]);
		if (own == 0)
			words[n++] = argv[i++];
		i += own;
	}
	while (i < argc)
		words[n++] = argv[i++];
	cleanup_free char *path = dirs_find_sibling("sa-api");
	if (!path)
		return fail(command, "sa-api is not installed; --endpoint needs it");
	execv(path, words);
	perror(path);
	return SA_EXIT_FAILED;
}
