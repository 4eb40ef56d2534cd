/* session/list from Claude's record of its sessions. */
#ifndef CLAUDE_HISTORY_LIST_H
#define CLAUDE_HISTORY_LIST_H

#include "adapter/adapter.h"

/* session/list {cwd?, cursor?}: newest first. */
void history_list(struct adapter *adapter, const struct envelope *envelope);

#endif
