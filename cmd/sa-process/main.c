/* sa-process: run, start, watch, steer and end processes. */
#include "cli/remote.h"
#include "verbs.h"

#include <stddef.h>

#define AT(field) offsetof(struct options, field)

#define OPTIONS_SPAWN                                          \
	{                                                      \
	    "cwd",                                             \
	    0,                                                 \
	    OPTION_STRING,                                     \
	    AT(cwd),                                           \
	    "DIR",                                             \
	    "working directory (here)",                        \
	    COMPLETE_DIRECTORIES},                             \
	{                                                      \
		"env", 0, OPTION_LIST, AT(env), "NAME=VALUE",  \
		    "beside our environment; repeatable", NULL \
	}

#define OWNERS "user agent desktop system"

static const struct option plain_options[] = {OPTIONS_COMMON, OPTIONS_REMOTE, OPTIONS_END};
static const struct option filter_options[] = {OPTIONS_COMMON, OPTIONS_END};
static const struct option start_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTIONS_SPAWN,
    {"tty", 't', OPTION_FLAG, AT(is_tty), NULL, "give it a terminal instead of pipes", NULL},
    {"interactive", 'i', OPTION_FLAG, AT(is_interactive), NULL, "recorded, nothing else", NULL},
    {"attach", 0, OPTION_FLAG, AT(is_attach), NULL, "attach at once", NULL},
    {"detach-key", 0, OPTION_STRING, AT(detach_key), "KEY", "leaves it (^])", "^] ctrl-q none"},
    {"cols", 0, OPTION_U64, AT(cols), "N", "the terminal's columns (as here, else 80)", NULL},
    {"rows", 0, OPTION_U64, AT(rows), "N", "the terminal's rows (as here, else 24)", NULL},
    {"owner", 0, OPTION_STRING, AT(owner), "NAME", "whose it is (user)", OWNERS},
    {"memory", 0, OPTION_SIZE, AT(memory), "BYTES", "most memory of its tree (cgroup v2)", NULL},
    {"cpu", 0, OPTION_U64, AT(cpu), "PERCENT", "most of one processor (cgroup v2)", NULL},
    {"pids", 0, OPTION_U64, AT(pids), "N", "most processes of its tree (cgroup v2)", NULL},
    OPTIONS_END,
};
static const struct option run_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTIONS_SPAWN,
    {"timeout", 0, OPTION_DURATION, AT(timeout_ms), "TIME", "end it after (30s)", NULL},
    {"max-output", 0, OPTION_SIZE, AT(max_output), "BYTES", "kept of each stream (1M)", NULL},
    OPTIONS_END,
};
static const struct option list_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    {"owner", 0, OPTION_STRING, AT(owner), "NAME", "only whose it is", OWNERS},
    OPTIONS_END,
};
static const struct option end_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    {"wait", 0, OPTION_DURATION, AT(wait_ms), "TIME", "for its end; off: do not (stop 2s, kill 2s)",
     NULL},
    {"all", 0, OPTION_FLAG, AT(is_all), NULL, "whatever runs", NULL},
    OPTIONS_END,
};
static const struct option logs_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    {"follow", 'f', OPTION_FLAG, AT(is_follow), NULL, "and what comes, until it ends", NULL},
    {"since", 0, OPTION_STRING, AT(since), "N", "entries after number N", NULL},
    {"tail", 0, OPTION_STRING, AT(tail), "N", "the last N of those there are", NULL},
    {"stream", 0, OPTION_STRING, AT(stream), "NAME", "only one stream",
     "stdout stderr combined pty"},
    {"sse", 0, OPTION_FLAG, AT(is_sse), NULL, "as server-sent events", NULL},
    {"last-event-id", 0, OPTION_STRING, AT(last_event_id), "N", "as --since, of an event stream",
     NULL},
    OPTIONS_END,
};
static const struct option input_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    {"close", 0, OPTION_FLAG, AT(is_close), NULL, "then end its input", NULL},
    OPTIONS_END,
};
static const struct option attach_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    {"detach-key", 0, OPTION_STRING, AT(detach_key), "KEY", "leaves it (^])", "^] ctrl-q none"},
    {"scrollback", 0, OPTION_SIZE, AT(scrollback), "BYTES", "of old output shown first (1M)", NULL},
    {"websocket", 0, OPTION_FLAG, AT(is_websocket), NULL, "descriptor 0 is a WebSocket", NULL},
    {"preread-fd", 0, OPTION_FD, AT(preread_fd), "N", "file with its first bytes", NULL},
    OPTIONS_END,
};

static void set_defaults(void *arg)
{
	struct options *o = arg;
	o->wait_ms = 2000;
	o->detach_key = "^]";
	o->preread_fd = -1;
	o->scrollback = 1 << 20;
	o->max_output = UINT64_MAX;
	o->timeout_ms = -1;
}

