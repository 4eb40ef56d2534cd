/*
 * What people meet when an agent does not run, in words with the way out.
 * Agents say it in many forms on stderr or in a JSON-RPC error; the samples
 * stand in QUIRKS.md.
 */
#ifndef SA_AGENT_ADVICE_H
#define SA_AGENT_ADVICE_H

#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>

/* The way out of what said tells of, for a person; NULL: nothing is known of it. Static. */
const char *advice_find(struct span said);
/* Does said tell of missing or refused credentials? Some agents have no code of their own for it. */
bool advice_is_login(struct span said);
/*
 * Add the advice to the message, if there is any; for missing credentials
 * also the agent's own words on how to log in (agent may be NULL).
 */
void advice_add(struct sa_error *err, const char *agent, struct span said);
/* Add an agent's authMethods (a JSON array out of its answer to initialize) to the message. */
void advice_add_methods(struct sa_error *err, struct span methods);

#endif
