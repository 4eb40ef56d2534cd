/* session/list and session/delete from Claude's record of its sessions. */
#ifndef CLAUDE_HISTORY_LIST_H
#define CLAUDE_HISTORY_LIST_H

#include "adapter/adapter.h"

/* How many sessions one answer holds, and how many are looked at in all. */
enum { HISTORY_PAGE = 100, HISTORY_MAX = 10000 };

/* session/list {cwd?, cursor?}: newest first. */
void history_list(struct adapter *adapter, const struct envelope *envelope);
/* session/delete: remove the record of a session (a JSON string); request is the raw JSON id. */
void history_delete(struct adapter *adapter, struct span request, struct span session_id);

#endif
