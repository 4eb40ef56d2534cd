/* sa-api: calls a sandbox-agent server. */
#include "verbs.h"

#include "base/buf.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct api_options, field)

#define OPTIONS_SERVER                                                                              \
	{"endpoint",   'e',   OPTION_STRING,                                                        \
	 AT(endpoint), "URL", "http://..., unix:/PATH (port 2468 here)",                            \
	 NULL},                                                                                     \
	    {"token", 't', OPTION_STRING, AT(token), "TOKEN", "better: SANDBOX_AGENT_TOKEN", NULL}, \
	    {"token-file",  0, OPTION_STRING, AT(token_file), "FILE", "has the token",              \
	     COMPLETE_FILES},                                                                       \
	    {"no-token", 'n', OPTION_FLAG, AT(is_no_token), NULL, "send none", NULL},               \
	{                                                                                           \
		"timeout", 0, OPTION_DURATION, AT(timeout_ms), "TIME",                              \
		    "for the whole answer (off)", NULL                                              \
	}

/* "--json TEXT" is the reference's; everywhere else --json is the flag that all commands have. */
#define OPTIONS_HELP                                                                        \
	{"text", 0, OPTION_FLAG, AT(common.is_text), NULL, "problems in words", NULL},      \
	{                                                                                   \
		"help", 'h', OPTION_FLAG, AT(common.is_help), NULL, "print this help", NULL \
	}

static const struct option agents_options[] = {
    {"reinstall", 'r', OPTION_FLAG, AT(is_reinstall), NULL, "even when it is there", NULL},
    {"agent-version", 0, OPTION_STRING, AT(agent_version), "VERSION", "of the agent", NULL},
    {"agent-process-version", 0, OPTION_STRING, AT(agent_process_version), "VERSION",
     "of its ACP adapter", NULL},
    OPTIONS_SERVER,
    OPTIONS_COMMON,
    OPTIONS_END,
};
static const struct option acp_options[] = {
    {"server-id", 0, OPTION_STRING, AT(server_id), "ID", "which agent connection", NULL},
    {"agent", 0, OPTION_STRING, AT(agent), "NAME", "the agent, with an id's first post",
     COMPLETE_AGENTS},
    {"json", 0, OPTION_STRING, AT(json), "TEXT", "the envelope to post", NULL},
    {"json-file", 0, OPTION_STRING, AT(json_file), "FILE", "the same; - is standard input",
     COMPLETE_FILES},
    {"last-event-id", 0, OPTION_STRING, AT(last_event_id), "N", "stream what came after", NULL},
    OPTIONS_SERVER,
    OPTIONS_HELP,
    OPTIONS_END,
};
static const struct option fs_options[] = {
    {"file", 0, OPTION_STRING, AT(file), "FILE", "write or upload it (standard input)",
     COMPLETE_FILES},
    {"recursive", 0, OPTION_FLAG, AT(is_recursive), NULL, "remove what is in it too", NULL},
    {"overwrite", 0, OPTION_FLAG, AT(is_overwrite), NULL, "move over what is there", NULL},
    OPTIONS_SERVER,
    OPTIONS_COMMON,
    OPTIONS_END,
};
static const struct option processes_options[] = {
    {"cwd", 0, OPTION_STRING, AT(cwd), "DIR", "run or start it there", NULL},
    {"env", 0, OPTION_LIST, AT(env), "NAME=VALUE", "for it; repeatable", NULL},
    {"tty", 0, OPTION_FLAG, AT(is_tty), NULL, "start it in a terminal", NULL},
    {"interactive", 0, OPTION_FLAG, AT(is_interactive), NULL, "a person will use it", NULL},
    {"run-timeout", 0, OPTION_DURATION, AT(run_timeout_ms), "TIME", "end a run after", NULL},
    {"wait", 0, OPTION_DURATION, AT(wait_ms), "TIME", "stop, kill: for its end", NULL},
    {"owner", 0, OPTION_STRING, AT(owner), "OWNER", "list only its", "user agent desktop system"},
    {"stream", 0, OPTION_STRING, AT(stream), "STREAM", "logs of one", "stdout stderr combined pty"},
    {"tail", 0, OPTION_STRING, AT(tail), "N", "the last log entries", NULL},
    {"since", 0, OPTION_STRING, AT(since), "N", "log entries after this sequence", NULL},
    {"follow", 0, OPTION_FLAG, AT(is_follow), NULL, "log entries as they come", NULL},
    {"detach-key", 0, OPTION_STRING, AT(detach_key), "KEY", "attach: leaves it (^])",
     "^] ctrl-q none"},
    {"scrollback", 0, OPTION_STRING, AT(scrollback), "BYTES", "attach: of old output (1M)", NULL},
    OPTIONS_SERVER,
    OPTIONS_COMMON,
    OPTIONS_END,
};
static const struct option health_options[] = {OPTIONS_SERVER, OPTIONS_COMMON, OPTIONS_END};
static const struct option request_options[] = {
    {"json", 0, OPTION_STRING, AT(json), "TEXT", "the body", NULL},
    {"file", 0, OPTION_STRING, AT(file), "FILE", "the body; - is standard input", COMPLETE_FILES},
    OPTIONS_SERVER,
    OPTIONS_HELP,
    OPTIONS_END,
};

