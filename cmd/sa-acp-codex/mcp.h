/* ACP's mcpServers and additionalDirectories as Codex's configuration. */
#ifndef CODEX_MCP_H
#define CODEX_MCP_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

/* Append an object for thread/start's config from the params of session/new. 0, or -1. */
int mcp_write_config(struct buf *b, struct span params, struct sa_error *err);

#endif
