/* sandbox-agent VERB ...: become the command behind the verb, as git does. */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "find.h"
#include "token.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct options {
	struct common_options common;
	const char *token;
	bool is_no_token;
};

static const struct option table[] = {
    {"token", 't', OPTION_STRING, offsetof(struct options, token), "TOKEN",
     "of the server; better: SANDBOX_AGENT_TOKEN", NULL},
    {"no-token", 'n', OPTION_FLAG, offsetof(struct options, is_no_token), NULL,
     "the server wants none", NULL},
    OPTIONS_COMMON,
    {"version", 'V', OPTION_FLAG, offsetof(struct options, common.is_version), NULL,
     "print the version", NULL},
    OPTIONS_END,
};

static const char *const examples[] = {"sandbox-agent session run --agent mock \"say hello\"",
				       "sandbox-agent server --host 127.0.0.1 --port 2468", NULL};

/* Only without a verb: everything else never comes here. */
static int run(const void *options, int argc, char **argv, struct sa_error *err)
{
	(void)argc;
	(void)argv;
	if (((const struct options *)options)->common.is_version) {
		printf("sandbox-agent %s\n", SA_VERSION);
		return SA_EXIT_OK;
	}
	return error_set(err, PROBLEM_INVALID_REQUEST, "which verb?");
}

static const struct verb verb_rows[] = {
    {
	.operands = "VERB [ARG ...]",
	.summary = "Become the command behind VERB.",
	.options = table,
	.options_bytes = sizeof(struct options),
	.run = run,
	.print_notes = verbs_print,
	.examples = examples,
	.complete = "server daemon api install-agent install credentials help",
    },
    {.run = NULL},
};

static const struct command command = {
    .name = "sandbox-agent",
    .summary = "run coding agents in a sandbox, one API for all",
    .verbs = verb_rows,
};

static int usage_error(const char *what)
{
	fprintf(stderr, "sandbox-agent: %s\nusage: sandbox-agent [OPTION ...] VERB [ARG ...]\n",
		what);
	return SA_EXIT_USAGE;
}

/* argv[0] is the verb. Only comes back when that fails. */
static int become(int argc, char **argv, struct tokens *tokens)
{
	const struct verb_target *target = verbs_find(argc, argv);
	if (target && target->sub && !(argc > 1 && strcmp(argv[1], target->sub) == 0)) {
		fprintf(stderr, "usage: sandbox-agent %s %s [OPTION ...]\n", target->verb,
			target->sub);
		return SA_EXIT_USAGE;
	}
	int skip = target && target->sub ? 2 : 1;
	argc -= skip;
	argv += skip;
	const char *problem = NULL;
	if (target && verbs_lifts_token(target, argc, argv))
		problem = tokens_take(tokens, &argc, argv, !target->is_ours);
	if (!problem)
		problem = tokens_publish(tokens, !target || target->wants_token);
	if (problem)
		return usage_error(problem);
	cleanup_free char *name = target ? xstrdup(target->command) : xasprintf("sa-%s", argv[-1]);
	cleanup_free char *path = strchr(name, '/') ? NULL : find_command(name);
	if (!path) {
		cleanup_free char *words =
		    xasprintf("no verb '%s' (%s is not there); 'sandbox-agent --help' tells more",
			      target ? target->verb : argv[-1], name);
		return usage_error(words);
	}
	cleanup_free char **words = xcalloc((size_t)argc + 4, sizeof(*words));
	int n = 0;
	words[n++] = name;
	if (target && target->word)
		words[n++] = (char *)target->word;
	/* Behind the verb of a command that has verbs, before operands that look like options. */
	int options = 0;
	while (options < argc && strcmp(argv[options], "--") != 0)
		options++;
	memcpy(words + n, argv, (size_t)options * sizeof(*words));
	n += options;
	if (target && target->starts_server && tokens->is_no_token)
		words[n++] = (char *)"--no-token";
	memcpy(words + n, argv + options, (size_t)(argc - options) * sizeof(*words));
	execv(path, words);
	perror(path);
	return SA_EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct tokens tokens = {.value = NULL};
	int at = argc > 0 ? 1 : 0;
	const char *problem = tokens_take_leading(&tokens, argc, argv, &at);
	if (problem)
		return usage_error(problem);
	if (at >= argc) {
		verbs_print_usage(stderr);
		return SA_EXIT_USAGE;
	}
	if (argv[at][0] == '-') {
		argv[at - 1] = argv[0];
		return command_main(&command, argc - at + 1, argv + at - 1);
	}
	/* "help VERB" is "VERB --help". */
	if (strcmp(argv[at], "help") == 0) {
		char *words[] = {at + 1 < argc ? argv[at + 1] : argv[0], (char *)"--help", NULL};
		if (at + 1 >= argc)
			return command_main(&command, 2, words);
		return become(2, words, &tokens);
	}
	return become(argc - at, argv + at, &tokens);
}
