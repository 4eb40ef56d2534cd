/* sa-acp-pi: Pi as an ACP agent. */
#include "adapter/main.h"
#include "pi.h"

static int run(const void *data, int argc, char **argv, struct sa_error *err)
{
	const struct adapter_options *o = data;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no operands are taken");
	return pi_run(o->binary, (size_t)o->line_bytes, err);
}

int main(int argc, char **argv)
{
	return adapter_main("sa-acp-pi", "Pi", "pi", run, argc, argv);
}
