/*
 * Policies: rules that answer an agent's permission requests before a person
 * has to (sa-policy(5)).
 *
 *   {"rules":[{"decision":"allow","kind":["read","search"]},
 *             {"decision":"deny","command":"rm *","reason":"no deleting"},
 *             {"decision":"allow","kind":"edit","path":"inside"},
 *             {"decision":"ask","if":".params.toolCall.title|test(\"prod\")"}],
 *    "default":"ask",
 *    "ask":{"timeout":"10m","default":"reject","unattended":"reject"}}
 *
 * The first rule whose members all match decides. A rule that allows needs
 * certainty (every path, the real command, no shell syntax unless it says
 * "shell":true); one that denies or asks is content with a suspicion.
 */
#ifndef SA_POLICY_POLICY_H
#define SA_POLICY_POLICY_H

#include "base/error.h"
#include "policy/facts.h"

#include <stdint.h>

enum { POLICY_RULES_MAX = 1024, POLICY_FILE_BYTES = 1 << 20 };

/* In the order of strictness. */
enum decision { DECISION_ALLOW, DECISION_ASK, DECISION_DENY };
const char *decision_name(enum decision decision);

/* What happens to a request that nobody answers. */
struct ask_settings {
	int64_t timeout_ms;	       /* -1: not said, 0: never */
	enum decision when_late;       /* DECISION_ASK: not said */
	enum decision when_unattended; /* nobody is attached; DECISION_ASK: not said */
};

struct policy;

struct verdict {
	enum decision decision;
	char rule[96];	    /* "rule 2 of FILE", "default of FILE"; for the record */
	const char *reason; /* of the rule; borrowed from the policy; NULL allowed */
	bool is_silent;	    /* no rule fits, and the policy names no default: it has no opinion */
};

/*
 * A policy by name ("yolo", "read-only", "accept-edits", "ask") or else from
 * the file of that path. NULL with PROBLEM_INVALID_REQUEST that names the
 * rule and member, or PROBLEM_NOT_FOUND. A member that is not known is an
 * error: a typing mistake must not open a door.
 */
struct policy *policy_open(const char *name_or_path, struct sa_error *err);
/* The same from text; name is what verdicts and errors call it. */
struct policy *policy_parse(const char *name, struct span text, struct sa_error *err);
void policy_free(struct policy *policy); /* NULL allowed */

/* Is it one of the names that policy_open() knows? */
bool policy_is_named(const char *name);

const char *policy_name(const struct policy *policy);
const struct ask_settings *policy_ask_settings(const struct policy *policy);

/* What this policy says. Questions are never allowed by a rule: only a person has the answer. */
void policy_decide(struct policy *policy, const struct facts *facts, struct verdict *ret);
/* The strictest of count policies, the silent ones left out; without any: ask. */
void policy_decide_all(struct policy *const *policies, size_t count, const struct facts *facts,
		       struct verdict *ret);

/*
 * The option of a session/request_permission that carries out a decision
 * (allow_once before allow_always, reject_once before reject_always), as the
 * raw JSON string of its optionId. SPAN_NONE: the agent offers none.
 */
struct span policy_option(struct span request, enum decision decision);

#endif
