/* MCP servers for a new session, out of a file. */
#ifndef SA_SESSION_MCP_H
#define SA_SESSION_MCP_H

#include "base/buf.h"
#include "base/error.h"

/*
 * Read a file and append what is in it as ACP's mcpServers (a JSON array).
 * The file is such an array, or an object of servers by name as agents' own
 * configurations have it ({"mcpServers":{"NAME":{"command":...}}}, with or
 * without the outer object). "-" is standard input. 0, or -1.
 */
int mcp_read(const char *path, struct buf *ret, struct sa_error *err);

#endif
