/* session/list and session/delete, from Codex's own threads. */
#ifndef CODEX_THREADS_H
#define CODEX_THREADS_H

#include "adapter/adapter.h"

void threads_list(struct adapter *adapter, const struct envelope *envelope);
void threads_delete(struct adapter *adapter, const struct envelope *envelope);

#endif
