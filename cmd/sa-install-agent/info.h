/*
 * What is told of an agent: the AgentInfo of GET /v1/agents (contract 9.1):
 * id, installed, credentialsAvailable, capabilities, serverStatus; with
 * config also version, path and configOptions, from the agent itself.
 */
#ifndef SA_INSTALL_AGENT_INFO_H
#define SA_INSTALL_AGENT_INFO_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* What is the same for all agents; looked up once for a listing. */
struct surroundings {
	struct buf credentials; /* what "sa-credentials extract" prints */
	struct running {
		char *agent;
		int64_t since_ms;
	} * running; /* the oldest server of each agent that has one */
	size_t running_count;
};
void surroundings_find(struct surroundings *ret);
void surroundings_clear(struct surroundings *surroundings);
#define cleanup_surroundings __attribute__((cleanup(surroundings_clear)))

struct info_options {
	bool has_config;
	bool is_fresh; /* ask the agent even if a cached answer is there */
	bool has_more; /* members beyond the reference's: route, command, title, ... */
};

/* Append the object. 0; -1: no such agent. */
int info_add(struct buf *b, const char *name, const struct surroundings *around,
	     const struct info_options *options, struct sa_error *err);

#endif
