/* sa-store: look after the store: how full, is it sound, copy, prune, export, import. */
#include "verbs.h"

#include <stddef.h>

#define AT(field) offsetof(struct options, field)

static const struct option plain_table[] = {OPTIONS_COMMON, OPTIONS_END};
static const struct option prune_table[] = {
    OPTIONS_COMMON,
    {"older-than", 0, OPTION_DURATION, AT(older_ms), "TIME", "not changed for so long", NULL},
    {"keep", 0, OPTION_U64, AT(keep), "N", "all but the N newest", NULL},
    {"max-size", 0, OPTION_SIZE, AT(max_bytes), "BYTES", "until the store is that small", NULL},
    {"dry-run", 0, OPTION_FLAG, AT(is_dry_run), NULL, "say what would go, keep it", NULL},
    OPTIONS_END,
};
static const struct option export_table[] = {
    OPTIONS_COMMON,
    {"output", 'o', OPTION_STRING, AT(output), "FILE", "instead of standard output",
     COMPLETE_FILES},
    {"plain", 0, OPTION_FLAG, AT(is_plain), NULL, "JSON lines, not compressed", NULL},
    {"no-redact", 0, OPTION_FLAG, AT(is_unredacted), NULL, "keep what looks like a secret", NULL},
    OPTIONS_END,
};
static const struct option import_table[] = {
    OPTIONS_COMMON,
    {"cwd", 0, OPTION_STRING, AT(cwd), "DIR", "working directory for the sessions (here)",
     COMPLETE_DIRECTORIES},
    OPTIONS_END,
};

static void prune_defaults(void *arg)
{
	struct options *o = arg;
	o->keep = UINT64_MAX;
	o->max_bytes = UINT64_MAX;
	o->older_ms = -1;
}

static const char *const status_examples[] = {
    "sa-store status", "SANDBOX_AGENT_STORE=memory: sa-store status --json", NULL};
static const char *const migrate_examples[] = {"sa-store migrate", "sa-store migrate --json", NULL};
static const char *const check_examples[] = {"sa-store check", "sa-store check --json", NULL};
static const char *const vacuum_examples[] = {
    "sa-store vacuum", "sa-store prune --older-than 30d && sa-store vacuum", NULL};
static const char *const copy_examples[] = {
    "sa-store copy sqlite:/tmp/a.db sqlite:/tmp/b.db",
    "sa-store copy sqlite:$HOME/.local/state/sandbox-agent/store.db \"$PG_URL\"", NULL};
static const char *const prune_examples[] = {"sa-store prune --older-than 30d",
					     "sa-store prune --keep 100 --dry-run", NULL};
static const char *const export_examples[] = {"sa-store export @last -o session.sab",
					      "sa-store export @last --plain | wc -l", NULL};
static const char *const import_examples[] = {
    "sa-store import session.sab", "sa-store export @last | ssh host sa-store import -", NULL};

#define VERB(verb, words, text, table, complete_words)                               \
	{                                                                            \
		.name = #verb, .operands = words, .summary = text, .options = table, \
		.options_bytes = sizeof(struct options), .run = verb##_run,          \
		.examples = verb##_examples, .complete = complete_words              \
	}

static const struct verb verbs[] = {
    VERB(status, "", "where it is, how much is in it", plain_table, NULL),
    VERB(migrate, "", "bring its schema up to date", plain_table, NULL),
    VERB(check, "", "look for faults", plain_table, NULL),
    VERB(vacuum, "", "give back the space of what was deleted", plain_table, NULL),
    VERB(copy, "FROM TO", "every server of one store into another", plain_table, NULL),
    {
	.name = "prune",
	.operands = "",
	.summary = "forget sessions that are over",
	.options = prune_table,
	.options_bytes = sizeof(struct options),
	.set_defaults = prune_defaults,
	.run = prune_run,
	.examples = prune_examples,
    },
    VERB(export, "SESSION ...", "sessions as one file", export_table, COMPLETE_SESSIONS),
    VERB(import, "FILE", "sessions out of such a file; '-' is standard input", import_table,
	 COMPLETE_FILES),
    {.run = NULL},
};

int main(int argc, char **argv)
{
	static const char *const example[] = {"sa-store status",
					      "sa-store export @last -o session.sab", NULL};
	static const struct command command = {
	    .name = "sa-store",
	    .summary = "look after the store of sessions and events",
	    .verbs = verbs,
	    .example = example,
	};
	return command_main(&command, argc, argv);
}
