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
	const char *first; /* of them; NULL: none */
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
	seen.first = seen.is_good && seen.operands ? words[0] : NULL;
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

/* Is it this option, with or without a value behind '='? */
static bool has_option(char *const *words, const char *option)
{
	size_t n = option ? strlen(option) : 0;
	for (; n && *words && strcmp(*words, "--") != 0; words++)
		if (strncmp(*words, option, n) == 0 && ((*words)[n] == '\0' || (*words)[n] == '='))
			return true;
	return false;
}

/* What tells sa-api that standard input is the command's; NULL: it is not. */
static const char *input_option(const struct remote *remote, const struct looked_at *seen,
				char **argv)
{
	if (remote->has_dash && seen->has_dash)
		return "--input";
	if (isatty(STDIN_FILENO))
		return NULL;
	for (const struct remote_input *row = remote->inputs; row && row->verb; row++)
		if (strcmp(row->verb, argv[1]) == 0 &&
		    (row->operands < 0 || row->operands == seen->operands) &&
		    (!row->first || (seen->first && strcmp(seen->first, row->first) == 0)) &&
		    !has_option(argv + 2, row->unless))
			return row->is_long ? "--body" : "--input";
	return NULL;
}

/* The words of the command line without those that say where. */
static size_t copy_words(const struct verb *verb, const struct looked_at *seen, int argc,
			 char **argv, char **words)
{
	/* What stands behind the first operand may be another command's line. */
	int end = verb->is_posix ? argc - seen->operands : argc;
	size_t n = 0;
	int i = 2;
	while (i < end && strcmp(argv[i], "--") != 0) {
		int own = own_words(argv[i]);
		if (own == 0)
			words[n++] = argv[i++];
		i += own;
	}
	while (i < argc)
		words[n++] = argv[i++];
	return n;
}

static int become(const struct command *command, char **words)
{
	cleanup_free char *path = dirs_find_sibling("sa-api");
	if (!path)
		return fail(command, "sa-api is not installed; --endpoint needs it");
	execv(path, words);
	perror(path);
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
	if (has_option(argv + 2, remote->local_option)) {
		fprintf(stderr, "%s: %s is not for an endpoint\n", command->name,
			remote->local_option);
		return SA_EXIT_USAGE;
	}
	bool is_attach = remote->attach_verb && strcmp(verb->name, remote->attach_verb) == 0;
	const char *input = is_attach ? NULL : input_option(remote, &seen, argv);
	cleanup_free char **words = xcalloc((size_t)argc + 9, sizeof(*words));
	size_t n = 0;
	words[n++] = (char *)"sa-api";
	words[n++] = (char *)(uintptr_t)(is_attach ? "processes" : "command");
	if (input)
		words[n++] = (char *)(uintptr_t)input;
	if (seen.common.token_file) {
		words[n++] = (char *)"--token-file";
		words[n++] = (char *)(uintptr_t)seen.common.token_file;
	}
	if (!is_attach)
		words[n++] = (char *)(uintptr_t)remote->name;
	words[n++] = argv[1];
	/* Over there standard output is never a terminal. */
	if (!is_attach && command_wants_text(&seen.common) && !seen.common.is_text)
		words[n++] = (char *)"--text";
	if (setenv(ENDPOINT_VARIABLE, endpoint, 1) < 0 ||
	    (seen.common.token && setenv(TOKEN_VARIABLE, seen.common.token, 1) < 0))
		return fail(command, "no memory");
	copy_words(verb, &seen, argc, argv, words + n);
	return become(command, words);
}
