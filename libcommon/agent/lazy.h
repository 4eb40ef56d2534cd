/*
 * Installing an agent on the way to its first session, as the reference does.
 * SANDBOX_AGENT_REQUIRE_PREINSTALL=1 forbids it. However many ask at the same
 * time, it is installed once: sa-install-agent holds a lock per agent.
 */
#ifndef SA_AGENT_LAZY_H
#define SA_AGENT_LAZY_H

#include "agent/registry.h"

#include <stdbool.h>

/* May agents be installed on demand? */
bool lazy_is_allowed(void);

/* As agent_program_find(), but an agent that is missing is installed first; that may take
 * minutes. 0; -1 with PROBLEM_INSTALL_FAILED too. */
int agent_program_need(const char *name, const char *const *command, struct agent_program *ret,
		       struct sa_error *err);

#endif
