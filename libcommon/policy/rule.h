/* One rule of a policy: read, match. Used by policy.c. */
#ifndef SA_POLICY_RULE_H
#define SA_POLICY_RULE_H

#include "policy/policy.h"
#include "policy/program.h"

/* Words or globs of which one has to match; count 0: the rule does not care. */
struct patterns {
	char **items;
	size_t count;
};

struct rule {
	enum decision decision;
	struct patterns kinds, tools, commands, paths, mcps, agents;
	bool is_for_questions; /* "request":"question" */
	bool is_shell_allowed; /* "shell":true */
	struct program *program;
	char *reason;
};

/* 0; -1 with err; rule_clear() in both cases. */
int rule_read(struct span json, struct rule *rule, struct sa_error *err);
void rule_clear(struct rule *rule);
/* "allow", "deny" or "ask". 0, or -1. */
int rule_read_decision(struct span json, enum decision *ret, struct sa_error *err);
bool rule_matches(const struct rule *rule, const struct facts *facts);

#endif
