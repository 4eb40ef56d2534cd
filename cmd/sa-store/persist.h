/* The SQLite file of the reference SDK's persistence driver (client side). */
#ifndef SA_STORE_PERSIST_H
#define SA_STORE_PERSIST_H

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>

struct persist_counts {
	int64_t sessions, events;
};

/* Does fd hold a SQLite database? Its position is kept. */
bool persist_is_database(int fd);
/*
 * Import every session of the driver's file at path, each as a server of its
 * own that has ended; repeating it changes nothing. cwd: theirs from now on.
 * 0; -1 with PROBLEM_INVALID_REQUEST when it has other tables.
 */
int persist_import(const char *path, struct store *store, const char *cwd,
		   struct persist_counts *ret, struct sa_error *err);

#endif
