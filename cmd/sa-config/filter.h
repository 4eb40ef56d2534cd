/* sa-config filter: mcp.get, mcp.set, mcp.delete, skills.* behind /v1/config (contract 12). */
#ifndef SA_CONFIG_FILTER_H
#define SA_CONFIG_FILTER_H

#include "base/error.h"

/* Serve until the end of input. Exit status, or -1 with err. */
int config_filter(struct sa_error *err);

#endif
