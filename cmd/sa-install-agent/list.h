/* The AgentInfo of several agents. */
#ifndef SA_INSTALL_AGENT_LIST_H
#define SA_INSTALL_AGENT_LIST_H

#include "info.h"

/* Append the objects, with commas between them. 0, or -1. */
int list_add(struct buf *b, int count, char *const *names, const struct info_options *options,
	     struct sa_error *err);

#endif
