/* sa-supervise: own one agent process; see supervisor.h. */
#include "cli/command.h"
#include "os/io.h"
#include "supervisor.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

struct options {
	struct common_options common;
	const char *server_id;
	const char *agent;
	const char *cwd;
	uint64_t ready_fd;
	uint64_t line_limit;
	int64_t silence_limit;
	int64_t prompt_limit;
	int64_t lease;
	int64_t stop_grace;
};

#define AT(field) offsetof(struct options, field)

static const struct option option_table[] = {
    OPTIONS_COMMON,
    {"server-id", 0, OPTION_STRING, AT(server_id), "ID", "the connection's id (wanted)", NULL},
    {"agent", 0, OPTION_STRING, AT(agent), "NAME", "what the agent is called (wanted)",
     COMPLETE_AGENTS},
    {"cwd", 0, OPTION_STRING, AT(cwd), "DIR", "the agent's working directory",
     COMPLETE_DIRECTORIES},
    {"ready-fd", 0, OPTION_U64, AT(ready_fd), "N", "descriptor for the readiness line", NULL},
    {"line-limit", 0, OPTION_SIZE, AT(line_limit), "BYTES", "longest message (64M)", NULL},
    {"silence-limit", 0, OPTION_DURATION, AT(silence_limit), "TIME",
     "cancel a turn silent for so long (off)", NULL},
    {"prompt-limit", 0, OPTION_DURATION, AT(prompt_limit), "TIME",
     "cancel a turn that takes longer (off)", NULL},
    {"lease", 0, OPTION_DURATION, AT(lease), "TIME",
     "end when idle and alone for so long (10m)", NULL},
    {"stop-grace", 0, OPTION_DURATION, AT(stop_grace), "TIME",
     "from SIGTERM to SIGKILL when stopping (3s)", NULL},
    OPTIONS_END,
};

static void set_defaults(void *arg)
{
	struct options *o = arg;
	o->ready_fd = UINT64_MAX;
	o->line_limit = LINES_LIMIT_DEFAULT;
	o->lease = 600000;
	o->stop_grace = 3000;
}

static int run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	if (!o->server_id || !*o->server_id || !o->agent || argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "wants --server-id, --agent and the agent's command after '--'");
	if (o->line_limit < 1024 || o->line_limit > BUF_MAX_OWN / 2)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--line-limit is from 1K to 512M");
	bool has_ready = o->ready_fd != UINT64_MAX;
	if (has_ready && (o->ready_fd > 1023 || fcntl((int)o->ready_fd, F_GETFD) < 0))
		return error_set(err, PROBLEM_INVALID_REQUEST, "--ready-fd is not open");
	const struct supervisor_options options = {
	    .server_id = o->server_id,
	    .agent = o->agent,
	    .cwd = o->cwd,
	    .argv = argv,
	    .ready_fd = has_ready ? (int)o->ready_fd : -1,
	    .line_limit_bytes = o->line_limit,
	    .silence_ms = o->silence_limit,
	    .prompt_ms = o->prompt_limit,
	    .lease_ms = o->lease,
	    .stop_grace_ms = o->stop_grace,
	};
	if (has_ready)
		fcntl(options.ready_fd, F_SETFD, FD_CLOEXEC);
	io_open_standard_fds();
	return supervisor_run(&options, err);
}

static const char *const examples[] = {
    "sa-supervise --server-id demo --agent mock -- sa-mock-agent",
    "sa-supervise --server-id demo --agent mine --lease off -- my-acp-agent --flag",
    NULL,
};

static const struct verb verbs[] = {
    {
	.operands = "-- COMMAND [ARG ...]",
	.summary = "own one agent: its pipes, its process tree, its record",
	.options = option_table,
	.options_bytes = sizeof(struct options),
	.set_defaults = set_defaults,
	.run = run,
	.is_posix = true,
	.examples = examples,
    },
    {.run = NULL},
};

int main(int argc, char **argv)
{
	static const struct command command = {
	    .name = "sa-supervise",
	    .summary = "own one agent: its pipes, its process tree, its record",
	    .verbs = verbs,
	};
	return command_main(&command, argc, argv);
}
