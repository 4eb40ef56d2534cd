/* Waiting for what happens to a session, told by its supervisor. */
#ifndef SA_SESSION_AWAIT_H
#define SA_SESSION_AWAIT_H

#include "connection.h"

typedef bool await_fn(enum session_state state);

/*
 * Wait until is_enough says yes to the linked session's state. c->session is
 * the record of that moment. A session that ends instead is told as
 * PROBLEM_CONFLICT (closed) or PROBLEM_AGENT_PROCESS_EXITED (interrupted). 0,
 * or -1, PROBLEM_TIMEOUT after deadline.
 */
int await_state(struct connection *c, await_fn *is_enough, int64_t deadline, struct sa_error *err);

/* Wait for the answer to the turn that runs now. 0 too when none runs; or -1. */
int await_turn_end(struct connection *c, int64_t deadline, struct sa_error *err);

#endif
