/* --from: an agent out of a file or a folder instead of a registry. */
#ifndef SA_INSTALL_AGENT_LOCAL_H
#define SA_INSTALL_AGENT_LOCAL_H

#include "install.h"
#include "package.h"

/*
 * Fill the staging folder from options->from: a tarball of the package (as
 * "npm pack" writes it), a folder that holds that tarball, an unpacked
 * package, or the native program itself. A tarball of the pinned version
 * must have the pinned digest; package tells what came. 0, or -1.
 */
int local_stage(struct component *component, struct package *package, struct sa_error *err);

#endif
