/*
 * Amp's threads as it keeps them on disk, as far as it does:
 * <data>/amp/threads/T-<uuid>.json; <data> is $XDG_DATA_HOME, else ~/.local/share.
 */
#ifndef AMP_THREADS_H
#define AMP_THREADS_H

#include "adapter/adapter.h"

struct session;

/* The largest thread that is told as history, bytes. */
#define THREADS_FILE_BYTES ((size_t)64 << 20)

/* "T-" and a UUID: safe as a file name and as an argument. */
bool threads_is_id(struct span id);
/* Tell a thread's messages as history. 0; -1 with PROBLEM_SESSION_NOT_FOUND when it is not here. */
int threads_replay(struct session *session, struct sa_error *err);
/* session/list {cwd?}, newest first. */
void threads_list(struct adapter *adapter, const struct envelope *envelope);

#endif
