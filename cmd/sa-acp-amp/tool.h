/* Amp's tool calls as ACP's. All take Anthropic content blocks, JSON objects. */
#ifndef AMP_TOOL_H
#define AMP_TOOL_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct session;

void tool_called(struct session *session, struct span block); /* tool_use */
void tool_ended(struct session *session, struct span block);  /* tool_result */

/* Does a tool (a JSON string) read and think only? */
bool tool_only_reads(struct span name);
/* The names of those that do, one by one; NULL behind the last. */
const char *tool_that_reads(size_t index);
/* Members of a toolCall: kind, title, rawInput, content and locations. */
void tool_write_details(struct buf *b, struct span name, struct span input);

#endif
