/* sa-install-desktop: the packages that a desktop needs. */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "os/dirs.h"
#include "os/spawn.h"
#include "packages.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct options {
	struct common_options common;
	bool is_yes;
	bool is_print_only;
	bool is_without_fonts;
	const char *manager;
};

#define AT(field) offsetof(struct options, field)

static const struct option options[] = {
    {"yes", 'y', OPTION_FLAG, AT(is_yes), NULL, "do not ask", NULL},
    {"print-only", 0, OPTION_FLAG, AT(is_print_only), NULL, "say what would be done", NULL},
    {"package-manager", 0, OPTION_STRING, AT(manager), "apt|dnf|apk", "(what is there)",
     "apt dnf apk"},
    {"no-fonts", 0, OPTION_FLAG, AT(is_without_fonts), NULL, "leave the fonts out", NULL},
    OPTIONS_COMMON,
    OPTIONS_END,
};

static void print_words(const char *const *words)
{
	for (; *words; words++)
		printf("%s%s", *words, words[1] ? " " : "");
}

static void print_plan(const struct manager *manager, char **argv)
{
	printf("Desktop package manager: %s\nDesktop packages:\n", manager->name);
	size_t i = 0;
	while (manager->install[i])
		i++;
	for (; argv[i]; i++)
		printf("  - %s\n", argv[i]);
	printf("Install command:\n  ");
	if (manager->update) {
		print_words(manager->update);
		printf(" && ");
	}
	print_words((const char *const *)argv);
	putchar('\n');
}

/* A person says yes; the end of input is a no. */
static bool ask(void)
{
	char line[64];
	printf("Proceed with desktop dependency installation? [y/N] ");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}

/* Run it, as root, with our standard descriptors. 0, or -1. */
static int run_program(char *const *argv, struct sa_error *err)
{
	size_t n = 0;
	while (argv[n])
		n++;
	cleanup_free char **words = xcalloc(n + 2, sizeof(*words));
	size_t first = 0;
	if (geteuid() != 0) {
		cleanup_free char *sudo = dirs_find_on_path("sudo");
		if (!sudo)
			return error_set(err, PROBLEM_PERMISSION_DENIED,
					 "installing packages takes root, and sudo is not there");
		words[first++] = (char *)"sudo";
	}
	memcpy(words + first, argv, n * sizeof(*words));
	struct spawn spawn = SPAWN_INIT;
	spawn.path = words[0];
	spawn.argv = words;
	for (int fd = 0; fd < 3; fd++)
		spawn.fds[fd] = fd;
	pid_t pid = spawn_start(&spawn, err);
	if (pid < 0)
		return -1;
	int status = spawn_wait(pid);
	if (status == 0)
		return 0;
	return error_set(err, PROBLEM_INSTALL_FAILED, "%s ended with %s %d", argv[0],
			 WIFEXITED(status) ? "status" : "signal",
			 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static int run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no operand is taken, not '%s'",
				 argv[0]);
	const struct manager *manager = o->manager ? manager_named(o->manager) : manager_detect();
	if (!manager && o->manager)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--package-manager wants apt, dnf or apk, not '%s'", o->manager);
	if (!manager)
		return error_set(err, PROBLEM_FAILED,
				 "none of apt, dnf and apk is there; see --package-manager");
	cleanup_free char **command = manager_argv(manager, !o->is_without_fonts);
	print_plan(manager, command);
	if (o->is_print_only)
		return SA_EXIT_OK;
	if (!o->is_yes && !ask())
		return error_set(err, PROBLEM_FAILED, "installation cancelled");
	fflush(stdout);
	if (manager->update && run_program((char *const *)manager->update, err) < 0)
		return -1;
	return run_program(command, err);
}

static const char *const examples[] = {"sa-install-desktop --print-only",
				       "sa-install-desktop --yes --no-fonts", NULL};

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {
	    {
		.operands = "",
		.summary = "Install the packages that a desktop needs.",
		.options = options,
		.options_bytes = sizeof(struct options),
		.run = run,
		.examples = examples,
	    },
	    {.run = NULL},
	};
	static const struct command command = {
	    .name = "sa-install-desktop",
	    .summary = "install the packages that a desktop needs",
	    .verbs = verbs,
	};
	return command_main(&command, argc, argv);
}
