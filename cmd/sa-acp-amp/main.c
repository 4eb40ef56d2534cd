/* sa-acp-amp: Amp as an ACP agent. */
#include "adapter/main.h"
#include "amp.h"
#include "helper.h"

static int run(const void *data, int argc, char **argv, struct sa_error *err)
{
	const struct adapter_options *o = data;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no operands are taken");
	return amp_run(o->binary, (size_t)o->line_bytes, err);
}

int main(int argc, char **argv)
{
	if (helper_is(argv[0]))
		return helper_run(argv[0]);
	return adapter_main("sa-acp-amp", "Amp", "amp", run, argc, argv);
}
