/* The life cycle of the connection: start, stop, death, and what each leaves to do. */
#ifndef SA_SUPERVISE_LIFE_H
#define SA_SUPERVISE_LIFE_H

#include "supervisor.h"

const char *life_name(enum life_state state);
/* Fork the guard and make the agent's pipes. Before anything large is in memory. 0, or -1. */
int life_prepare(struct supervisor *sv, struct sa_error *err);
/* Tell the guard to start the agent. */
int life_start(struct supervisor *sv, struct sa_error *err);
/* End the agent and its tree. is_closing: its sessions are closed, not interrupted. */
void life_stop(struct supervisor *sv, bool is_closing, const char *reason, int64_t grace_ms);
/* Deadlines of the life cycle and the limits on silence, prompts and abandonment. */
void life_tick(struct supervisor *sv);
/* The next moment life_tick() has something to do (monotonic ms). */
int64_t life_next_deadline(const struct supervisor *sv);

#endif
