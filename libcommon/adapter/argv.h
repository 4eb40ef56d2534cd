/* Arguments and environment of a native agent, word by word. */
#ifndef SA_ADAPTER_ARGV_H
#define SA_ADAPTER_ARGV_H

#include "base/error.h"

#include <stddef.h>

/* A list of words that ends with NULL once there is one; owned. */
struct argv {
	char **words;
	size_t count;
};

void argv_add(struct argv *argv, const char *word);
/* "name=value" as one word: a value can never be taken for an option. */
void argv_add_value(struct argv *argv, const char *name, const char *value);
/*
 * This process's environment, and of the entries "NAME=VALUE" (the last is
 * NULL) those whose NAME it has not.
 */
void argv_add_environment(struct argv *argv, const char *const *defaults);
void argv_free(struct argv *argv);
static inline void argv_free_fn(struct argv *argv)
{
	argv_free(argv);
}
#define cleanup_argv __attribute__((cleanup(argv_free_fn)))

/*
 * A text that may hold keys and so belongs in no argument: a descriptor that
 * reads it from its beginning (memfd_create). -1 with errno.
 */
int argv_text_fd(const char *text);

/*
 * The native agent's program: named (a path or a name) when given, else the
 * environment variable's value, else name on PATH; caller frees. NULL with
 * PROBLEM_AGENT_NOT_INSTALLED in words: title "Claude Code", agent "claude"
 * for sa-install-agent.
 */
char *argv_find_agent(const char *named, const char *variable, const char *name, const char *title,
		      const char *agent, struct sa_error *err);

#endif
