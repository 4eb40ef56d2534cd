/* The life cycle of the process: start, end, and what it leaves behind. */
#ifndef SA_KEEP_LIFE_H
#define SA_KEEP_LIFE_H

#include "keeper.h"

/* Fork the guard, open the child's pipes or terminal, watch signals. 0, or -1. */
int life_prepare(struct keeper *k, struct sa_error *err);
/* Let the guard start the child. 0, or -1. */
int life_start(struct keeper *k, struct sa_error *err);
/* Ask the tree to end; it may go on. */
void life_terminate(struct keeper *k);
/* End the tree. */
void life_kill(struct keeper *k);
/* Deadlines. */
void life_tick(struct keeper *k);

#endif
