/* What --env gives to an agent: NAME=VALUE, or NAME as it is here, so that no value is an argument. */
#ifndef SA_SESSION_GIVEN_ENV_H
#define SA_SESSION_GIVEN_ENV_H

#include "base/error.h"
#include "cli/options.h"

struct given_env {
	char **entries; /* NAME=VALUE; owned */
	size_t count;
};

/* list: NULL is none. 0, or -1; given_env_clear() in both cases. */
int given_env_read(const struct string_list *list, struct given_env *ret, struct sa_error *err);
void given_env_clear(struct given_env *env);
#define cleanup_given_env __attribute__((cleanup(given_env_clear)))

#endif
