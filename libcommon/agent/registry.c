#include "agent/registry.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How an agent is started over ACP when no launcher is installed. */
struct agent_row {
	const char *name;
	const char *adapter;	 /* program beside us or on PATH */
	const char *argument;	 /* NULL: none */
};

static const struct agent_row rows[] = {
    {"claude", "claude-agent-acp", NULL}, {"codex", "codex-acp", NULL},
    {"opencode", "opencode", "acp"},	  {"amp", "amp-acp", NULL},
    {"pi", "pi-acp", NULL},		  {"cursor", "cursor-agent-acp", NULL},
    {"mock", "sa-mock-agent", NULL},
};

static const char *const names[] = {"claude", "codex",	"opencode", "amp",
				    "pi",     "cursor", "mock",	    NULL};

const char *const *agent_names(void)
{
	return names;
}

void agent_program_clear(struct agent_program *program)
{
	free(program->name);
	for (char **word = program->argv; word && *word; word++)
		free(*word);
	free(program->argv);
	*program = (struct agent_program){NULL, NULL};
}

static void set_argv(struct agent_program *ret, char *path, const char *argument)
{
	ret->argv = xcalloc(3, sizeof(*ret->argv));
	ret->argv[0] = path;
	ret->argv[1] = xstrdup(argument);
}

/* <data>/bin/agent_processes/<name>-acp, the reference's place for launchers. NULL: not there. */
static char *find_launcher(const char *name)
{
	cleanup_free char *data = dirs_data();
	if (!data)
		return NULL;
	cleanup_free char *path = xasprintf("%s/bin/agent_processes/%s-acp", data, name);
	return access(path, F_OK) == 0 ? TAKE_PTR(path) : NULL;
}

static int unknown(const char *name, struct sa_error *err)
{
	cleanup_buf struct buf list = BUF_INIT(BUF_MAX_OWN);
	for (const char *const *known = names; *known; known++)
		buf_addf(&list, "%s%s", list.len ? ", " : "", *known);
	return error_set(err, PROBLEM_UNSUPPORTED_AGENT,
			 "no agent '%s'; known are %s; --agent-command runs any ACP agent", name,
			 list.data);
}

/* The last part of a path: what an unnamed agent is called. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static int from_command(const char *name, const char *const *command, struct agent_program *ret)
{
	size_t count = 0;
	while (command[count])
		count++;
	ret->argv = xcalloc(count + 1, sizeof(*ret->argv));
	for (size_t i = 0; i < count; i++)
		ret->argv[i] = xstrdup(command[i]);
	ret->name = xstrdup(name ? name : base_name(command[0]));
	return 0;
}

int agent_program_find(const char *name, const char *const *command, struct agent_program *ret,
		       struct sa_error *err)
{
	*ret = (struct agent_program){NULL, NULL};
	if (command)
		return from_command(name, command, ret);
	const struct agent_row *row = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			row = &rows[i];
	if (!row)
		return unknown(name, err);
	char *launcher = find_launcher(name);
	char *path = launcher ? launcher : dirs_find_sibling(row->adapter);
	if (!path)
		return error_set(err, PROBLEM_AGENT_NOT_INSTALLED,
				 "agent '%s' is not installed: '%s' is not on PATH; run "
				 "'sa-install-agent %s'",
				 name, row->adapter, name);
	ret->name = xstrdup(name);
	set_argv(ret, path, launcher ? NULL : row->argument);
	return 0;
}
