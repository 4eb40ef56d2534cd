#include "os/environment.h"

#include "base/xalloc.h"

#include "base/cleanup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define OWN "SANDBOX_AGENT_OWN_"
#define SECRET "SANDBOX_AGENT_TOKEN="

extern char **environ;

char **environment_make(char *const *base, const char *const *entries, size_t count)
{
	size_t old = 0, n = 0;
	if (!base)
		base = environ;
	while (base[old])
		old++;
	char **env = xcalloc(old + count + 1, sizeof(*env));
	for (size_t i = 0; i < old; i++)
		if (strncmp(base[i], SECRET, sizeof(SECRET) - 1) != 0)
			env[n++] = base[i];
	for (size_t i = 0; i < count; i++) {
		/* Replace what is there: getenv() takes the first. */
		size_t name = strcspn(entries[i], "=") + 1;
		size_t at = 0;
		while (at < n && strncmp(env[at], entries[i], name) != 0)
			at++;
		env[at] = (char *)(uintptr_t)entries[i];
		n += at == n;
	}
	return env;
}

const char *environment_get(char *const *env, const char *name)
{
	size_t n = strlen(name);
	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

/* --- places ------------------------------------------------------------------- */

static const char *const places[ENVIRONMENT_PLACES] = {
    "HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"};

const char *environment_place(const char *name)
{
	cleanup_free char *own_name = xasprintf(OWN "%s", name);
	const char *own = getenv(own_name);
	if (own)
		return *own ? own : NULL;
	return getenv(name);
}

void environment_keep_places(char *const *env, struct environment_places *ret)
{
	*ret = (struct environment_places){.count = 0};
	for (size_t i = 0; i < ENVIRONMENT_PLACES; i++) {
		const char *ours = environment_place(places[i]);
		const char *theirs = environment_get(env, places[i]);
		if (strcmp(ours ? ours : "", theirs ? theirs : "") != 0)
			ret->entries[ret->count++] =
			    xasprintf(OWN "%s=%s", places[i], ours ? ours : "");
	}
}

void environment_places_free(struct environment_places *kept)
{
	while (kept->count)
		free(kept->entries[--kept->count]);
}

void environment_drop_places(void)
{
	for (size_t i = 0; i < ENVIRONMENT_PLACES; i++) {
		cleanup_free char *name = xasprintf(OWN "%s", places[i]);
		unsetenv(name);
	}
}
