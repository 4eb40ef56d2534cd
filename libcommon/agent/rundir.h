/*
 * The folder of one supervisor: its socket and its status file. Below
 * $SANDBOX_AGENT_RUN_DIR, else the state directory's "run".
 */
#ifndef SA_AGENT_RUNDIR_H
#define SA_AGENT_RUNDIR_H

#include "base/error.h"

#define RUNDIR_SOCKET "sock"
#define RUNDIR_STATUS "status.json"

/* An agent's environment is marked with this; the value is the server's uid. */
#define SERVER_TAG "SANDBOX_AGENT_SERVER_UID"

/* Make the folder called name. Its path (caller frees); NULL on error. */
char *rundir_make(const char *name, struct sa_error *err);
/* Remove it and what we put there. Harmless when it is gone, or NULL. */
void rundir_remove(const char *path);

/*
 * Take the lock called name (a file "NAME.lock" beside the folders), so that
 * one process at a time brings a server back. Waits without a limit; whoever
 * holds it and dies lets go. The descriptor, for rundir_unlock(), or -1.
 */
int rundir_lock(const char *name, struct sa_error *err);
/* The same, but who would have to wait gets PROBLEM_CONFLICT. */
int rundir_try_lock(const char *name, struct sa_error *err);
void rundir_unlock(const char *name, int fd);

#endif
