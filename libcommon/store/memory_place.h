/*
 * Where a memory: store lies, and how long. Each state directory has one, in a folder of this user
 * on tmpfs: NAME.db (and what SQLite puts beside it), NAME.home (a link to the state directory) and
 * NAME.lock, which every user of the store holds shared. The last user of an empty store takes it
 * away; a store whose state directory is gone and that nobody uses goes with the next that is opened.
 */
#ifndef SA_STORE_MEMORY_PLACE_H
#define SA_STORE_MEMORY_PLACE_H

#include "base/error.h"

#include <stdbool.h>

struct memory_place {
	char *path; /* of the database; owned */
	int lock;   /* held shared; -1: none */
};

/* Sweep, then be a user of this state directory's store, whose file the caller makes. 0, or -1 with
 * nothing to leave. */
int memory_place_enter(struct memory_place *place, struct sa_error *err);
/* Stop new users from coming, and tell if there is another one: then false. Then leave. */
bool memory_place_is_last(struct memory_place *place, int *ret_gate);
/* No user any more; the database is closed. is_over: its files go, too. gate: as above. */
void memory_place_leave(struct memory_place *place, int gate, bool is_over);

#endif
