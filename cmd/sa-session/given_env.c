#include "given_env.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* The caller frees; NULL with err. */
static char *entry_of(const char *text, struct sa_error *err)
{
	const char *equals = strchr(text, '=');
	const char *value = equals ? NULL : getenv(text);
	if (equals && equals != text)
		return xstrdup(text);
	if (value)
		return xasprintf("%s=%s", text, value);
	if (equals || !*text)
		error_set(err, PROBLEM_INVALID_REQUEST, "--env wants NAME=VALUE, or NAME");
	else
		error_set(err, PROBLEM_INVALID_REQUEST, "--env: there is no variable '%.80s' here",
			  text);
	return NULL;
}

int given_env_read(const struct string_list *list, struct given_env *ret, struct sa_error *err)
{
	*ret = (struct given_env){NULL, 0};
	for (size_t i = 0; list && i < list->count; i++) {
		char *entry = entry_of(list->items[i], err);
		if (!entry)
			return -1;
		ret->entries = xreallocarray(ret->entries, ret->count + 1, sizeof(*ret->entries));
		ret->entries[ret->count++] = entry;
	}
	return 0;
}

void given_env_clear(struct given_env *env)
{
	for (size_t i = 0; i < env->count; i++)
		free(env->entries[i]);
	free(env->entries);
	*env = (struct given_env){NULL, 0};
}
