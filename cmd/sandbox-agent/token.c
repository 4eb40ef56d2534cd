#include "token.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Copy the value, then leave nothing of it in the argument. */
static const char *keep(struct tokens *tokens, char *value)
{
	if (*value == '\0')
		return "--token wants a value that is not empty";
	free(tokens->value);
	tokens->value = xstrdup(value);
	explicit_bzero(value, strlen(value));
	return NULL;
}

/* How many words argv[0..] has for us: 0, 1 or 2; -1: *ret_problem tells. */
static int take_one(struct tokens *tokens, int argc, char **argv, bool with_letters,
		    const char **ret_problem)
{
	char *word = argv[0];
	if (strcmp(word, "--no-token") == 0 || (with_letters && strcmp(word, "-n") == 0)) {
		tokens->is_no_token = true;
		return 1;
	}
	char *value = NULL;
	if (strcmp(word, "--token") == 0 || (with_letters && strcmp(word, "-t") == 0)) {
		if (argc < 2) {
			*ret_problem = "--token wants a value (TOKEN)";
			return -1;
		}
		*ret_problem = keep(tokens, argv[1]);
		return *ret_problem ? -1 : 2;
	}
	if (strncmp(word, "--token=", 8) == 0)
		value = word + 8;
	else if (with_letters && strncmp(word, "-t", 2) == 0)
		value = word + 2 + (word[2] == '=');
	if (!value)
		return 0;
	*ret_problem = keep(tokens, value);
	return *ret_problem ? -1 : 1;
}

const char *tokens_take_leading(struct tokens *tokens, int argc, char **argv, int *at)
{
	const char *problem = NULL;
	while (*at < argc) {
		int taken = take_one(tokens, argc - *at, argv + *at, true, &problem);
		if (taken <= 0)
			return problem;
		*at += taken;
	}
	return NULL;
}

const char *tokens_take(struct tokens *tokens, int *argc, char **argv, bool with_letters)
{
	const char *problem = NULL;
	int kept = 0, at = 0;
	while (at < *argc && strcmp(argv[at], "--") != 0) {
		int taken = take_one(tokens, *argc - at, argv + at, with_letters, &problem);
		if (taken < 0)
			return problem;
		if (taken == 0)
			argv[kept++] = argv[at++];
		at += taken;
	}
	while (at < *argc)
		argv[kept++] = argv[at++];
	argv[kept] = NULL;
	*argc = kept;
	return NULL;
}

const char *tokens_publish(struct tokens *tokens, bool is_wanted)
{
	if (tokens->value) {
		tokens->is_no_token = false;
		if (is_wanted && setenv(TOKEN_VARIABLE, tokens->value, 1) < 0)
			return "no memory for the token";
	} else if (tokens->is_no_token) {
		unsetenv(TOKEN_VARIABLE);
	}
	return NULL;
}
