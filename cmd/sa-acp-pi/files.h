/*
 * Pi's record of its sessions: <agent>/sessions/<folder>/<time>_<id>.jsonl;
 * <agent> is $PI_CODING_AGENT_DIR, else ~/.pi/agent.
 */
#ifndef PI_FILES_H
#define PI_FILES_H

#include "adapter/adapter.h"

/* The record of a session; NULL when there is none. Caller frees. */
char *files_find(const char *id);
/* session/list {cwd?, cursor?}, newest first. */
void files_list(struct adapter *adapter, const struct envelope *envelope);

#endif
