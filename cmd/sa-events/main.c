/* sa-events: the record of sessions, live and past. */
#include "base/cleanup.h"
#include "cli/remote.h"
#include "options_of.h"

#define AT(field) offsetof(struct options, field)
#define FILTER_OPTIONS                                                                             \
	{"since", 0, OPTION_U64, AT(since), "N", "start after this eventIndex", NULL},             \
	{"tail", 0, OPTION_U64, AT(tail), "N", "start with the last N events", NULL},              \
	{"type", 0, OPTION_LIST, AT(types), "METHOD", "only this method or update kind", NULL},    \
	{"jq", 0, OPTION_STRING, AT(jq), "FILTER", "print what this jq program makes", NULL},  \
	{"width", 0, OPTION_U64, AT(width), "N", "wrap words at N columns (the terminal's)", NULL}

static const struct option follow_table[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE,
    FILTER_OPTIONS,
    {"from-start", 0, OPTION_FLAG, AT(is_from_start), NULL, "the whole history", NULL},
    {"all", 0, OPTION_FLAG, AT(is_all), NULL, "every session, new ones too", NULL},
    {"until", 0, OPTION_STRING, AT(until), "WHEN", "turn-end, end (default) or never",
     "turn-end end never"},
    {"interactive", 0, OPTION_FLAG, AT(is_interactive), NULL,
     "answer permissions and questions on the terminal", NULL},
    OPTIONS_END,
};
static const struct option show_table[] = {OPTIONS_COMMON, OPTIONS_REMOTE, FILTER_OPTIONS, OPTIONS_END};
static const struct option list_table[] = {OPTIONS_COMMON, OPTIONS_REMOTE, OPTIONS_END};
static const struct option sse_table[] = {
    OPTIONS_COMMON,
    {"server", 0, OPTION_STRING, AT(server), "ID", "all of an agent connection, as /v1/acp/ID",
     NULL},
    {"after", 0, OPTION_U64, AT(after), "N", "start after the event with this id", NULL},
    OPTIONS_END,
};
static const struct option export_table[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE,
    {"format", 0, OPTION_STRING, AT(format), "FORMAT", "markdown (default), html or jsonl",
     "markdown html jsonl"},
    {"bundle", 0, OPTION_STRING, AT(bundle), "FILE", "a session of this bundle (sa-store export)",
     "@files"},
    OPTIONS_END,
};

static void set_defaults(void *arg)
{
	struct options *o = arg;
	o->since = UINT64_MAX;
	o->tail = UINT64_MAX;
	o->after = UINT64_MAX;
	o->width = UINT64_MAX;
}

int options_check_start(const struct options *o, struct sa_error *err)
{
	const uint64_t numbers[] = {o->since, o->tail};
	int count = o->is_from_start;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (numbers[i] != UINT64_MAX && numbers[i] > INT64_MAX)
			return error_set(err, PROBLEM_INVALID_REQUEST, "--%s is too large",
					 i ? "tail" : "since");
		count += numbers[i] != UINT64_MAX;
	}
	return count <= 1 ? 0
			  : error_set(err, PROBLEM_INVALID_REQUEST,
				      "only one of --since, --tail and --from-start");
}

static const char *const follow_examples[] = {
    "sa-events follow @last --until turn-end",
    "sa-events follow --all --type agent_message_chunk --jq .payload.params.update.content.text",
    NULL};
static const char *const sse_examples[] = {"sa-events sse @last --after 10",
					   "sa-events sse --server my-server", NULL};
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
    VERB(export, "[SESSION]", "a transcript of a session", COMPLETE_SESSIONS),
    VERB(sse, "[SESSION]", "events as server-sent events, until the reader leaves",
	 COMPLETE_SESSIONS),
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
	static const char *const local_verbs[] = {"sse", NULL};
	static const struct remote_input inputs[] = {{"follow", NULL, 0, "--all", false},
						     {NULL, NULL, 0, NULL, false}};
	static const struct remote remote = {
	    .name = "events", .local_verbs = local_verbs, .inputs = inputs, .has_dash = true};
	int status = remote_become(&command, &remote, argc, argv);
	return status >= 0 ? status : command_main(&command, argc, argv);
}
