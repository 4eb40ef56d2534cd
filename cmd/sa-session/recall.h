/* How a server of the record was started, so that it can be started again. */
#ifndef SA_SESSION_RECALL_H
#define SA_SESSION_RECALL_H

#include "agent/registry.h"
#include "store/store.h"

/*
 * Its program: the recorded command line where that is on this machine, else
 * what its agent's name means here (the record may come from elsewhere).
 * 0, or -1 as agent_program_find().
 */
int recall_program(const struct server *server, struct agent_program *ret, struct sa_error *err);
/*
 * Its folder, or wish when that is not NULL; owned by the caller. NULL with err: it is not on this
 * machine.
 */
char *recall_folder(const char *recorded, const char *wish, struct sa_error *err);

#endif
