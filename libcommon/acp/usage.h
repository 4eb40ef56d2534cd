/*
 * What a session has used, learnt from its messages: the usage in answers to
 * session/prompt (of the turn) and session/update usage_update (context now,
 * cost so far).
 */
#ifndef SA_ACP_USAGE_H
#define SA_ACP_USAGE_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

struct usage {
	int64_t turns;
	int64_t input_tokens, output_tokens, cached_tokens;
	int64_t total_tokens;
	int64_t context_used, context_size; /* as told last; 0: not told */
	double cost;			    /* as told, over all lives of the agent */
	double told_cost;		    /* what the agent told last: it counts from its start */
	char currency[8];		    /* "": no cost was told */
};

/* The result of a session/prompt. */
void usage_learn_turn(struct usage *usage, struct span result);
/* params.update of a session/update; others than usage_update are ignored. */
void usage_learn_update(struct usage *usage, struct span update);
/* Any envelope; answers: the method that a response answers, NONE for others. */
void usage_learn(struct usage *usage, struct span answers, struct span payload);
/* Add what other has used; the context is other's. */
void usage_add(struct usage *usage, const struct usage *other);
/* Append members turns, inputTokens, ... costs are left out when none was told. */
void usage_add_json(struct buf *b, const struct usage *usage);

#endif
