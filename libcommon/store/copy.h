/* Copy a server with its events, sessions and requests from one store to another. */
#ifndef SA_STORE_COPY_H
#define SA_STORE_COPY_H

#include "store/store.h"

struct store_copy {
	struct store *from;
	struct store *to;
	const struct server *server; /* as from has it */
	int64_t after;		     /* events with a greater eventIndex only */
	/* Called with the number of events copied since the last call; NULL allowed. */
	void (*progress)(void *arg, int64_t events);
	void *arg;
};

/* Idempotent: what is there already stays. Events first, in order; then the rest. 0, or -1. */
int store_copy_server(const struct store_copy *copy, struct sa_error *err);

#endif
