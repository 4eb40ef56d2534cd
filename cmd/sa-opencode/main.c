/* sa-opencode: OpenCode's clients on our sessions. */
#include "attach.h"
#include "cli/command.h"
#include "hub.h"
#include "render.h"
#include "stream.h"

#include <stddef.h>

static const struct option plain_options[] = {OPTIONS_COMMON, OPTIONS_END};

static const struct option stream_options[] = {
    OPTIONS_COMMON,
    {"directory", 0, OPTION_STRING, offsetof(struct stream_options, directory), "DIR",
     "the client's folder", COMPLETE_DIRECTORIES},
    {"after", 0, OPTION_U64, offsetof(struct stream_options, after), "ID",
     "tell again what came after this event", NULL},
    {"global", 0, OPTION_FLAG, offsetof(struct stream_options, is_global), NULL,
     "each event in an envelope too", NULL},
    OPTIONS_END,
};

static void set_stream_defaults(void *arg)
{
	((struct stream_options *)arg)->after = UINT64_MAX;
}

static const struct option render_options[] = {
    OPTIONS_COMMON,
    {"events", 0, OPTION_FLAG, offsetof(struct render_options, is_events), NULL,
     "the events of a stream instead of the messages", NULL},
    OPTIONS_END,
};

static const struct option attach_options[] = {
    OPTIONS_COMMON,
    {"host", 'H', OPTION_STRING, offsetof(struct attach_options, host), "HOST",
     "address (127.0.0.1)", NULL},
    {"port", 'p', OPTION_U64, offsetof(struct attach_options, port), "PORT", "port (2468)", NULL},
    {"session-title", 0, OPTION_STRING, offsetof(struct attach_options, title), "TITLE",
     "make a session of this title first", NULL},
    {"yolo", 0, OPTION_FLAG, offsetof(struct attach_options, is_yolo), NULL,
     "accepted for the reference's sake", NULL},
    {"token", 't', OPTION_STRING, offsetof(struct attach_options, token), "TOKEN",
     "better: SANDBOX_AGENT_TOKEN", NULL},
    {"token-file", 0, OPTION_STRING, offsetof(struct attach_options, token_file), "FILE",
     "has the token", COMPLETE_FILES},
    {"no-token", 'n', OPTION_FLAG, offsetof(struct attach_options, is_no_token), NULL,
     "the server wants none", NULL},
    OPTIONS_END,
};

static const char *const attach_examples[] = {
    "sa-opencode attach", "sa-opencode attach --port 8080 --session-title work", NULL};
static const char *const filter_examples[] = {
    "echo '{\"op\":\"session.list\"}' | sa-opencode filter",
    "echo '{\"op\":\"session.create\",\"body\":{\"title\":\"work\"}}' | sa-opencode filter", NULL};
static const char *const events_examples[] = {
    "sa-opencode events | sed -n 's/^data: //p' | jq -r .type", "sa-opencode events --after 0",
    NULL};
static const char *const render_examples[] = {
    "sa-events show @last --json | sa-opencode render | jq -r .info.role",
    "sa-events show @last --json | sa-opencode render --events", NULL};

static const struct verb verbs[] = {
    {.name = "attach",
     .operands = "[ARG ...]",
     .summary = "Start a server if need be, and OpenCode's terminal program on it.",
     .options = attach_options,
     .options_bytes = sizeof(struct attach_options),
     .set_defaults = attach_set_defaults,
     .run = attach_run,
     .examples = attach_examples},
    {.name = "filter",
     .operands = "",
     .summary = "Requests as JSON lines in, answers out.",
     .options = plain_options,
     .options_bytes = sizeof(struct common_options),
     .run = hub_run,
     .examples = filter_examples},
    {.name = "events",
     .operands = "",
     .summary = "What happens in all sessions, as OpenCode's server-sent events.",
     .options = stream_options,
     .options_bytes = sizeof(struct stream_options),
     .set_defaults = set_stream_defaults,
     .run = stream_run,
     .examples = events_examples},
    {.name = "render",
     .operands = "",
     .summary = "Event records in, OpenCode's messages out.",
     .options = render_options,
     .options_bytes = sizeof(struct render_options),
     .run = render_run,
     .examples = render_examples},
    {.run = NULL},
};

int main(int argc, char **argv)
{
	static const char *const example[] = {
	    "sandbox-agent opencode", "sa-events show @last --json | sa-opencode render", NULL};
	static const struct command command = {
	    .name = "sa-opencode",
	    .summary = "OpenCode's clients on our sessions",
	    .verbs = verbs,
	    .example = example,
	};
	return command_main(&command, argc, argv);
}
