/* The directive that really runs a command, and the bookkeeping of children. */
#ifndef MOCK_EXEC_H
#define MOCK_EXEC_H

#include "turn.h"

/* How much of a command's output is kept and shown, bytes. */
enum { EXEC_OUTPUT_MAX = 64 * 1024 };

enum step exec_run(struct turn *turn);
/* After SIGCHLD: reap every child and tell the turns that wait for one. */
void exec_reap(struct agent *agent);
/* In a new child: default signals, nothing blocked, descriptors from 3 on closed. */
void exec_child_reset(void);

#endif
