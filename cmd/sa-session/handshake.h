/* ACP's ways into a session: initialize, then session/new, resume, load or fork. */
#ifndef SA_SESSION_HANDSHAKE_H
#define SA_SESSION_HANDSHAKE_H

#include "connection.h"
#include "replay.h"

/* On a link to a fresh agent. Its answer is in c->server.initialize_json. 0, or -1. */
int handshake_initialize(struct connection *c, int64_t deadline, struct sa_error *err);
/* What the agent is told of a new session's past; all NULL or 0: it has none. */
struct past_words {
	const struct replay *replay; /* goes before the first prompt */
	const char *parent_id;	     /* forked from this session, behind event parent_index */
	int64_t parent_index;
};
/*
 * session/new; c->session is the new one. mcp_servers: a JSON array, where ${NAME} is
 * expanded on the way to the agent (agent/provision.h); name:
 * the wished id, NULL for a random one (the id of a session that is over: that one goes on);
 * past: NULL for none. 0, or -1.
 */
int handshake_new(struct connection *c, const char *cwd, struct span mcp_servers, const char *name,
		  const struct past_words *past, int64_t deadline, struct sa_error *err);

/* Which ways back are allowed. */
struct revival {
	bool is_native_only; /* the agent's own: session/resume, session/load */
	bool is_by_transcript; /* no other */
	struct replay_limits limits;
};
/*
 * Bring c->session back in folder with what it was opened with: session/resume, else
 * session/load with its replay kept out of the record, else a new session of
 * the agent that is told the past. Its settings are what they were, where the agent lets them.
 * 0; -1, PROBLEM_AGENT_ERROR when the agent cannot.
 */
int handshake_revive(struct connection *c, const char *folder, const struct revival *how,
		     int64_t deadline, struct sa_error *err);
/*
 * session/fork: c->session becomes the new one, name its wished id. PROBLEM_AGENT_ERROR when the
 * agent does not know how.
 */
int handshake_fork(struct connection *c, const char *folder, const char *name, int64_t deadline,
		   struct sa_error *err);
/* The mcpServers that the session was opened with, "[]" for none. */
void handshake_add_servers(struct buf *b, const struct session *session);

/* Does the agent say that it can? path: below agentCapabilities, "promptCapabilities.image". */
bool handshake_can(const struct connection *c, const char *path);

#endif
