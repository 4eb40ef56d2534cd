/* What the supervisor tells the outside about itself: readiness and a status file. */
#ifndef SA_SUPERVISE_READY_H
#define SA_SUPERVISE_READY_H

#include "supervisor.h"

/*
 * One line on the readiness descriptor, then it is closed:
 * {"type":"ready","serverId",...} or {"type":"problem","kind","detail"}.
 * Only the first call counts.
 */
void ready_tell(struct supervisor *sv, const struct sa_error *problem);
/* <socket_dir>/status.json: who runs here and what it is doing. */
void ready_write_status(struct supervisor *sv);

#endif
