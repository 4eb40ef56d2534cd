/* The agent's side of ACP v1: what each incoming message does. */
#ifndef MOCK_METHODS_H
#define MOCK_METHODS_H

#include "agent.h"
#include "rpc.h"

/*
 * Handle one line of input. ACP methods are carried out. What ACP does not
 * know is echoed: first a notification mock/echo with the message as it came;
 * a request is then answered with {"echoed":MESSAGE}; a response that nothing
 * asked for is followed by a notification mock/client_response. A line that
 * is no JSON is ignored.
 */
void methods_handle(struct agent *agent, struct span line);

/* "load,resume" as enum ability. 0; -1 with PROBLEM_INVALID_REQUEST. */
int methods_parse_abilities(const char *list, unsigned *ret, struct sa_error *err);

#endif
