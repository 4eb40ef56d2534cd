/* sa-install-agent: agents, installed, listed, verified, removed. */
#include "options.h"

#include "base/cleanup.h"

#include <string.h>

#define AT(field) offsetof(struct options, field)
#define FLAG(name, letter, field, help)                                      \
	{                                                                    \
		(name), (letter), OPTION_FLAG, AT(field), NULL, (help), NULL \
	}

static const struct option table[] = {
    OPTIONS_COMMON,
    FLAG("all", 0, is_all, "every agent that is built in"),
    FLAG("list", 0, is_list, "which agents there are"),
    FLAG("config", 0, has_config, "with --list: versions, models, modes, options"),
    FLAG("no-cache", 0, is_fresh, "with --config: ask the agents anew"),
    FLAG("verify", 0, is_verify, "start them and check that they answer initialize"),
    FLAG("outdated", 0, is_outdated, "which installed ones have a newer version"),
    FLAG("remove", 0, is_remove, "remove what was installed here"),
    FLAG("rollback", 0, is_rollback, "go back to the version before"),
    FLAG("reinstall", 'r', install.is_reinstall, "even if it is there"),
    {"agent-version", 0, OPTION_STRING, AT(install.agent_version), "VERSION",
     "of the agent, or latest (the one known to work)", "latest"},
    {"agent-process-version", 0, OPTION_STRING, AT(install.adapter_version), "VERSION",
     "of its official ACP adapter; implies --official", "latest"},
    FLAG("official", 0, install.is_official, "the maker's ACP adapter instead of ours"),
    {"from", 0, OPTION_STRING, AT(install.from), "FILE|DIR", "from here instead of the registry",
     COMPLETE_FILES},
    {"lock", 0, OPTION_STRING, AT(install.lockfile), "FILE",
     "take versions and digests from it, and note new ones", COMPLETE_FILES},
    FLAG("offline", 0, install.is_offline, "fetch nothing"),
    FLAG("refresh", 0, is_refresh, "read the ACP registry anew"),
    FLAG("lazy", 0, install.is_lazy, "heed no .npmrc of this folder"),
    FLAG("quiet", 'q', install.is_quiet, "no progress on stderr"),
    {"token", 't', OPTION_STRING, AT(ignored_token), "TOKEN", "ignored, for scripts that pass it",
     NULL},
    FLAG("no-token", 'n', is_ignored_no_token, "ignored, for scripts that pass it"),
    OPTIONS_END,
};

static int usage(struct sa_error *err, const char *text)
{
	return error_set(err, PROBLEM_INVALID_REQUEST, "%s", text);
}

/* Which job; NULL with err: more than one. */
static int choose(const struct options *o, int count, char **names, struct sa_error *err)
{
	int jobs = o->is_list + o->is_verify + o->is_outdated + o->is_remove + o->is_rollback;
	if (jobs > 1)
		return usage(err, "--list, --verify, --outdated, --remove and --rollback exclude "
				  "each other");
	if ((o->is_remove || o->is_rollback) &&
	    (o->install.agent_version || o->install.adapter_version || o->install.from))
		return usage(err,
			     "--remove and --rollback take no version: they are about all that "
			     "is there, and the one before");
	if (o->is_list)
		return job_list(o, count, names, err);
	if (o->is_verify)
		return job_verify(o, count, names, err);
	if (o->is_outdated)
		return job_outdated(o, count, names, err);
	if (o->is_remove || o->is_rollback)
		return job_remove(o, count, names, err);
	if (count > 1 &&
	    (o->install.agent_version || o->install.adapter_version || o->install.from))
		return usage(err, "a version or --from goes with one agent");
	return job_install(o, count, names, err);
}

static int run(const void *options, int argc, char **argv, struct sa_error *err)
{
	struct options with_names = *(const struct options *)options;
	const struct options *o = &with_names;
	if (argc == 1 && strcmp(argv[0], "filter") == 0)
		return job_filter(o, err);
	if (argc > 0 && strcmp(argv[0], "install") == 0) {
		argv++;
		argc--;
	}
	with_names.has_names = argc > 0;
	if (o->is_all && argc > 0)
		return usage(err, "--all goes without a name");
	if (o->is_all &&
	    (o->install.agent_version || o->install.adapter_version || o->install.from)) {
		struct sa_error failed = SA_ERROR_INIT;
		error_set(&failed, PROBLEM_INVALID_REQUEST,
			  "--all goes without a version or --from");
		return report_failure(o, NULL, &failed);
	}
	bool is_everything = o->is_all || o->is_list || o->is_verify || o->is_outdated;
	if (argc == 0 && o->is_refresh)
		return job_refresh(o, err);
	if (argc == 0 && !is_everything)
		return usage(err, "which agent? a name, --all or --list");
	char **names = argc == 0 ? catalog_names() : NULL;
	int count = argc;
	for (count = argc; names && names[count]; count++)
		continue;
	int rc = choose(o, count, names ? names : argv, err);
	catalog_names_free(names);
	return rc;
}

static const char *const examples[] = {
    "sa-install-agent claude", "sa-install-agent codex --agent-version latest",
    "sa-install-agent --verify opencode", "sa-install-agent --list --config", NULL};

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {
	    {
		.operands = "[install|filter] [AGENT ...]",
		.summary = "install coding agents, pinned and verified; list, verify, remove them",
		.options = table,
		.options_bytes = sizeof(struct options),
		.run = run,
		.examples = examples,
		.complete = COMPLETE_AGENTS,
	    },
	    {.run = NULL},
	};
	static const struct command command = {
	    .name = "sa-install-agent",
	    .summary = "install, list, verify and remove coding agents",
	    .verbs = verbs,
	};
	return command_main(&command, argc, argv);
}
