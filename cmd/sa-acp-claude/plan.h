/*
 * Claude's to-do list as ACP plan updates: TodoWrite sends it whole, the
 * Task tools change one entry at a time.
 */
#ifndef CLAUDE_PLAN_H
#define CLAUDE_PLAN_H

#include "base/span.h"

#include <stddef.h>

struct session;

/* More tasks than that are not kept. */
enum { PLAN_TASKS_MAX = 256 };

struct plan_task {
	char *id;
	char *subject;
	char *status;
};

struct plan {
	struct plan_task tasks[PLAN_TASKS_MAX];
	size_t count;
};

void plan_free(struct plan *plan);
/* A call of a plan tool has its input. */
void plan_input(struct session *session, const char *tool, struct span input);
/* It has succeeded; structured is Claude's tool_use_result. */
void plan_result(struct session *session, const char *tool, struct span input,
		 struct span structured);

#endif
