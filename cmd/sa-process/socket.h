/*
 * A terminal over a WebSocket whose opening handshake is done (contract
 * 11.5): text frames "ready", "error", "exit", terminal output as binary
 * frames; input, resize and close as text frames.
 */
#ifndef SA_PROCESS_SOCKET_H
#define SA_PROCESS_SOCKET_H

#include "base/error.h"
#include "process/folder.h"

#include <stdint.h>

struct socket_options {
	int fd;		/* the client's connection, both ways */
	int preread_fd; /* a file with bytes of the client that came too early; -1: none */
	uint64_t scrollback_bytes; /* of old output that is shown first */
};

/* Serve until either side is done. Exit status, or -1 with err. */
int socket_serve(struct folder *folder, const struct process *process,
		 const struct socket_options *options, struct sa_error *err);

#endif
