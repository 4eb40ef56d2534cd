/*
 * Claude's tools as ACP tool calls: kind, title, content, locations.
 */
#ifndef CLAUDE_TOOL_H
#define CLAUDE_TOOL_H

#include "adapter/toolcall.h"
#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

struct session;

/* A call of the session's. */
struct tool {
	struct toolcall base; /* first */
	char *name;
	char *parent; /* raw JSON string of the sub-agent's call it belongs to, or NULL */
	struct buf input;
	bool is_shown; /* a tool_call was sent */
};

/* ACP's ToolKind. */
const char *tool_kind(const char *name);
/* Is it told as a plan instead of a call (TodoWrite, TaskCreate, ...)? */
bool tool_is_plan(const char *name);
/* The question and plan tools, which have forms of their own. */
bool tool_is_question(const char *name);
bool tool_is_exit_plan(const char *name);

/*
 * Append "title", and "content" and "locations" where the input tells them,
 * as members. input is a JSON object or not there (then what is known by
 * the name alone). blocked_path is a JSON string or not there.
 */
void tool_write_details(struct buf *b, const char *name, struct span input, const char *cwd,
			struct span blocked_path);

/* A tool_use block begins: told as a pending tool_call. id and parent are JSON strings. */
struct tool *tool_begin(struct session *session, struct span id, struct span name,
			struct span parent);
/* Its input is complete. */
void tool_input(struct session *session, struct span id, struct span name, struct span input,
		struct span parent);
/* A tool_result block, and the line's structured tool_use_result (or not there). */
void tool_result(struct session *session, struct span block, struct span structured);
/* Whatever is still open at the end of a turn is told as failed. */
void tool_fail_all(struct session *session, const char *why);
/* Part of claude_agent. */
void tool_release(void *call);

#endif
