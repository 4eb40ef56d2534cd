/* Where connections come from: addresses, a unix socket, activated sockets, descriptor 0. */
#ifndef SA_SERVE_LISTEN_H
#define SA_SERVE_LISTEN_H

#include "front.h"

/* Is this connection on descriptor 0 a server's (inetd) and not just any socket? */
bool listen_is_inetd(void);
/*
 * Open all listeners that the options and LISTEN_FDS name. 0; -1 with
 * PROBLEM_INVALID_REQUEST for an address that is not served without a token.
 */
int listen_open(struct front *front, struct sa_error *err);
/* Say on standard error where, one line each. */
void listen_announce(const struct front *front);
void listen_close(struct front *front);

#endif