static const struct option command_options[] = {
    {"input", 0, OPTION_FLAG, AT(has_input), NULL, "standard input is its", NULL},
    {"body", 0, OPTION_FLAG, AT(has_body), NULL, "the same, however long; output at the end", NULL},
    OPTIONS_SERVER,
    OPTIONS_COMMON,
    OPTIONS_END,
};

static int with_client(const struct api_options *o, api_fn *run, int argc, char **argv,
		       struct sa_error *err)
{
	struct client client = {.timeout_ms = o->timeout_ms, .is_json = o->common.is_json};
	/* --no-token: not the environment's either. */
	if (o->is_no_token && !o->token && !o->token_file)
		unsetenv("SANDBOX_AGENT_TOKEN");
	int rc = client_init(&client, o->endpoint, o->token, o->token_file, err);
	if (rc == 0)
		rc = run(&client, o, argc, argv, err);
	client_clear(&client);
	return rc;
}

static int run_subverb(const struct subverb *rows, const char *verb, const struct api_options *o,
		       int argc, char **argv, struct sa_error *err)
{
	cleanup_buf struct buf names = BUF_INIT(BUF_MAX_OWN);
	for (const struct subverb *row = rows; row->name; row++) {
		buf_addf(&names, "%s%s", row == rows ? "" : row[1].name ? ", " : " or ", row->name);
		if (argc == 0 || strcmp(argv[0], row->name) != 0)
			continue;
		if (argc - 1 < row->least || (row->most >= 0 && argc - 1 > row->most))
			return error_set(err, PROBLEM_INVALID_REQUEST, "%s %s wants %s", verb,
					 row->name, *row->operands ? row->operands : "no operand");
		return with_client(o, row->run, argc - 1, argv + 1, err);
	}
	if (argc == 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s what? %s", verb, names.data);
	return error_set(err, PROBLEM_INVALID_REQUEST, "%s '%s'? It is %s", verb, argv[0],
			 names.data);
}

/* The verbs that the reference has too fail as they do there: with 1, whatever it was. */
static int like_reference(int rc, struct sa_error *err)
{
	if (rc < 0 && problem_info(err->kind)->exit_status > SA_EXIT_USAGE)
		err->kind = PROBLEM_FAILED;
	return rc > SA_EXIT_USAGE ? SA_EXIT_FAILED : rc;
}

static int run_agents(const void *o, int argc, char **argv, struct sa_error *err)
{
	return like_reference(run_subverb(agents_subverbs, "agents", o, argc, argv, err), err);
}

static int run_acp(const void *o, int argc, char **argv, struct sa_error *err)
{
	return like_reference(run_subverb(acp_subverbs, "acp", o, argc, argv, err), err);
}

static int run_fs(const void *o, int argc, char **argv, struct sa_error *err)
{
	return run_subverb(fs_subverbs, "fs", o, argc, argv, err);
}

static int run_processes(const void *o, int argc, char **argv, struct sa_error *err)
{
	return run_subverb(processes_subverbs, "processes", o, argc, argv, err);
}

static int run_health(const void *o, int argc, char **argv, struct sa_error *err)
{
	return with_client(o, health_run, argc, argv, err);
}

static int run_request(const void *o, int argc, char **argv, struct sa_error *err)
{
	return with_client(o, request_run, argc, argv, err);
}

static int run_command(const void *o, int argc, char **argv, struct sa_error *err)
{
	return with_client(o, command_run, argc, argv, err);
}

static const char *const agents_examples[] = {
    "sa-api agents report --endpoint http://127.0.0.1:2468", "sa-api agents install mock", NULL};
static const char *const acp_examples[] = {
    "sa-api acp post --server-id a --agent mock --json '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
    "\"x\"}'",
    "sa-api acp stream --server-id a --last-event-id 5", NULL};
static const char *const fs_examples[] = {"sa-api fs list /tmp",
					  "tar c . | sa-api fs upload /tmp/work", NULL};
static const char *const processes_examples[] = {"sa-api processes run -- ls -l /tmp",
						 "sa-api processes logs proc_1 --follow", NULL};
static const char *const health_examples[] = {
    "sa-api health", "sa-api health --endpoint https://sandbox.example --token-file token", NULL};
static const char *const request_examples[] = {
    "sa-api request GET '/v1/config/mcp?directory=/tmp&mcpName=x'",
    "sa-api request POST /v1/sessions --json '{\"agent\":\"mock\"}'", NULL};

static const char *const command_examples[] = {
    "sa-api command session list --json",
    "echo '{\"id\":\"@last\"}' | sa-api command --input events follow --until turn-end", NULL};

static void set_defaults(void *options)
{
	((struct api_options *)options)->wait_ms = -1; /* 0 is: not at all */
}

#define VERB(verb_name, verb_operands, words, table, function, shown, second)         \
	{                                                                             \
		.name = (verb_name), .operands = (verb_operands), .summary = (words), \
		.options = (table), .options_bytes = sizeof(struct api_options),      \
		.set_defaults = set_defaults, .run = (function), .examples = (shown), \
		.complete = (second)                                                  \
	}

static const struct verb verbs[] = {
    VERB("agents", "list | report | install AGENT", "the agents a server has", agents_options,
	 run_agents, agents_examples, "list report install"),
    VERB("acp", "list | post | stream | close", "raw ACP envelopes", acp_options, run_acp,
	 acp_examples, "list post stream close"),
    VERB("fs", "WHAT [PATH ...]", "files: list, stat, read, write, upload, mkdir, move, remove",
	 fs_options, run_fs, fs_examples, "list stat read write upload mkdir move remove"),
    VERB("processes", "WHAT [ARG ...]",
	 "list, run, start, show, stop, kill, remove, logs, input, attach", processes_options,
	 run_processes, processes_examples,
	 "list run start show stop kill remove logs input attach"),
    VERB("health", "", "does it answer", health_options, run_health, health_examples, NULL),
    VERB("request", "METHOD PATH", "anything else", request_options, run_request, request_examples,
	 "GET POST PUT DELETE"),
    {
	.name = "command",
	.operands = "session|events|fs|process|config [ARG ...]",
	.summary = "a command line of theirs, on the server",
	.options = command_options,
	.options_bytes = sizeof(struct api_options),
	.run = run_command,
	.is_posix = true,
	.examples = command_examples,
	.complete = "session events fs process config",
    },
    {.run = NULL},
};

int main(int argc, char **argv)
{
	static const char *const example[] = {"sa-api agents list",
					      "sa-api acp stream --server-id a", NULL};
	static const struct command command = {
	    .name = "sa-api",
	    .summary = "call a sandbox-agent server",
	    .verbs = verbs,
	    .example = example,
	};
	return command_main(&command, argc, argv);
}
