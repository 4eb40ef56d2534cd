/*
 * Which program speaks ACP for an agent name, and how it is found: a
 * launcher in the data directory, else on PATH (contract of the reference,
 * section 9). sa-install-agent puts them there.
 */
#ifndef SA_AGENT_REGISTRY_H
#define SA_AGENT_REGISTRY_H

#include "base/error.h"

struct agent_program {
	char *name;
	char **argv; /* NULL-terminated; argv[0] is a path, or a name found on PATH */
};
void agent_program_clear(struct agent_program *program);

/*
 * The program for name; or for command (words, see cli/words.h), then name
 * may be NULL and the agent is called after the program. 0; -1 with
 * PROBLEM_UNSUPPORTED_AGENT for a name nobody knows,
 * PROBLEM_AGENT_NOT_INSTALLED with words on how to get it.
 */
int agent_program_find(const char *name, const char *const *command, struct agent_program *ret,
		       struct sa_error *err);
/* The names in the order that users know; ends with NULL. */
const char *const *agent_names(void);

#endif
