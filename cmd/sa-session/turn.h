/* One prompt turn. */
#ifndef SA_SESSION_TURN_H
#define SA_SESSION_TURN_H

#include "connection.h"

/* What came of it; the caller clears. */
struct turn {
	int64_t ref;
	int64_t prompt_index; /* eventIndex of the prompt */
	char *stop_reason;    /* end_turn, cancelled, ... */
};
void turn_clear(struct turn *turn);

/* Send text as a prompt; wait until it is recorded and on its way, or queued. 0, or -1. */
int turn_start(struct connection *c, const char *text, bool is_detached, struct turn *ret,
	       struct sa_error *err);
/* Wait for the turn's end. 0, or -1. */
int turn_wait(struct connection *c, struct turn *turn, int64_t deadline, struct sa_error *err);
/* Print the agent's text of that turn on stdout. 0, or -1. */
int turn_print_answer(struct connection *c, const struct turn *turn, struct sa_error *err);

#endif
