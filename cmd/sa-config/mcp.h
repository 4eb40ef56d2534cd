/* What sa-config does with MCP servers beyond storing them. */
#ifndef SA_CONFIG_MCP_H
#define SA_CONFIG_MCP_H

#include "base/buf.h"
#include "verbs.h"

/* Append the entry that --url, --env, --header and the words of a command make. 0, or -1. */
int mcp_entry_of_words(const struct config_options *o, int argc, char **argv, struct buf *ret,
		       struct sa_error *err);
/* Print ACP's mcpServers. Exit status, or -1. */
int mcp_print_servers(const struct config_options *o, struct sa_error *err);

#endif
