/*
 * The MCP servers of a folder as ACP's mcpServers (session/new). A value of
 * env, a header or the url may name variables as ${NAME} or
 * ${NAME:-otherwise}; bearerTokenEnvVar and envHeaders name them by
 * themselves. Here are the names: the values are put in on the way to the
 * agent (agent/provision.h).
 */
#ifndef SA_CONFIG_SERVERS_H
#define SA_CONFIG_SERVERS_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

struct servers_wish {
	const char *directory;
	bool is_without_http; /* leave out what the agent cannot use */
	bool is_without_sse;
};

/* Append the array; disabled entries are left out. *ret_left_out counts those of a transport that
 * is not wanted. 0, or -1. */
int servers_add(const struct servers_wish *wish, struct buf *ret, size_t *ret_left_out,
		struct sa_error *err);

#endif
