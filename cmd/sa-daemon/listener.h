/* Which process of ours listens on a TCP port: for a server whose pid nobody
 * wrote down. /proc tells (proc(5), tcp and fd). */
#ifndef SA_LISTENER_H
#define SA_LISTENER_H

#include "os/procid.h"

#include <stdbool.h>

/* The oldest one that has a listening socket for this host (or all) and port. false: none. */
bool listener_find(const char *host, unsigned port, struct procid *ret_id);

#endif
