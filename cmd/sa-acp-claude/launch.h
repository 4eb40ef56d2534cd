/* How Claude Code is started: its program, arguments, environment, MCP servers. */
#ifndef CLAUDE_LAUNCH_H
#define CLAUDE_LAUNCH_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>

struct session;

/*
 * Start it for a session: a new one (--session-id), or is_resumed
 * (--resume), or a fork of forked_from. 0, or -1:
 * PROBLEM_AGENT_NOT_INSTALLED with words on how to get it,
 * PROBLEM_INVALID_REQUEST for a folder that is not there.
 */
int launch_claude(struct session *session, bool is_resumed, struct sa_error *err);
/* What Claude is told by its environment unless the caller's says otherwise; ends with NULL. */
extern const char *const launch_environment[];
/* May Claude be told to bypass permissions? Not as root, unless IS_SANDBOX=1. */
bool launch_can_bypass(void);
/* ACP's mcpServers array as Claude's --mcp-config. 0, or -1. */
int launch_mcp_config(struct buf *b, struct span servers, struct sa_error *err);

#endif
