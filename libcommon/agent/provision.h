/*
 * What a folder gives to the agents that work in it (sa-config(1)): the MCP
 * servers for session/new, with variables by name, and the values on the way
 * to the agent; its skills. Names are what is stored and recorded, values never are.
 */
#ifndef SA_AGENT_PROVISION_H
#define SA_AGENT_PROVISION_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>

/* The longest value that comes out of one string. */
enum { PROVISION_VALUE_BYTES = 1 << 20 };

/*
 * Append the folder's MCP servers as session/new wants them, an array, values
 * as ${NAME}. Without the agent's capability mcpCapabilities.http or .sse those servers are
 * left out. Runs sa-config, but only when there is a configuration. 0, or -1
 * with what it said.
 */
int provision_servers(const char *cwd, bool can_http, bool can_sse, struct buf *ret,
		      struct sa_error *err);

/*
 * Fetch the folder's skills and lay them out where this agent looks for them
 * (NULL: where any does), before it is started. Without is_fetching only what
 * is in the cache, and the rest is left out. Runs sa-config, but only when
 * there is a configuration. 0, or -1 with what it said.
 */
int provision_skills(const char *cwd, const char *agent, bool is_fetching, struct sa_error *err);

/*
 * For clients that send session/new themselves (the ACP proxy): the folder's skills as far as they
 * are fetched, and its MCP servers into a session/new whose own list is empty. 1 when the message
 * has variables to be expanded now ("expand":true for the supervisor), 0 when it is as it was, -1.
 */
int provision_mend(struct buf *message, const char *agent, struct sa_error *err);

/*
 * Append an mcpServers array with ${NAME} and ${NAME:-otherwise} replaced by
 * the environment's values in each url and in the values of env and headers;
 * all else is kept as it is. 0; -1 with PROBLEM_INVALID_REQUEST that names a
 * variable which is not set, or for a value with a line end.
 */
int provision_expand(struct span servers, struct buf *ret, struct sa_error *err);
/* Append a whole request with its params.mcpServers expanded; one without them as it is. 0, or -1.
 */
int provision_add_expanded(struct span request, struct buf *ret, struct sa_error *err);

#endif
