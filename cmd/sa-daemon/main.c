/* sa-daemon: a sandbox-agent server in the background. */
#include "cli/command.h"
#include "daemon.h"
#include "http/token.h"

#include <stddef.h>

enum { PORT_DEFAULT = 2468, PORT_MAX = 65535, START_MS = 30000, STOP_MS = 5000 };

struct options {
	struct common_options common;
	const char *host;
	uint64_t port;
	const char *token;
	const char *token_file;
	bool is_no_token;
	bool is_upgrade;
	int64_t wait_ms;
};

#define AT(field) offsetof(struct options, field)

#define OPTIONS_SERVER                                                                              \
	{"host", 'H', OPTION_STRING, AT(host), "HOST", "address (127.0.0.1)", NULL},                \
	    {"port", 'p', OPTION_U64, AT(port), "PORT", "port (2468)", NULL},                       \
	    {"token", 't', OPTION_STRING, AT(token), "TOKEN", "better: SANDBOX_AGENT_TOKEN", NULL}, \
	    {"token-file",  0, OPTION_STRING, AT(token_file), "FILE", "has the token",              \
	     COMPLETE_FILES},                                                                       \
	{                                                                                           \
		"no-token", 'n', OPTION_FLAG, AT(is_no_token), NULL, "the server wants none", NULL  \
	}

static const struct option start_options[] = {
    OPTIONS_COMMON,
    OPTIONS_SERVER,
    {"upgrade", 0, OPTION_FLAG, AT(is_upgrade), NULL, "start anew one of another build", NULL},
    {"timeout", 0, OPTION_DURATION, AT(wait_ms), "TIME", "for it to answer (30s)", NULL},
    OPTIONS_END,
};
static const struct option stop_options[] = {
    OPTIONS_COMMON,
    OPTIONS_SERVER,
    {"timeout", 0, OPTION_DURATION, AT(wait_ms), "TIME", "then it is killed (5s)", NULL},
    OPTIONS_END,
};
static const struct option status_options[] = {OPTIONS_COMMON, OPTIONS_SERVER, OPTIONS_END};

static void set_start_defaults(void *arg)
{
	struct options *o = arg;
	o->host = "127.0.0.1";
	o->port = PORT_DEFAULT;
	o->wait_ms = START_MS;
}

static void set_stop_defaults(void *arg)
{
	set_start_defaults(arg);
	((struct options *)arg)->wait_ms = STOP_MS;
}

static int with_plan(const struct options *o, char **server_args,
		     int (*fn)(const struct daemon_plan *, struct sa_error *), struct sa_error *err)
{
	cleanup_token char *token = NULL;
	if (o->port < 1 || o->port > PORT_MAX)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--port wants 1 to %d", PORT_MAX);
	if (!*o->host)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--host is empty");
	/* A token that is given beats --no-token; --no-token beats the environment. */
	if ((o->token || o->token_file || !o->is_no_token) &&
	    token_find(o->token, o->token_file, &token, err) < 0) {
		if (problem_info(err->kind)->exit_status != SA_EXIT_USAGE)
			err->kind = PROBLEM_FAILED;
		return -1;
	}
	struct daemon_plan plan = {
	    .host = o->host,
	    .port = (unsigned)o->port,
	    .token = token,
	    .is_no_token = o->is_no_token,
	    .is_upgrade = o->is_upgrade,
	    .is_json = o->common.is_json,
	    .wait_ms = o->wait_ms,
	    .server_args = server_args,
	};
	int rc = fn(&plan, err);
	/* As the reference: what goes wrong is 1, only a wrong command line is 2. */
	if (rc < 0)
		err->kind = PROBLEM_FAILED;
	return rc;
}

static int run_start(const void *arg, int argc, char **argv, struct sa_error *err)
{
	(void)argc;
	return with_plan(arg, argv, daemon_start, err);
}

static int run_stop(const void *arg, int argc, char **argv, struct sa_error *err)
{
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "stop takes no operand, not '%s'",
				 argv[0]);
	return with_plan(arg, NULL, daemon_stop, err);
}

static int run_status(const void *arg, int argc, char **argv, struct sa_error *err)
{
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "status takes no operand, not '%s'",
				 argv[0]);
	return with_plan(arg, NULL, daemon_status, err);
}

static const char *const examples_start[] = {
    "sa-daemon start", "sa-daemon start --port 8080 -- --cors-allow-origin https://app.example",
    NULL};
static const char *const examples_stop[] = {"sa-daemon stop", "sa-daemon stop --timeout 30s", NULL};
static const char *const examples_status[] = {"sa-daemon status", "sa-daemon status --json", NULL};

static const struct verb verbs[] = {
    {
	.name = "start",
	.operands = "[-- SERVER-OPTION ...]",
	.summary = "start a server in the background, wait until it answers",
	.options = start_options,
	.options_bytes = sizeof(struct options),
	.set_defaults = set_start_defaults,
	.run = run_start,
	.examples = examples_start,
    },
    {
	.name = "stop",
	.operands = "",
	.summary = "end it, and what it started",
	.options = stop_options,
	.options_bytes = sizeof(struct options),
	.set_defaults = set_stop_defaults,
	.run = run_stop,
	.examples = examples_stop,
    },
    {
	.name = "status",
	.operands = "",
	.summary = "does it run, of which build, where is its log",
	.options = status_options,
	.options_bytes = sizeof(struct options),
	.set_defaults = set_stop_defaults,
	.run = run_status,
	.examples = examples_status,
    },
    {.run = NULL},
};

int main(int argc, char **argv)
{
	static const char *const example[] = {"sa-daemon start", "sa-daemon status", NULL};
	static const struct command command = {
	    .name = "sa-daemon",
	    .summary = "a sandbox-agent server in the background",
	    .verbs = verbs,
	    .example = example,
	};
	return command_main(&command, argc, argv);
}
