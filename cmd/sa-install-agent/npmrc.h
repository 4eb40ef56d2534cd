/*
 * Where packages come from, as npm is configured: the environment
 * (NPM_CONFIG_...), the project's .npmrc, the user's, the machine's; if none
 * of them names a registry, npm itself is asked. No address is built in.
 */
#ifndef SA_INSTALL_AGENT_NPMRC_H
#define SA_INSTALL_AGENT_NPMRC_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { NPMRC_MAX_BYTES = 1 << 20 };

struct npmrc_entry {
	char *key;
	char *value;
};

struct npmrc {
	struct npmrc_entry *entries; /* the first of a key counts */
	size_t count;
};
void npmrc_clear(struct npmrc *rc);
#define cleanup_npmrc __attribute__((cleanup(npmrc_clear)))

/* Read what there is. has_project: a .npmrc in the working directory counts too; it is
 * somebody else's file when an agent is installed on the way to a session. */
void npmrc_read(struct npmrc *rc, bool has_project);
/* A setting ("cafile", "https-proxy"); NULL: not set. Borrowed. */
const char *npmrc_get(const struct npmrc *rc, const char *key);
/* The registry for this package, without a slash at its end (caller frees).
 * NULL with PROBLEM_INSTALL_FAILED: nobody names one. */
char *npmrc_registry(struct npmrc *rc, const char *package, struct sa_error *err);
/* What opens this address: *ret_token (a bearer token) or *ret_basic ("user:password" in
 * base64), borrowed; NULL: nothing is set for it. */
void npmrc_login(const struct npmrc *rc, const char *url, const char **ret_token,
		 const char **ret_basic);

#endif
