/* sa-credentials: find, judge and hand over the keys that are on the machine. */
#include "secret.h"
#include "verbs.h"

#include "cli/command.h"

#define AGENT_AND_PROVIDER(type)                                                         \
	{"agent",	 'a',                                                            \
	 OPTION_STRING,	 offsetof(struct type, agent),                                   \
	 "NAME",	 "only what this agent may see",                                 \
	 COMPLETE_AGENTS},                                                               \
	{                                                                                \
		"provider", 'p', OPTION_STRING, offsetof(struct type, provider), "NAME", \
		    "only this provider's key", NULL                                     \
	}
#define QUIET(type)                                                               \
	{                                                                         \
		"quiet", 'q', OPTION_FLAG, offsetof(struct type, is_quiet), NULL, \
		    "say nothing about keys that were skipped", NULL              \
	}
/* The reference takes these two everywhere, and does nothing with them here. */
#define IGNORED(type)                                                                           \
	{"token",	't',                                                                    \
	 OPTION_STRING, offsetof(struct type, ignored_token),                                   \
	 "TOKEN",	"ignored, for scripts that pass it",                                    \
	 NULL},                                                                                 \
	{                                                                                       \
		"no-token", 'n', OPTION_FLAG, offsetof(struct type, is_ignored_no_token), NULL, \
		    "ignored, for scripts that pass it", NULL                                   \
	}

static const struct option extract_table[] = {
    OPTIONS_COMMON,
    AGENT_AND_PROVIDER(extract_options),
    {"reveal", 'r', OPTION_FLAG, offsetof(struct extract_options, is_reveal), NULL,
     "show the keys whole", NULL},
    SEARCH_OPTIONS(extract_options),
    QUIET(extract_options),
    IGNORED(extract_options),
    OPTIONS_END,
};

static const struct option env_table[] = {
    OPTIONS_COMMON,
    {"export", 'e', OPTION_FLAG, offsetof(struct env_options, is_export), NULL,
     "with the word that exports them", NULL},
    {"format", 'f', OPTION_STRING, offsetof(struct env_options, format), "FORMAT",
     "sh, fish, json, dotenv or docker", "sh fish json dotenv docker"},
    AGENT_AND_PROVIDER(env_options),
    SEARCH_OPTIONS(env_options),
    QUIET(env_options),
    IGNORED(env_options),
    OPTIONS_END,
};

static const struct option status_table[] = {
    OPTIONS_COMMON,
    {"explain", 0, OPTION_FLAG, offsetof(struct status_options, is_explain), NULL,
     "every place looked at, and why it was skipped", NULL},
    SEARCH_OPTIONS(status_options),
    OPTIONS_END,
};

static const struct option exec_table[] = {
    OPTIONS_COMMON,
    AGENT_AND_PROVIDER(exec_options),
    {"credentials", 'c', OPTION_STRING, offsetof(struct exec_options, credentials), "FROM",
     "auto, none, or a file of variables or a vault", COMPLETE_FILES},
    {"keep", 0, OPTION_LIST, offsetof(struct exec_options, keep), "NAME",
     "leave this variable as it is; repeatable", NULL},
    SEARCH_OPTIONS(exec_options),
    QUIET(exec_options),
    OPTIONS_END,
};

static const struct option store_table[] = {
    OPTIONS_COMMON,
    {"vault", 0, OPTION_STRING, offsetof(struct store_options, vault), "FILE",
     "this vault instead of the usual one", COMPLETE_FILES},
    {"key-file", 0, OPTION_STRING, offsetof(struct store_options, key_file), "FILE",
     "the vault's key file", COMPLETE_FILES},
    {"passphrase-fd", 0, OPTION_STRING, offsetof(struct store_options, passphrase_fd), "N",
     "read the passphrase from descriptor N", NULL},
    {"value-fd", 0, OPTION_STRING, offsetof(struct store_options, value_fd), "N",
     "read the value from descriptor N, not stdin", NULL},
    {"provider", 'p', OPTION_STRING, offsetof(struct store_options, provider), "NAME",
     "whose key it is, if the name does not tell", NULL},
    {"kind", 'k', OPTION_STRING, offsetof(struct store_options, kind), "KIND",
     "api_key, oauth or bearer", "api_key oauth bearer"},
    {"expires", 0, OPTION_STRING, offsetof(struct store_options, expires), "TIME",
     "when it ends: RFC 3339 or Unix time", NULL},
    OPTIONS_END,
};

static const char *const extract_examples[] = {
    "sa-credentials extract", "sa-credentials extract --agent claude --no-oauth", NULL};
static const char *const env_examples[] = {
    "eval \"$(sa-credentials extract-env --export)\"",
    "docker run --env-file <(sa-credentials extract-env --format docker) ...", NULL};
static const char *const status_examples[] = {"sa-credentials status",
					      "sa-credentials status --explain claude", NULL};
static const char *const exec_examples[] = {
    "sa-credentials exec --agent claude -- claude -p hello",
    "sa-credentials exec --credentials ./keys.env -- make evals", NULL};
static const char *const store_examples[] = {"sa-credentials store set ANTHROPIC_API_KEY <key.txt",
					     "sa-credentials store list --key-file ~/.vault-key",
					     NULL};

static const struct verb verbs[] = {
    {
	.name = "extract",
	.operands = "",
	.summary = "the keys that were found, as JSON, masked",
	.options = extract_table,
	.options_bytes = sizeof(struct extract_options),
	.run = verb_extract,
	.examples = extract_examples,
    },
    {
	.name = "extract-env",
	.operands = "",
	.summary = "the keys as environment variables",
	.options = env_table,
	.options_bytes = sizeof(struct env_options),
	.run = verb_extract_env,
	.examples = env_examples,
    },
    {
	.name = "status",
	.operands = "[AGENT ...]",
	.summary = "can each agent log in, with what, or why not",
	.options = status_table,
	.options_bytes = sizeof(struct status_options),
	.run = verb_status,
	.examples = status_examples,
	.complete = COMPLETE_AGENTS,
    },
    {
	.name = "exec",
	.operands = "-- COMMAND [ARGUMENT ...]",
	.summary = "run a program with the keys in its environment",
	.options = exec_table,
	.options_bytes = sizeof(struct exec_options),
	.run = verb_exec,
	.is_posix = true,
	.examples = exec_examples,
	.complete = COMPLETE_FILES,
    },
    {
	.name = "store",
	.operands = "set|get|list|rm [NAME]",
	.summary = "keep keys in an encrypted vault",
	.options = store_table,
	.options_bytes = sizeof(struct store_options),
	.run = verb_store,
	.examples = store_examples,
	.complete = "set get list rm",
    },
    {.run = NULL},
};

static const char *const examples[] = {"sa-credentials status --explain claude",
				       "sa-credentials exec --agent codex -- codex", NULL};

static const struct command command = {
    .name = "sa-credentials",
    .summary = "find, judge and hand over the keys that are on this machine",
    .verbs = verbs,
    .example = examples,
};

int main(int argc, char **argv)
{
	secret_harden();
	return command_main(&command, argc, argv);
}
