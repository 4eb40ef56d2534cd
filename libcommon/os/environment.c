#include "os/environment.h"

#include "base/xalloc.h"

#include <stdint.h>
#include <string.h>

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
