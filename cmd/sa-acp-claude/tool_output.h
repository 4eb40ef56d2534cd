/* The results of Claude's tools as ACP tool call content. */
#ifndef CLAUDE_TOOL_OUTPUT_H
#define CLAUDE_TOOL_OUTPUT_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

/*
 * Append "content" (and "locations", "title") as members where the result
 * tells more than the input did. content is a string or an array of
 * Anthropic content blocks; structured is Claude's tool_use_result.
 */
void tool_write_output(struct buf *b, const char *name, struct span content, struct span structured,
		       bool is_error);

#endif
