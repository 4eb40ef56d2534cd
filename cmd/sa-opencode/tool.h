/* ACP tool calls in the shape that OpenCode's tools have, so that its clients draw them. */
#ifndef SA_OPENCODE_TOOL_H
#define SA_OPENCODE_TOOL_H

#include "base/buf.h"
#include "base/span.h"
#include "thread.h"

/* "callID", "tool" and "state" of a tool part. */
void tool_add_members(struct buf *b, const struct part *part);
/* OpenCode's name of a tool of this ACP kind (JSON); never NULL. */
const char *tool_name_of_kind(struct span kind);
/* The file that a call is about: out of its content, its locations or its input. JSON, or NONE. */
struct span tool_file(struct span content, struct span locations, struct span input);
/* A unified diff of one hunk, without context. */
void tool_add_diff(struct buf *b, const char *path, struct span old_text, struct span new_text);

#endif
