/* The server as a process: started, watched by a pidfd, ended. */
#ifndef SA_PROCESS_H
#define SA_PROCESS_H

#include "base/error.h"
#include "os/procid.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A pidfd of this very process; -1 when it is gone (or its pid is another's now). */
int process_open(struct procid id);
/* Has it ended? Waits until it has, but not beyond the deadline (monotonic). */
bool process_wait_end(int pidfd, int64_t deadline);
/*
 * A signal that asks it to end; when it has not ended by the deadline SIGKILL. 0 for the first, 1
 * for the second; -1 when it could not be signalled or did not end at all.
 */
int process_end(int pidfd, int signal_number, int64_t deadline, struct sa_error *err);

#endif
