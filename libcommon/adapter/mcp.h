/* ACP's mcpServers as the configuration of a native agent (ACP McpServer). */
#ifndef SA_ADAPTER_MCP_H
#define SA_ADAPTER_MCP_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>

/* What agents' configurations differ in. */
struct mcp_style {
	const char *headers; /* the name of that member */
	bool has_type;	     /* "type" is written, too */
	const char *no_sse;  /* the agent's name when it has no MCP over SSE; else NULL */
};

/* How many servers a session may have. */
enum { MCP_SERVERS_MAX = 1000 };

/*
 * ACP's mcpServers, which may be not there: is it an array whose objects have names, each its
 * own? Agents know servers by their names. 0, or -1 with PROBLEM_INVALID_REQUEST.
 */
int mcp_check(struct span servers, struct sa_error *err);
/*
 * Append a member NAME:{...} for each of servers, a JSON array. 0, or -1
 * with PROBLEM_INVALID_REQUEST: one has no name, or neither a command nor a
 * url, or the agent has not what it needs.
 */
int mcp_write_servers(struct buf *b, struct span servers, const struct mcp_style *style,
		      struct sa_error *err);

#endif
