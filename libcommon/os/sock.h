/*
 * Unix stream sockets of one user. Paths of any length work (the folder is
 * opened and the name used through /proc/self/fd). Sockets are 0600; both
 * ends check that the peer is the same user or root.
 */
#ifndef SA_OS_SOCK_H
#define SA_OS_SOCK_H

#include "base/error.h"

#include <stdbool.h>

/* Listen at dir/name, replacing a stale socket file. A non-blocking descriptor, or -1. */
int sock_listen(const char *dir, const char *name, struct sa_error *err);
/* Accept one connection of the same user; -1 with errno (EAGAIN: none; EACCES: refused). */
int sock_accept(int listen_fd);
/* Connect. A blocking descriptor, or -1 with PROBLEM_STREAM_ERROR. */
int sock_connect(const char *dir, const char *name, struct sa_error *err);

#endif
