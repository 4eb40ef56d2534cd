/* sa-acp-claude: Claude Code as an ACP agent. */
#include "adapter/main.h"
#include "claude.h"

static int run(const void *data, int argc, char **argv, struct sa_error *err)
{
	const struct adapter_options *o = data;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no operands are taken");
	return claude_run(o->binary, (size_t)o->line_bytes, err);
}

int main(int argc, char **argv)
{
	return adapter_main("sa-acp-claude", "Claude Code", "claude", run, argc, argv);
}
