#include "adapter/argv.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

extern char **environ;

static void take(struct argv *argv, char *word)
{
	argv->words = xreallocarray(argv->words, argv->count + 2, sizeof(*argv->words));
	argv->words[argv->count++] = word;
	argv->words[argv->count] = NULL;
}

void argv_add(struct argv *argv, const char *word)
{
	take(argv, xstrdup(word));
}

void argv_add_value(struct argv *argv, const char *name, const char *value)
{
	take(argv, xasprintf("%s=%s", name, value));
}

void argv_add_environment(struct argv *argv, const char *const *defaults)
{
	for (char **entry = environ; *entry; entry++)
		argv_add(argv, *entry);
	for (; *defaults; defaults++) {
		cleanup_free char *name = xmemdup0(*defaults, strcspn(*defaults, "="));
		if (!getenv(name))
			argv_add(argv, *defaults);
	}
}

void argv_free(struct argv *argv)
{
	for (size_t i = 0; i < argv->count; i++)
		free(argv->words[i]);
	free(argv->words);
	*argv = (struct argv){NULL, 0};
}

int argv_text_fd(const char *text)
{
	cleanup_close int fd = memfd_create("agent", MFD_CLOEXEC);
	if (fd < 0 || io_write_all(fd, span_of(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return TAKE_FD(fd);
}

char *argv_find_agent(const char *named, const char *variable, const char *name, const char *title,
		      const char *agent, struct sa_error *err)
{
	if (!named)
		named = getenv(variable);
	bool is_named = named && *named;
	char *path = is_named ? dirs_find_sibling(named) : dirs_find_on_path(name);
	if (!path)
		error_set(err, PROBLEM_AGENT_NOT_INSTALLED,
			  "%s is not installed: no program '%s'; run 'sa-install-agent %s'", title,
			  is_named ? named : name, agent);
	return path;
}
