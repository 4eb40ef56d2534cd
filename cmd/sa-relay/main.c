/* sa-relay: run a command line of another command for a client of sa-serve. */
#include "base/cleanup.h"
#include "cli/command.h"
#include "http/sse.h"
#include "os/io.h"
#include "plan.h"
#include "relay.h"
#include "json/write.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

struct relay_options {
	struct common_options common;
	const char *command;
	const char *args;
	int end_fd, hold_fd;
};

#define AT(field) offsetof(struct relay_options, field)

static const struct option options[] = {
    OPTIONS_COMMON,
    {"command", 0, OPTION_STRING, AT(command), "NAME", "this one; standard input is its", NULL},
    {"args", 0, OPTION_STRING, AT(args), "JSON", "with these words", NULL},
    {"end-fd", 0, OPTION_FD, AT(end_fd), "N", "a byte there says that all input has come", NULL},
    {"hold-fd", 0, OPTION_FD, AT(hold_fd), "N", "standard input's other end, held until then",
     NULL},
    OPTIONS_END,
};

/* The head of the answer is out already: what goes wrong before the command runs is told as if the
 * command had said it. */
static int tell(const struct sa_error *failure, bool is_collecting)
{
	cleanup_buf struct buf frames = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf data = BUF_INIT(BUF_MAX_OWN);
	json_open(&data, '{');
	json_kv_string(&data, "message", failure->message);
	json_kv_int(&data, "exitStatus", problem_info(failure->kind)->exit_status);
	json_close(&data, '}');
	sse_frame_add(&frames, "exit", 1, buf_span(&data));
	struct span told = is_collecting ? buf_span(&data) : buf_span(&frames);
	return io_write_all(STDOUT_FILENO, told) < 0 ? SA_EXIT_FAILED : SA_EXIT_OK;
}

static int run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct relay_options *o = arg;
	cleanup_buf struct buf request = BUF_INIT(PLAN_BYTES_MAX);
	struct plan plan;
	int rc;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no operand is taken, not '%s'",
				 argv[0]);
	/* A reader that has left is an error of write(2). */
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	if (!o->command && io_read_all(STDIN_FILENO, &request, "standard input", err) < 0)
		return -1;
	if (o->command) {
		rc = plan_of_words(o->command, o->args, &plan, err);
		plan.end_fd = o->end_fd;
		plan.hold_fd = o->hold_fd;
	} else {
		rc = plan_read(buf_span(&request), &plan, err);
	}
	if (rc == 0)
		rc = relay_run(&plan, err);
	plan_clear(&plan);
	return rc < 0 ? tell(err, o->command != NULL) : rc;
}

static void set_defaults(void *arg)
{
	struct relay_options *o = arg;
	o->end_fd = o->hold_fd = -1;
}

static const char *const examples[] = {
    "echo '{\"command\":\"session\",\"args\":[\"list\"]}' | sa-relay",
    "echo text | sa-relay --command fs --args '[\"write\",\"file\"]'", NULL};

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {
	    {
		.operands = "",
		.summary = "Run one of the other commands for a client of sa-serve.",
		.options = options,
		.options_bytes = sizeof(struct relay_options),
		.set_defaults = set_defaults,
		.run = run,
		.examples = examples,
	    },
	    {.run = NULL},
	};
	static const struct command command = {
	    .name = "sa-relay",
	    .summary = "run one of the other commands for a client of sa-serve",
	    .verbs = verbs,
	};
	return command_main(&command, argc, argv);
}