static void set_start_defaults(void *arg)
{
	struct options *o = arg;
	set_defaults(arg);
	o->owner = "user";
}

#define EXAMPLES(name, ...) static const char *const name[] = {__VA_ARGS__, NULL}
EXAMPLES(run_examples, "sa-process run --timeout 5s -- make test",
	 "sa-process run --json -- git status | jq -r .stdout");
EXAMPLES(filter_examples, "echo '{\"ref\":1,\"op\":\"list\"}' | sa-process filter",
	 "echo '{\"op\":\"run\",\"body\":{\"command\":\"date\"}}' | sa-process filter");
EXAMPLES(start_examples, "sa-process start -- python3 -m http.server 0",
	 "sa-process start --tty --attach -- bash -i");
EXAMPLES(list_examples, "sa-process list", "sa-process list --json --owner agent");
EXAMPLES(show_examples, "sa-process show proc_1", "sa-process show proc_1 --json | jq .pid");
EXAMPLES(rm_examples, "sa-process rm proc_1", "sa-process rm proc_1 proc_2");
EXAMPLES(stop_examples, "sa-process stop proc_1 --wait 10s", "sa-process stop --all");
EXAMPLES(kill_examples, "sa-process kill proc_1", "sa-process kill --all");
EXAMPLES(logs_examples, "sa-process logs proc_1 --text",
	 "sa-process logs proc_1 --follow --tail 10");
EXAMPLES(input_examples, "sa-process input proc_1 'yes'",
	 "printf 'a\\nb\\n' | sa-process input proc_1 --close");
EXAMPLES(resize_examples, "sa-process resize proc_1 120 40",
	 "sa-process resize proc_1 \"$(tput cols)\" \"$(tput lines)\"");
EXAMPLES(attach_examples, "sa-process attach proc_1",
	 "sa-process attach --detach-key ctrl-q proc_1");
EXAMPLES(config_examples, "sa-process config", "sa-process config maxConcurrentProcesses=8");

static const struct verb verbs[] = {
    {
	.name = "run",
	.operands = "[--] COMMAND [ARG ...]",
	.summary = "run a command to its end, and end what it leaves",
	.options = run_options,
	.options_bytes = sizeof(struct options),
	.set_defaults = set_defaults,
	.run = verb_run,
	.is_posix = true,
	.examples = run_examples,
    },
    {
	.name = "start",
	.operands = "[--] COMMAND [ARG ...]",
	.summary = "start a process that outlives us",
	.options = start_options,
	.options_bytes = sizeof(struct options),
	.set_defaults = set_start_defaults,
	.run = verb_start,
	.is_posix = true,
	.examples = start_examples,
    },
#define VERB(verb_name, verb_operands, words)                                  \
	.name = #verb_name, .operands = (verb_operands), .summary = (words),   \
	.options_bytes = sizeof(struct options), .set_defaults = set_defaults, \
	.run = verb_##verb_name, .examples = verb_name##_examples
    {VERB(list, "", "the processes there are"), .options = list_options},
    {VERB(show, "PROCESS", "one of them"), .options = plain_options},
    {VERB(logs, "PROCESS", "what it printed"), .options = logs_options},
    {VERB(input, "PROCESS [TEXT]", "text, or standard input, for it"), .options = input_options},
    {VERB(attach, "PROCESS", "its output here, our input there"), .options = attach_options},
    {VERB(resize, "PROCESS COLS ROWS", "set the size of its terminal"), .options = plain_options},
    {VERB(stop, "PROCESS ...", "ask it to end"), .options = end_options},
    {VERB(kill, "PROCESS ...", "end it, whatever it started too"), .options = end_options},
    {VERB(rm, "PROCESS ...", "forget exited ones and their logs"), .options = plain_options},
    {VERB(config, "[NAME=NUMBER ...]", "the limits; set some"), .options = plain_options},
    {VERB(filter, "", "answer requests, JSON lines on standard input"), .options = filter_options},
    {.run = NULL},
};

int main(int argc, char **argv)
{
	EXAMPLES(example, "sa-process start -- make watch",
		 "sa-process logs proc_1 --follow --text", "sa-process stop proc_1");
	static const struct command command = {
	    .name = "sa-process",
	    .summary = "run, start, watch, steer and end processes",
	    .verbs = verbs,
	    .example = example,
	};
	static const char *const local_verbs[] = {"filter", NULL};
	static const struct remote_input inputs[] = {{"input", NULL, 1, NULL, false},
						     {NULL, NULL, 0, NULL, false}};
	static const struct remote remote = {
	    .name = "process",
	    .local_verbs = local_verbs,
	    .inputs = inputs,
	    .attach_verb = "attach",
	    .local_option = "--attach",
	};
	int status = remote_become(&command, &remote, argc, argv);
	return status >= 0 ? status : command_main(&command, argc, argv);
}
