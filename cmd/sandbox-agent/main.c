/* sandbox-agent VERB ...: become the command sa-VERB, as git does. */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "os/dirs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int run(const void *options, int argc, char **argv, struct sa_error *err)
{
	(void)options;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "which verb? session, credentials, supervise, mock-agent");
	cleanup_free char *name = xasprintf("sa-%s", argv[0]);
	cleanup_free char *path = strchr(argv[0], '/') ? NULL : dirs_find_sibling(name);
	if (!path)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "no verb '%s'; 'sandbox-agent --help' tells more", argv[0]);
	argv[0] = name;
	execv(path, argv);
	return error_set(err, PROBLEM_FAILED, "cannot run %s", path);
}

static const struct option options[] = {OPTIONS_COMMON, OPTIONS_END};
static const char *const examples[] = {"sandbox-agent session run --agent mock \"say hello\"",
				       "sandbox-agent credentials status", NULL};

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {
	    {
		.operands = "VERB [ARG ...]",
		.summary = "run sa-VERB: session, credentials, supervise, mock-agent",
		.options = options,
		.options_bytes = sizeof(struct common_options),
		.run = run,
		.examples = examples,
		.complete = "session credentials supervise mock-agent",
	    },
	    {.run = NULL},
	};
	/* Everything behind the verb is the verb's own. */
	if (argc > 1 && argv[1][0] != '-') {
		struct sa_error err = SA_ERROR_INIT;
		run(NULL, argc - 1, argv + 1, &err);
		fprintf(stderr, "sandbox-agent: %s\n", err.message);
		return problem_info(err.kind)->exit_status;
	}
	static const struct command command = {
	    .name = "sandbox-agent",
	    .summary = "run coding agents in a sandbox, one API for all",
	    .verbs = verbs,
	};
	return command_main(&command, argc, argv);
}
