/*
 * Which variables an agent gets to see. An agent runs other people's code
 * and prompts: it gets its own provider's keys and no others, and nothing
 * that opens our server, store or vault.
 *
 * Of the rest it gets what programs need to run and to find their tools
 * (paths, locale, terminal, display, proxies, certificates, git, ssh's agent,
 * tool chains), what its record lists in "passes", and what
 * SANDBOX_AGENT_PASS_ENV names (words; a trailing "*" takes all that begin
 * so). SANDBOX_AGENT_ENV=inherit passes everything else on as well.
 */
#ifndef SA_AGENT_HYGIENE_H
#define SA_AGENT_HYGIENE_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

/* Is it, by its name, a key of a model provider? */
bool hygiene_is_key(struct span name);
/* Is it, by its name or by a password in its value, a secret of any kind? */
bool hygiene_is_secret(struct span name, const char *value);
/* Is it one of the variables that steer this toolkit? An agent gets none of them, besides
 * SANDBOX_AGENT_BIN, with which the reference's launchers find it. */
bool hygiene_is_own(struct span name);
/* keys: a JSON array of names, "*" among them for all: the "keys" of a record. */
bool hygiene_takes_key(struct span keys, struct span name);
/* May an agent see this variable, keys aside? passes: the "passes" of its record. */
bool hygiene_passes(struct span passes, struct span name);

/* Entries NAME=VALUE, borrowed or owned, ending with NULL. */
struct hygiene {
	char **entries;
	size_t count;
	char **owned;
	size_t owned_count;
};
#define HYGIENE_INIT ((struct hygiene){NULL, 0, NULL, 0})
void hygiene_free(struct hygiene *env);
#define cleanup_hygiene __attribute__((cleanup(hygiene_free)))

/*
 * The environment of an agent's processes: ours as far as it may be seen,
 * the "env" of its record as defaults, then more (NAME=VALUE, borrowed),
 * which overrides. keeps_keys leaves all keys in, for sa-credentials, which
 * hands on the agent's. inherits: nothing is hidden but keys, secrets and our own,
 * unless SANDBOX_AGENT_ENV is "minimal". Our own variables stay but for the token, and so does
 * what only the supervisor may see (for the values in MCP servers, for libpq):
 * SANDBOX_AGENT_HIDE_ENV names it.
 */
void hygiene_environment(const char *agent, bool keeps_keys, bool inherits, const char *const *more,
			 size_t more_count, struct hygiene *ret);
/* Take away what the agent itself is not to see: our own variables, and what is named there. */
void hygiene_hide_own(struct hygiene *env);
/* Of this process's environment what the agent sees, ends with NULL: the array is the caller's, its
 * entries are borrowed. */
char **hygiene_of_agent(void);

#endif
