/* sa-acp-codex: Codex as an ACP agent. */
#include "adapter/main.h"
#include "codex.h"

static int run(const void *data, int argc, char **argv, struct sa_error *err)
{
	const struct adapter_options *o = data;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no operands are taken");
	return codex_run(o->binary, (size_t)o->line_bytes, err);
}

int main(int argc, char **argv)
{
	return adapter_main("sa-acp-codex", "Codex", "codex", run, argc, argv);
}
