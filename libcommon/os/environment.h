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

/*
 * A program of ours that runs somebody else's (a supervisor) is started with
 * that one's environment, in which HOME and XDG_*_HOME may be others. Its
 * own records lie where ours do: variables that only we read
 * (SANDBOX_AGENT_OWN_HOME, ...) tell it, where they differ.
 */
enum { ENVIRONMENT_PLACES = 5 };
struct environment_places {
	char *entries[ENVIRONMENT_PLACES]; /* owned */
	size_t count;
};
/* What has to be added to env. */
void environment_keep_places(char *const *env, struct environment_places *ret);
void environment_places_free(struct environment_places *places);
/* HOME, XDG_STATE_HOME, ... as they count for us; NULL: not there. Borrowed. */
const char *environment_place(const char *name);
/* Take those variables away, for somebody else's program. */
void environment_drop_places(void);

#endif
