/*
 * The agents that every installation knows: the files of agents.d/, each one
 * agent in the form of sa-agents(5), compiled in as the bytes they are. As
 * data in the program they need no folder beside it: a command that was
 * copied alone into an image still knows them, and they cannot be of another
 * version than the code that reads them. A user's own files have the same form.
 */
#ifndef SA_AGENT_BUILTIN_H
#define SA_AGENT_BUILTIN_H

#include "base/span.h"

struct builtin_agent {
	const char *name;
	struct span json; /* static */
};

/* In the order in which agents are listed; ends with name NULL. */
const struct builtin_agent *builtin_agents(void);

#endif
