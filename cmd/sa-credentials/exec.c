/* exec: a program that finds its keys in its environment, and nobody else's. */
#include "verbs.h"

#include "assign.h"
#include "secret.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static bool is_assigned(const struct assignments *set, struct span name)
{
	for (size_t i = 0; i < set->count; i++)
		if (span_is(name, set->items[i].name))
			return true;
	return false;
}

/* Is it "<PROVIDER>_API_KEY" of a provider that was found? */
static bool is_generic(const struct findings *list, struct span name)
{
	cleanup_buf struct buf generic = BUF_INIT(FINDING_PROVIDER_MAX_BYTES * 2);
	for (size_t i = 0; i < list->count; i++) {
		buf_clear(&generic);
		if (list->items[i].secret &&
		    variable_add_generic(&generic, span_of(list->items[i].provider)) == 0 &&
		    span_equal(name, buf_span(&generic)))
			return true;
	}
	return false;
}

static bool is_kept(const struct string_list *keep, struct span name)
{
	for (size_t i = 0; i < keep->count; i++)
		if (span_is(name, keep->items[i]))
			return true;
	return false;
}

/* Must this variable go? Those that are set anew always; with a selection
 * also every other key, and what opens our own server and vault. */
static bool is_stripped(struct span name, const struct findings *list,
			const struct assignments *set, bool is_selective)
{
	if (is_assigned(set, name))
		return true;
	return is_selective &&
	       (variable_find(name) || span_is(name, "SANDBOX_AGENT_TOKEN") ||
		span_is(name, "SANDBOX_AGENT_VAULT_KEY_FILE") || is_generic(list, name));
}

/* The environment of the program. From *ret_owned on its entries are owned. */
static char **make_environment(const struct findings *list, const struct assignments *set,
			       const struct string_list *keep, bool is_selective, size_t *ret_owned)
{
	size_t count = 0, used = 0;
	while (environ[count])
		count++;
	char **env = xcalloc(count + set->count + 1, sizeof(*env));
	for (size_t i = 0; i < count; i++) {
		struct span name = {environ[i], strcspn(environ[i], "=")};
		if (is_kept(keep, name) || !is_stripped(name, list, set, is_selective))
			env[used++] = environ[i];
	}
	*ret_owned = used;
	for (size_t i = 0; i < set->count; i++)
		if (!is_kept(keep, span_of(set->items[i].name)))
			env[used++] =
			    xasprintf("%s=%s", set->items[i].name, set->items[i].from->secret);
	env[used] = NULL;
	return env;
}

static void free_environment(char **env, size_t owned)
{
	for (size_t i = owned; env[i]; i++)
		secret_free(env[i]);
	free(env);
}

static int search(const struct exec_options *o, struct findings *list, struct sa_error *err)
{
	if (o->credentials && strcmp(o->credentials, "none") == 0)
		return 0;
	if (!o->credentials || strcmp(o->credentials, "auto") == 0)
		return search_all(&o->search, list, err);
	return search_file(&o->search, o->credentials, list, err);
}

/*
 * Whose keys. An agent that is not in the table is somebody's own ACP agent:
 * its --provider says what it may see, and without one it sees no key.
 */
static void select_keys(const struct exec_options *o, struct selection *ret, bool *ret_is_nobody)
{
	*ret = (struct selection){o->agent ? agent_find(o->agent) : NULL, o->provider};
	*ret_is_nobody = o->agent && !ret->agent && !o->provider;
	if (*ret_is_nobody && !o->is_quiet)
		fprintf(stderr,
			"sa-credentials: agent '%s' is not known: it is given no keys; "
			"name its --provider\n",
			o->agent);
}

int verb_exec(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct exec_options *o = options;
	struct selection selection;
	bool is_nobody;
	if (argc == 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "which program?");
	select_keys(o, &selection, &is_nobody);
	struct findings list __attribute__((cleanup(findings_free))) = {0};
	if (search(o, &list, err) < 0)
		return -1;
	if (!o->is_quiet && !is_nobody)
		assignments_report(&list, &selection, true, stderr);
	cleanup_assignments struct assignments set = {NULL, 0};
	if (!is_nobody)
		assignments_of(&list, &selection, &set);
	if (!o->is_quiet)
		assignments_tell_none(&set, o->provider, stderr);
	cleanup_free char *found = strchr(argv[0], '/') ? NULL : dirs_find_on_path(argv[0]);
	if (!found && !strchr(argv[0], '/'))
		return error_set(err, PROBLEM_NOT_FOUND, "program '%s' is not on PATH", argv[0]);
	bool is_selective =
	    o->agent || o->provider || (o->credentials && strcmp(o->credentials, "auto") != 0);
	size_t owned;
	char **env = make_environment(&list, &set, &o->keep, is_selective, &owned);
	secret_restore_core();
	execve(found ? found : argv[0], argv, env);
	int saved = errno;
	free_environment(env, owned);
	return error_set_errno(err, saved == ENOENT ? PROBLEM_NOT_FOUND : PROBLEM_FAILED, saved,
			       "start '%s'", argv[0]);
}
