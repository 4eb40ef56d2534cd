/* What a package registry says of one version of a package. */
#ifndef SA_INSTALL_AGENT_MANIFEST_H
#define SA_INSTALL_AGENT_MANIFEST_H

#include "fetch.h"
#include "package.h"

enum { MANIFEST_MAX_BYTES = 64 << 20 };

struct manifest {
	char *version;
	char *tarball;	 /* its address */
	char *integrity; /* SRI */
};
void manifest_clear(struct manifest *manifest);
#define cleanup_manifest __attribute__((cleanup(manifest_clear)))

/*
 * Ask the registry that npm's configuration names. A pinned digest must be
 * the registry's too; without one the registry's is taken, if the way to it
 * is private (https, or this machine). 0, or -1.
 */
int manifest_fetch(struct fetcher *fetcher, const struct package *package, struct manifest *ret,
		   struct sa_error *err);
/* The version that the registry calls latest, without the platform's suffix. NULL with err. */
char *manifest_latest(struct fetcher *fetcher, const struct package *package, struct sa_error *err);
/* Digits, letters, ". - +" and no leading dot: may it stand in a path and an address? */
bool manifest_is_version(const char *version);

#endif
