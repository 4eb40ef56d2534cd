/*
 * A lock file, so that an image is built twice alike: which version and
 * digest of each component, for each kind of machine.
 *
 *   {"lockfileVersion":1,"components":{"claude":{"linux-x64":
 *      {"package":..,"version":..,"integrity":..}}}}
 *
 * Components that npm installs also keep npm's own lock, "packageLock".
 */
#ifndef SA_INSTALL_AGENT_LOCKFILE_H
#define SA_INSTALL_AGENT_LOCKFILE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

enum { LOCKFILE_MAX_BYTES = 64 << 20 };

/* Read it into text; a file that is not there is an empty one. 0; -1: it is no lock file. */
int lockfile_read(const char *path, struct buf *text, struct sa_error *err);
/* What it says of component on this kind of machine; NONE: nothing. */
struct span lockfile_entry(struct span lockfile, const char *component);
/* Write it anew with this entry (a JSON object) for component. 0, or -1. */
int lockfile_write(const char *path, const char *component, struct span entry,
		   struct sa_error *err);

#endif
