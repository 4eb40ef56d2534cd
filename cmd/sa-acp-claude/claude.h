/*
 * sa-acp-claude: ACP on standard input and output, one Claude Code process a
 * session behind it (claude -p with stream-json in both directions and
 * control requests). What it does for each ACP method stands in claude.c.
 */
#ifndef CLAUDE_H
#define CLAUDE_H

#include "adapter/sessions.h"

/* How many sessions one adapter holds open. */
enum { CLAUDE_SESSIONS_MAX = 256 };
/* A closed session's process gets this long to end by itself, then for SIGTERM. */
enum { CLAUDE_GRACE_MS = 2000 };
/* Claude must have answered an interrupt with the turn's end by then, else it is killed. */
enum { CLAUDE_CANCEL_MS = 10000 };

extern const struct adapter_agent claude_agent;

/* Serve until the input ends; binary NULL: $CLAUDE_CODE_EXECUTABLE, else "claude" on PATH. The exit
 * status, or -1. */
int claude_run(const char *binary, size_t line_bytes, struct sa_error *err);

#endif
