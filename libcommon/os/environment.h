/* Environments for programs that we start. */
#ifndef SA_OS_ENVIRONMENT_H
#define SA_OS_ENVIRONMENT_H

#include <stddef.h>

/*
 * base (NULL: ours) without the server's own secret (SANDBOX_AGENT_TOKEN),
 * and with count entries "NAME=VALUE" in place of what has their names. The
 * array is the caller's to free; its strings are borrowed from both.
 */
char **environment_make(char *const *base, const char *const *entries, size_t count);

/* The value of name in an environment; NULL: not there. */
const char *environment_get(char *const *env, const char *name);

#endif
