/* What an item of Codex is as an ACP tool call. All read one item, a JSON object. */
#ifndef CODEX_ITEM_DETAILS_H
#define CODEX_ITEM_DETAILS_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

bool details_is_tool(struct span item);
/* "completed" or "failed". */
const char *details_status(struct span item);
/* Members: kind, title, rawInput, content, locations. */
void details_write_call(struct buf *b, struct span item);
/* Members: content, rawOutput. */
void details_write_result(struct buf *b, struct span item);
/* A command's kind and title from its commandActions and command line. */
const char *details_command_kind(struct span command);
void details_write_command(struct buf *b, struct span command);

#endif
