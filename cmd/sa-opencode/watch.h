/*
 * Hearing that the store has changed, whoever has written (store_listen()).
 * What changed has to be looked up; a change may be told more than once.
 * SQLite's log is written a moment before what it holds can be read: after
 * the last telling look once more, HEARING_LATE_MS later.
 */
#ifndef SA_OPENCODE_WATCH_H
#define SA_OPENCODE_WATCH_H

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>

enum { HEARING_LATE_MS = 50 };

struct hearing {
	struct store *store;
	int fd; /* the store's; readable: hearing_take(); -1: none, look now and then */
};

#define HEARING_INIT ((struct hearing){.fd = -1})

/* Never fails: without anything to hear it is only slower. */
void hearing_open(struct hearing *watch, struct store *store);
/* Is there news? It is forgotten. */
bool hearing_take(struct hearing *watch);
/*
 * Wait up to timeout_ms or until wake_fd hangs up. 1: look; 0: time is up;
 * 2: wake_fd; -1 with err.
 */
int hearing_wait(struct hearing *watch, int timeout_ms, int wake_fd, struct sa_error *err);

#endif
