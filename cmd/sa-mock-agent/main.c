/* sa-mock-agent: a deterministic ACP agent for tests. */
#include "agent.h"
#include "cli/command.h"
#include "directive.h"
#include "methods.h"

struct mock_options {
	struct common_options common;
	const char *state_dir;
	const char *prompt;
	bool is_stateless;
	const char *abilities;
};

static const struct option options[] = {
    OPTIONS_COMMON,
    {"prompt", 'p', OPTION_STRING, offsetof(struct mock_options, prompt), "TEXT",
     "run this one prompt in a new session, then end", NULL},
    {"state", 0, OPTION_STRING, offsetof(struct mock_options, state_dir), "DIR",
     "keep the sessions in this folder", COMPLETE_DIRECTORIES},
    {"no-state", 0, OPTION_FLAG, offsetof(struct mock_options, is_stateless), NULL,
     "keep no sessions on disk", NULL},
    {"abilities", 0, OPTION_STRING, offsetof(struct mock_options, abilities), "LIST",
     "of load,list,resume,close,delete,fork (all but fork)", NULL},
    OPTIONS_END,
};

static int run(const void *data, int argc, char **argv, struct sa_error *err)
{
	const struct mock_options *o = data;
	if (argc > 1 || (argc == 1 && strcmp(argv[0], "acp") != 0))
		return error_set(err, PROBLEM_INVALID_REQUEST, "the only operand is 'acp'");
	if (o->state_dir && !*o->state_dir)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--state needs a folder");
	struct agent_options agent_options = {o->state_dir, o->is_stateless, o->prompt,
					      ABILITIES_DEFAULT};
	if (o->abilities && methods_parse_abilities(o->abilities, &agent_options.abilities, err) < 0)
		return -1;
	return agent_run(&agent_options, err);
}

static const char *const examples[] = {
    "sa-mock-agent --no-state --prompt 'say hello world; plan' </dev/null",
    "echo '{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
    "{\"protocolVersion\":1}}' | sa-mock-agent acp",
    NULL,
};

static const struct verb verbs[] = {
    {
	.name = NULL,
	.operands = "[acp]",
	.summary = "A deterministic ACP agent on stdin and stdout, for tests.",
	.options = options,
	.options_bytes = sizeof(struct mock_options),
	.run = run,
	.print_notes = directive_print_help,
	.examples = examples,
	.complete = "acp",
    },
    {.run = NULL},
};

static const struct command command = {
    .name = "sa-mock-agent",
    .summary = "A deterministic ACP agent on stdin and stdout, for tests.",
    .verbs = verbs,
    .example = examples,
};

int main(int argc, char **argv)
{
	return command_main(&command, argc, argv);
}
