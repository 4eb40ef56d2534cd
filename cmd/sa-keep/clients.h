/* Who is connected to the socket: senders of ops, and watchers (process/link.h). */
#ifndef SA_KEEP_CLIENTS_H
#define SA_KEEP_CLIENTS_H

#include "keeper.h"

int clients_listen(struct keeper *k, struct sa_error *err);
/* The queue of input has moved: senders that waited go on. */
void clients_input_moved(struct keeper *k);
/* At the end of a turn: write the log's batch, tell watchers, hold the child back or let it go. */
void clients_settle(struct keeper *k);
/* Write the batch, trying again until deadline. 0, or -1. */
int clients_flush_log(struct keeper *k, int64_t deadline);
/* When clients_settle() has to be called though nothing happened (monotonic ms). */
int64_t clients_next_deadline(const struct keeper *k);
/* Close the socket and everybody on it. */
void clients_close(struct keeper *k);

#endif
