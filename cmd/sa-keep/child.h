/* The child's pipes or terminal. */
#ifndef SA_KEEP_CHILD_H
#define SA_KEEP_CHILD_H

#include "keeper.h"

/* The child's ends, for the guard's plan; close them once the guard is forked. */
struct child_ends {
	int in, out, err; /* of a terminal all three are the same */
};

/* Make the pipes, or the terminal, and watch our ends. 0, or -1. */
int child_open(struct keeper *k, struct child_ends *ret, struct sa_error *err);
void child_close_ends(struct child_ends *ends);
/* What one turn takes of the output, into the log's batch. */
void child_pump(struct keeper *k);
/* The tree is dead: all that is left in the pipes. */
void child_drain(struct keeper *k);
/* Can it take input? PROBLEM_CONFLICT if not. 0, or -1. */
int child_check_input(const struct keeper *k, struct sa_error *err);
/* How many bytes of input there is room for. */
size_t child_input_room(const struct keeper *k);
void child_input(struct keeper *k, struct span data);
/* End of input, behind what is queued. */
int child_end_input(struct keeper *k, struct sa_error *err);
/* PROBLEM_CONFLICT without a terminal. 0, or -1. */
int child_resize(struct keeper *k, int cols, int rows, struct sa_error *err);
void child_free(struct keeper *k);

#endif
