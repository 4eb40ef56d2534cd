/* One file that may hold a key, read without trusting that it is one. */
#ifndef SA_CREDENTIALS_PLACE_H
#define SA_CREDENTIALS_PLACE_H

#include "base/buf.h"

#include <stdbool.h>
#include <sys/types.h>

/* A larger file is skipped: the largest real one (~/.claude.json) has a few MiB. */
#define PLACE_MAX_BYTES ((size_t)8 << 20)

enum place_result {
	PLACE_READ,
	PLACE_ABSENT,
	PLACE_REFUSED,
};

/*
 * Read a regular file of at most PLACE_MAX_BYTES that belongs to this user,
 * to root or to owner. Never waits on a FIFO, never follows a loop.
 * ret_reason tells why not (owned by the caller; NULL when read).
 */
enum place_result place_read(const char *path, uid_t owner, struct buf *ret_text,
			     char **ret_reason);
/* The same for a key file: besides, nobody else may read or write it. */
enum place_result place_read_private(const char *path, struct buf *ret_text, char **ret_reason);

#endif
