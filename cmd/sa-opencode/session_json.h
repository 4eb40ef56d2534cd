/* A session of ours as OpenCode's Session; and what OpenCode knows of it beyond our row. */
#ifndef SA_OPENCODE_SESSION_JSON_H
#define SA_OPENCODE_SESSION_JSON_H

#include "base/buf.h"
#include "store/record.h"

#include <stdbool.h>

void session_add_info(struct buf *b, const struct session *session);
/* The model that its prompts go to by default. Caller frees. */
char *session_model(const struct session *session);
/* JSON string, or NONE. */
struct span session_parent(const struct session *session);
/* "idle" or "busy" */
const char *session_status(const struct session *session);
/* What session/new is told, and our row keeps: {"opencode":{...}}. NULL members are left out. */
char *session_meta(const char *parent_id, const char *model_id);

#endif
