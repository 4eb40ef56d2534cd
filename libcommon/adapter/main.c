#include "adapter/main.h"

#include "adapter/wire.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/command.h"

static const struct option options[] = {
    OPTIONS_COMMON,
    {"agent-binary", 0, OPTION_STRING, offsetof(struct adapter_options, binary), "PATH",
     "the agent's own program", COMPLETE_FILES},
    {"line-limit", 0, OPTION_SIZE, offsetof(struct adapter_options, line_bytes), "SIZE",
     "longest line taken from either side (65M)", NULL},
    OPTIONS_END,
};

static void set_defaults(void *data)
{
	struct adapter_options *o = data;
	o->line_bytes = WIRE_LINE_BYTES;
}

int adapter_main(const char *name, const char *title, const char *program, adapter_main_fn *run,
		 int argc, char **argv)
{
	cleanup_free char *summary = xasprintf("%s as an ACP agent on stdin and stdout.", title);
	cleanup_free char *pipe =
	    xasprintf("echo '{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
		      "{\"protocolVersion\":1}}' | %s",
		      name);
	cleanup_free char *session = xasprintf(
	    "sa-session run --agent-command '%s --agent-binary ./%s' \"say hello\"", name, program);
	const char *const examples[] = {pipe, session, NULL};
	const struct verb verbs[] = {
	    {
		.name = NULL,
		.operands = "",
		.summary = summary,
		.options = options,
		.options_bytes = sizeof(struct adapter_options),
		.set_defaults = set_defaults,
		.run = run,
		.examples = examples,
	    },
	    {.run = NULL},
	};
	const struct command command = {
	    .name = name,
	    .summary = summary,
	    .verbs = verbs,
	    .example = examples,
	};
	return command_main(&command, argc, argv);
}
