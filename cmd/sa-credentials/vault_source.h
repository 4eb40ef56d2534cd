/* The vault as a place where keys are looked for. */
#ifndef SA_CREDENTIALS_VAULT_SOURCE_H
#define SA_CREDENTIALS_VAULT_SOURCE_H

#include "source.h"
#include "vault.h"

/*
 * Add the vault's entries: the one that was named (then every failure is an
 * error), else the usual one of that home, if there is one and a key file or
 * a passphrase descriptor opens it (else it is noted as locked). 0, or -1.
 */
int vault_search(const struct search_options *options, const char *home, struct findings *list,
		 struct sa_error *err);
/* Add the entries of the vault at path; asks on the terminal if need be. 0, or -1. */
int vault_search_file(const struct search_options *options, const char *path, struct findings *list,
		      struct sa_error *err);

#endif
