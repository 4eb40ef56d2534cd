/*
 * A message on its way to an agent, which may have to be started first:
 *
 *   draft        -> sessions.create, then the model -> sent
 *   agent gone   -> sa-session resume -> sent
 *   running      -> sent (it waits for the turn before it)
 *   sent         -> the turn's end, or a question of the agent: the answer
 */
#ifndef SA_OPENCODE_PROMPT_H
#define SA_OPENCODE_PROMPT_H

#include "hub.h"

/* A plan out of the request's body, for op message.send. NULL with err. */
struct prompt_plan *prompt_plan_new(struct job *job, struct sa_error *err);
void prompt_plan_free(struct prompt_plan *plan); /* NULL allowed */
/* Take the plan and carry it out; answers the job. */
void prompt_begin(struct job *job, struct prompt_plan *plan);
/* The store has changed: has an agent asked something that a client has to answer? */
void prompts_look(struct hub *hub);

/* blocks.c */
/*
 * OpenCode's input parts as ACP content blocks, and what the record keeps of
 * them ("parts" of _meta). is_mock: the text for the mock agent's repeating,
 * see mock_script(). 0, or -1 with PROBLEM_INVALID_REQUEST.
 */
int blocks_of_parts(struct span parts, bool is_mock, struct buf *blocks, struct buf *kept,
		    struct sa_error *err);
/* The script that makes the mock agent do what the reference's mock provider does. */
void mock_script(struct buf *b, struct span text);

#endif
