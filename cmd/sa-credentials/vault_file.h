/* The vault on disk: read it, change it under a lock, replace it whole. */
#ifndef SA_CREDENTIALS_VAULT_FILE_H
#define SA_CREDENTIALS_VAULT_FILE_H

#include "base/buf.h"
#include "base/error.h"

enum { VAULT_LOCK_WAIT_S = 30 };

/* The encrypted bytes. 0; 1 when there is no such file; -1. */
int vault_file_read(const char *path, struct buf *ret_bytes, struct sa_error *err);
/*
 * Take the lock of the vault at path ("<path>.lock"), making its folder if
 * need be. A descriptor that holds it until closed; -1 with PROBLEM_TIMEOUT
 * after VAULT_LOCK_WAIT_S seconds.
 */
int vault_file_lock(const char *path, struct sa_error *err);
/* Replace the vault: new file 0600, fsync, rename, fsync of the folder. With the lock only. */
int vault_file_replace(const char *path, struct span bytes, struct sa_error *err);

#endif
