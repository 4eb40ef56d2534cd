/* The command line that all adapters have. */
#ifndef SA_ADAPTER_MAIN_H
#define SA_ADAPTER_MAIN_H

#include "base/error.h"
#include "cli/options.h"

#include <stdint.h>

struct adapter_options {
	struct common_options common;
	const char *binary;  /* the agent's program; NULL: looked up */
	uint64_t line_bytes; /* the longest line taken from either side */
};

/* As struct verb's run: data is a struct adapter_options. */
typedef int adapter_main_fn(const void *data, int argc, char **argv, struct sa_error *err);

/*
 * The main function of the adapter name ("sa-acp-claude") for the agent
 * title ("Claude Code"), whose program is called program ("claude"). The
 * exit status.
 */
int adapter_main(const char *name, const char *title, const char *program, adapter_main_fn *run,
		 int argc, char **argv);

#endif
