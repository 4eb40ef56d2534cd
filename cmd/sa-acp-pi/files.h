/*
 * Pi's record of its sessions: <agent>/sessions/<folder>/<time>_<id>.jsonl;
 * <agent> is $PI_CODING_AGENT_DIR, else ~/.pi/agent.
 */
#ifndef PI_FILES_H
#define PI_FILES_H

#include "adapter/adapter.h"

/* How many sessions one answer holds, and how many are looked at in all. */
enum { FILES_PAGE = 100, FILES_MAX = 10000 };

/* The record of a session; NULL when there is none. Caller frees. */
char *files_find(const char *id);
/* session/list {cwd?, cursor?}, newest first; session/delete. */
void files_list(struct adapter *adapter, const struct envelope *envelope);
void files_delete(struct adapter *adapter, struct span request, struct span session_id);

#endif
