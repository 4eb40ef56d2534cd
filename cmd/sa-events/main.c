/* sa-events: the record of sessions, live and past. */
#include "options_of.h"

#define AT(field) offsetof(struct options, field)
#define FILTER_OPTIONS                                                                             \
	{"since", 0, OPTION_U64, AT(since), "N", "start after this eventIndex", NULL},             \
	{"tail", 0, OPTION_U64, AT(tail), "N", "start with the last N events", NULL},              \
	{"type", 0, OPTION_LIST, AT(types), "METHOD", "only this method or update kind", NULL},    \
	{"jq", 0, OPTION_STRING, AT(jq), "FILTER", "print what this jq program makes", NULL}

static const struct option follow_table[] = {
    OPTIONS_COMMON,
    FILTER_OPTIONS,
    {"from-start", 0, OPTION_FLAG, AT(is_from_start), NULL, "the whole history", NULL},
    {"all", 0, OPTION_FLAG, AT(is_all), NULL, "every session, new ones too", NULL},
    {"until", 0, OPTION_STRING, AT(until), "WHEN", "turn-end, end (default) or never",
     "turn-end end never"},
    OPTIONS_END,
};
static const struct option show_table[] = {OPTIONS_COMMON, FILTER_OPTIONS, OPTIONS_END};
static const struct option list_table[] = {OPTIONS_COMMON, OPTIONS_END};
static const struct option export_table[] = {
    OPTIONS_COMMON,
    {"format", 0, OPTION_STRING, AT(format), "FORMAT", "markdown (default), html or jsonl",
     "markdown html jsonl"},
    OPTIONS_END,
};

static void set_defaults(void *arg)
{
	struct options *o = arg;
	o->since = UINT64_MAX;
	o->tail = UINT64_MAX;
}

static const char *const follow_examples[] = {
    "sa-events follow @last --until turn-end",
    "sa-events follow --all --type agent_message_chunk --jq .payload.params.update.content.text",
    NULL};
static const char *const list_examples[] = {"sa-events list", "sa-events list @last", NULL};
static const char *const show_examples[] = {"sa-events show @last --tail 5",
					    "sa-events show @last 17", NULL};
static const char *const export_examples[] = {"sa-events export @last",
					      "sa-events export @last --format html", NULL};

#define VERB(verb, words, text, complete_words)                                                    \
	{.name = #verb, .operands = words, .summary = text, .options = verb##_table,               \
	 .options_bytes = sizeof(struct options), .set_defaults = set_defaults,                    \
	 .run = verb##_run, .examples = verb##_examples, .complete = complete_words}

static const struct verb verbs[] = {
    VERB(follow, "[SESSION ...]", "print events as they are committed", COMPLETE_SESSIONS),
    VERB(list, "[SESSION]", "how many events each session has", COMPLETE_SESSIONS),
    VERB(show, "SESSION [INDEX]", "print the events of a session once", COMPLETE_SESSIONS),
    VERB(export, "SESSION", "a transcript of a session", COMPLETE_SESSIONS),
    {.run = NULL},
};

int main(int argc, char **argv)
{
	static const struct command command = {
	    .name = "sa-events",
	    .summary = "the events of sessions, live and past",
	    .verbs = verbs,
	    .example = follow_examples,
	};
	return command_main(&command, argc, argv);
}
