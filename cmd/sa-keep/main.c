/* sa-keep: own one managed process; see keeper.h. */
#include "cli/command.h"
#include "keeper.h"
#include "os/io.h"

#include <stddef.h>

struct options {
	struct common_options common;
	const char *cwd;
	const char *owner;
	bool is_tty;
	bool is_interactive;
	uint64_t cols;
	uint64_t rows;
	uint64_t memory;
	uint64_t cpu;
	uint64_t pids;
	uint64_t starter;
	int ready_fd;
	int bound_fd;
};

#define AT(field) offsetof(struct options, field)

static const struct option option_table[] = {
    OPTIONS_COMMON,
    {"cwd", 0, OPTION_STRING, AT(cwd), "DIR", "the process's working directory",
     COMPLETE_DIRECTORIES},
    {"owner", 0, OPTION_STRING, AT(owner), "NAME", "whose it is (user)",
     "user agent desktop system"},
    {"tty", 0, OPTION_FLAG, AT(is_tty), NULL, "give it a terminal instead of pipes", NULL},
    {"interactive", 0, OPTION_FLAG, AT(is_interactive), NULL, "recorded, nothing else", NULL},
    {"cols", 0, OPTION_U64, AT(cols), "N", "the terminal's columns (80)", NULL},
    {"rows", 0, OPTION_U64, AT(rows), "N", "the terminal's rows (24)", NULL},
    {"memory", 0, OPTION_SIZE, AT(memory), "BYTES", "most memory of its tree (cgroup v2)", NULL},
    {"cpu", 0, OPTION_U64, AT(cpu), "PERCENT", "most of one processor (cgroup v2)", NULL},
    {"pids", 0, OPTION_U64, AT(pids), "N", "most processes of its tree (cgroup v2)", NULL},
    {"starter", 0, OPTION_U64, AT(starter), "PID", "the server's filter that wanted it", NULL},
    {"ready-fd", 0, OPTION_FD, AT(ready_fd), "N", "descriptor for the readiness line", NULL},
    {"bound-fd", 0, OPTION_FD, AT(bound_fd), "N", "end when this descriptor's peer closes", NULL},
    OPTIONS_END,
};

static void set_defaults(void *arg)
{
	struct options *o = arg;
	o->ready_fd = o->bound_fd = -1;
	o->owner = "user";
}

static int run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	struct keeper_options options = {
	    .argv = argv,
	    .cwd = o->cwd,
	    .is_tty = o->is_tty,
	    .is_interactive = o->is_interactive,
	    .cols = (int)o->cols,
	    .rows = (int)o->rows,
	    .limits = {o->memory, o->cpu, o->pids},
	    .starter = (pid_t)o->starter,
	    .ready_fd = o->ready_fd,
	    .bound_fd = o->bound_fd,
	};
	if (argc < 1 || !argv[0][0])
		return error_set(err, PROBLEM_INVALID_REQUEST, "wants a command after '--'");
	if (o->cols > UINT16_MAX || o->rows > UINT16_MAX || o->starter > INT32_MAX)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--cols and --rows are at most 65535");
	if (process_owner_parse(span_of(o->owner), &options.owner) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--owner is user, agent, desktop or system");
	io_open_standard_fds();
	return keeper_run(&options, err);
}

static const char *const examples[] = {
    "sa-keep -- sleep 60",
    "sa-keep --tty --owner desktop -- bash -i",
    NULL,
};

int main(int argc, char **argv)
{
	static const struct verb verb = {
	    .operands = "-- COMMAND [ARG ...]",
	    .summary = "own one managed process: its tree, its pipes or terminal, its log",
	    .options = option_table,
	    .options_bytes = sizeof(struct options),
	    .set_defaults = set_defaults,
	    .run = run,
	    .is_posix = true,
	    .examples = examples,
	};
	return command_main_single("sa-keep", &verb, argc, argv);
}
