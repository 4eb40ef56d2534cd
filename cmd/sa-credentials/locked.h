/*
 * Memory for what comes out of the vault or goes into it: mlock'd as far as
 * the limit allows, out of core dumps, between guard pages, wiped when freed
 * (libsodium's sodium_malloc). Needs crypto_start() before.
 */
#ifndef SA_CREDENTIALS_LOCKED_H
#define SA_CREDENTIALS_LOCKED_H

#include "base/buf.h"
#include "base/error.h"

/* sodium_init(), once. 0, or -1. */
int crypto_start(struct sa_error *err);

/*
 * A buffer in locked memory that holds max bytes and never moves: additions
 * within max do not reallocate. Only locked_free() may free it. Out of
 * memory ends the process.
 */
struct buf locked_new(size_t max);
void locked_free(struct buf *b);
#define cleanup_locked __attribute__((cleanup(locked_free)))

#endif
