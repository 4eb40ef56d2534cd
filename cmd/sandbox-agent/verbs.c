#include "verbs.h"

#include <string.h>

static const struct verb_target table[] = {
    {.verb = "server",
     .command = "sa-serve",
     .wants_token = true,
     .starts_server = true,
     .summary = "the HTTP server"},
    {.verb = "daemon",
     .command = "sa-daemon",
     .wants_token = true,
     .starts_server = true,
     .summary = "the same in the background: start, stop, status"},
    {.verb = "api",
     .command = "sa-api",
     .wants_token = true,
     .summary = "call a server: agents, acp, sessions, files, ..."},
    {.verb = "install-agent",
     .command = "sa-install-agent",
     .summary = "install one agent, or --all"},
    {.verb = "install",
     .sub = "desktop",
     .command = "sa-install-desktop",
     .summary = "desktop: what a desktop needs"},
    {.verb = "credentials",
     .command = "sa-credentials",
     .lift_after = "extract extract-env",
     .summary = "the keys on this machine: extract, extract-env, ..."},
    {.verb = "opencode",
     .command = "sa-opencode",
     .word = "attach",
     .wants_token = true,
     .starts_server = true,
     .summary = "a server, and OpenCode's terminal program on it"},
    {.verb = "session",
     .command = "sa-session",
     .wants_token = true,
     .is_ours = true,
     .summary = "sessions with agents: new, prompt, run, close, ..."},
    {.verb = "events",
     .command = "sa-events",
     .wants_token = true,
     .is_ours = true,
     .summary = "what happened: follow, list, show, export"},
    {.verb = "fs",
     .command = "sa-fs",
     .wants_token = true,
     .is_ours = true,
     .lift_after = "",
     .summary = "files, as the server sees them"},
    {.verb = "process",
     .command = "sa-process",
     .wants_token = true,
     .is_ours = true,
     .lift_after = "",
     .summary = "processes and terminals"},
    {.verb = "config",
     .command = "sa-config",
     .wants_token = true,
     .is_ours = true,
     .lift_after = "",
     .summary = "MCP servers and skills"},
    {.verb = "mock-agent-process", .command = "sa-mock-agent"},
    {.verb = NULL},
};

const struct verb_target *verbs_find(int argc, char **argv)
{
	if (argc < 1)
		return NULL;
	for (const struct verb_target *target = table; target->verb; target++)
		if (strcmp(target->verb, argv[0]) == 0)
			return target;
	return NULL;
}

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = words; *at;) {
		size_t length = strcspn(at, " ");
		if (length == n && memcmp(at, word, n) == 0)
			return true;
		at += length + (at[length] == ' ');
	}
	return false;
}

bool verbs_lifts_token(const struct verb_target *target, int argc, char **argv)
{
	if (!target->lift_after)
		return true;
	/* "credentials -n extract": the first word that is no option counts. */
	for (int i = 0; i < argc; i++) {
		if (argv[i][0] != '-')
			return has_word(target->lift_after, argv[i]);
		i += strcmp(argv[i], "-t") == 0 || strcmp(argv[i], "--token") == 0;
	}
	return false;
}

void verbs_print(FILE *out)
{
	fputs("\nverbs:\n", out);
	for (const struct verb_target *target = table; target->verb; target++)
		if (target->summary)
			fprintf(out, "  %-16s %s\n", target->verb, target->summary);
	fputs("Any other VERB runs sa-VERB. 'sandbox-agent VERB --help' tells more.\n", out);
}

void verbs_print_usage(FILE *out)
{
	fputs("usage: sandbox-agent [OPTION ...] VERB [ARG ...]\n", out);
	verbs_print(out);
}
