/* A bundle of sa-store as a store of its own, for one reader. */
#ifndef SA_EVENTS_BUNDLE_H
#define SA_EVENTS_BUNDLE_H

#include "base/error.h"

/*
 * Have "sa-store import" put the file ("-": standard input) into a new store in a temporary folder,
 * and make that this process's store (SANDBOX_AGENT_STORE). The folder, for bundle_remove(); NULL
 * with err: sa-store has said on standard error what is wrong.
 */
char *bundle_unpack(const char *file, struct sa_error *err);
/* Remove the folder and free its name. NULL allowed. */
void bundle_remove(char *folder);

#endif
