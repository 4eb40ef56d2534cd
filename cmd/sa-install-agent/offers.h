/*
 * Version, path and config options of an agent. Asked of the agent itself,
 * kept by the files that it consists of, so that each version is asked once;
 * the record's own list stands in for an agent that is not there or does not
 * tell.
 */
#ifndef SA_INSTALL_AGENT_OFFERS_H
#define SA_INSTALL_AGENT_OFFERS_H

#include "agent/registry.h"
#include "base/buf.h"

#include <stdbool.h>

/* Append the members version, path, configOptions and, if the agent was asked in vain,
 * configError. program is NULL when it is not installed. */
void offers_add(struct buf *b, const struct agent_record *record,
		const struct agent_program *program, bool is_fresh);

#endif
