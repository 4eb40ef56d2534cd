/*
 * The bearer token of a server, wherever the user put it: --token (wiped
 * from the argument vector at once, so that ps(1) does not show it),
 * --token-file, SANDBOX_AGENT_TOKEN.
 */
#ifndef SA_HTTP_TOKEN_H
#define SA_HTTP_TOKEN_H

#include "base/error.h"

#define TOKEN_VARIABLE "SANDBOX_AGENT_TOKEN"

/* Longest token, bytes: it has to fit into a request's head. */
enum { TOKEN_BYTES_MAX = 4096 };

/*
 * The first of the three that is there; flag and file may be NULL, an empty
 * variable is none. flag points into argv and is overwritten. A line end at
 * the end of the file is not part of the token. 0 with an owned string, or
 * NULL when there is none; -1: PROBLEM_INVALID_REQUEST for one that is empty,
 * too long or holds bytes that no header may hold, or what reading the file gave.
 */
int token_find(const char *flag, const char *file, char **ret_token, struct sa_error *err);
/* Overwrite and free. NULL allowed. */
void token_free(char *token);
static inline void token_free_fn(char **token)
{
	token_free(*token);
}
#define cleanup_token __attribute__((cleanup(token_free_fn)))

#endif
