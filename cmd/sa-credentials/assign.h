/*
 * From findings to variables: which key of a provider counts, and under
 * which names a program finds it. A token is never given an API key's name.
 */
#ifndef SA_CREDENTIALS_ASSIGN_H
#define SA_CREDENTIALS_ASSIGN_H

#include "finding.h"

#include <stdio.h>

struct assignment {
	char *name;		    /* owned */
	const struct finding *from; /* borrowed from the findings */
};

struct assignments {
	struct assignment *items;
	size_t count;
};

/* Whose keys; both NULL: everybody's. */
struct selection {
	const struct agent *agent;
	const char *provider;
};

bool selection_has(const struct selection *selection, const char *provider);

/* Has this finding a key that some variable can carry to that agent (NULL: any)? */
bool finding_has_variable(const struct finding *finding, const struct agent *agent);
/* The first usable key of provider; for_variable: that finding_has_variable() too. NULL if none. */
const struct finding *finding_first(const struct findings *list, const char *provider,
				    bool for_variable, const struct agent *agent);

/* The providers with a usable key: anthropic, openai, then the others by
 * name. Owned array of borrowed names, NULL-terminated. */
const char **findings_providers(const struct findings *list);

/* Which variables to set. Each name occurs once. */
void assignments_of(const struct findings *list, const struct selection *selection,
		    struct assignments *ret);
/* A provider that is asked for by name and has no key: told. */
void assignments_tell_none(const struct assignments *set, const char *provider, FILE *out);
void assignments_free(struct assignments *a);
#define cleanup_assignments __attribute__((cleanup(assignments_free)))

/* Tell, a line each on out, about keys that expired and keys without a variable. */
void assignments_report(const struct findings *list, const struct selection *selection,
			bool for_variables, FILE *out);

#endif
