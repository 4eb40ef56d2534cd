/* Where a vault lies and what opens it; reading secrets from people and descriptors. */
#ifndef SA_CREDENTIALS_UNLOCK_H
#define SA_CREDENTIALS_UNLOCK_H

#include "vault.h"

#include "base/error.h"

#include <stdbool.h>

enum { UNLOCK_SECRET_MAX_BYTES = 4096, UNLOCK_KEY_FILE_MIN_BYTES = 32 };

/*
 * $SANDBOX_AGENT_VAULT, else credentials.vault in the data folder of home
 * (NULL: this user's). Owned by the caller; NULL without a home.
 */
char *unlock_default_path(const char *home);
/* key_file, else $SANDBOX_AGENT_VAULT_KEY_FILE, else NULL. */
const char *unlock_key_file(const char *key_file);

/*
 * One line from a descriptor given as text ("3"), without its newline, into
 * ret_secret, a locked buffer. The descriptor is closed unless it is 0-2.
 */
int unlock_read_fd(const char *fd_text, const char *what, struct buf *ret_secret,
		   struct sa_error *err);
/* The same from the terminal, unseen; asked twice when it is new. */
int unlock_ask(const char *prompt, bool is_new, struct buf *ret_secret, struct sa_error *err);

/*
 * The secret for kdf: the key file's content, or the passphrase from the
 * descriptor or from the terminal. PROBLEM_AUTH_REQUIRED when a passphrase
 * is wanted and there is neither.
 */
int unlock_secret(enum vault_kdf kdf, const char *key_file, const char *passphrase_fd, bool is_new,
		  struct buf *ret_secret, struct sa_error *err);

#endif
