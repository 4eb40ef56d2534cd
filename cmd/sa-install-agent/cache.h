/* Packages that npm has fetched before, found by their digest: its cache, which is only read. */
#ifndef SA_INSTALL_AGENT_CACHE_H
#define SA_INSTALL_AGENT_CACHE_H

#include "npmrc.h"

/*
 * The tarball with this digest in npm's cache ("cache" in its configuration,
 * else ~/.npm): an open file whose content has been compared with integrity.
 * -1: it is not there.
 */
int cache_open(const struct npmrc *rc, const char *integrity);

#endif
