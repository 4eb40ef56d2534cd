/* What a process that holds secrets owes them: no core dump, wiped memory, masked display. */
#ifndef SA_CREDENTIALS_SECRET_H
#define SA_CREDENTIALS_SECRET_H

#include "base/buf.h"

/*
 * No core dump and no ptrace by the same user from here on:
 * PR_SET_DUMPABLE 0 and a soft RLIMIT_CORE of 0. First thing in main.
 */
void secret_harden(void);
/* The core limit as it was before: for the user's own program, just before exec. */
void secret_restore_core(void);

/* Wipe and free a C string. NULL allowed. */
void secret_free(char *text);
static inline void secret_free_fn(char **text)
{
	secret_free(*text);
}
#define cleanup_secret __attribute__((cleanup(secret_free_fn)))

/* Wipe and free a buffer that only grew. To leave no copies behind, reserve what it will hold. */
void secret_buf_free(struct buf *b);
#define cleanup_secret_buf __attribute__((cleanup(secret_buf_free)))

/* Append what may be shown of a secret: "****" up to 8 bytes, else its first
 * and last four bytes (whole characters) around "...". */
void secret_add_masked(struct buf *b, struct span secret);

#endif
