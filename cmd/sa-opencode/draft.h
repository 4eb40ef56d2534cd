/*
 * Sessions that no supervisor owns: OpenCode makes a session before it says
 * which agent is to do the work. Until then its row stands under a server
 * that has never run; the first prompt starts that server.
 */
#ifndef SA_OPENCODE_DRAFT_H
#define SA_OPENCODE_DRAFT_H

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>

/* Has no agent ever worked on it? */
bool draft_is(const struct session *session);
/*
 * Write the session (id, agent, cwd, title, open_json, times) as a draft for
 * its agent, new or as it is there already under whatever agent.
 * PROBLEM_CONFLICT when its server runs. 0, or -1.
 */
int draft_write(struct store *store, const struct session *session, struct sa_error *err);
/* Rewrite the row of a session whose supervisor is gone. 0, or -1. */
int draft_rewrite(struct store *store, const struct session *session, struct sa_error *err);
/* The server's id of a session's draft. Caller frees. */
char *draft_server_id(const struct session *session);

#endif
