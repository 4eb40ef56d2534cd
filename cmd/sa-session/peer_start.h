/* How a connection comes to be: install, launch, or find the supervisor that runs. */
#ifndef SA_SESSION_PEER_START_H
#define SA_SESSION_PEER_START_H

#include "peer.h"

enum { READY_WORDS_BYTES = 64 * 1024 };

/* peer.c's side of it */
struct peer *peer_new(struct broker *broker, const char *id, const char *agent);
/* Connect to the supervisor in peer->server, send what waits. 0, or -1. */
int peer_link(struct peer *peer, struct sa_error *err);
/* It is over: fail what waits, begin again what was for its successor. */
void peer_end(struct peer *peer, const struct sa_error *why);

/* Close and forget the pipe that tells of the launch. */
void peer_close_ready(struct peer *peer);

#endif
