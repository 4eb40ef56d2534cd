/*
 * Who issues keys, which environment variable carries which kind of key,
 * and which agent may see whose: the tables that keep a key from ending up
 * where it does not belong.
 */
#ifndef SA_CREDENTIALS_PROVIDER_H
#define SA_CREDENTIALS_PROVIDER_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

enum key_kind {
	KEY_API,    /* a provider's API key */
	KEY_OAUTH,  /* a token from a browser login: never goes into an API key variable */
	KEY_BEARER, /* a bearer token for a gateway: ANTHROPIC_AUTH_TOKEN */
	KEY_KIND_COUNT,
};

/* "api_key", "oauth", "bearer". */
const char *key_kind_name(enum key_kind kind);
/* 0, or -1 when name is none of them. */
int key_kind_of_name(struct span name, enum key_kind *ret_kind);

/* A variable that holds a key. The rows of one provider stand in the order of precedence. */
struct variable {
	const char *name;
	const char *provider;
	enum key_kind kind;
};

/* Ends with {.name = NULL}. */
extern const struct variable variables[];
/* NULL when no row has that name. */
const struct variable *variable_find(struct span name);
/*
 * "<PROVIDER>_API_KEY": upper case, '-', '.' and '/' become '_'. 0, or -1
 * when that is not a variable's name (nothing was added then).
 */
int variable_add_generic(struct buf *b, struct span provider);

enum { AGENT_PROVIDERS_MAX = 3 };

struct agent {
	const char *name;
	/* Whose keys it may see, best first; unused ones NULL. */
	const char *providers[AGENT_PROVIDERS_MAX];
	bool is_any_provider;	/* every model provider, after those named */
	bool is_oauth_variable; /* reads OAuth and bearer tokens from the environment */
	bool needs_none;	/* works without credentials */
};

/* Ends with {.name = NULL}. */
extern const struct agent agents[];
/* NULL when there is no such agent. */
const struct agent *agent_find(const char *name);
/* May this agent see keys of that provider? */
bool agent_takes(const struct agent *agent, const char *provider);
/* Is it an agent maker's own service (Amp, Cursor) and no model provider? */
bool provider_is_product(const char *provider);

#endif
