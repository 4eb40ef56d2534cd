#include "process/launch.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/environment.h"
#include "os/io.h"
#include "os/spawn.h"
#include "json/problem.h"
#include "json/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READY_FD = 3, BOUND_FD = 4, READY_LINE_BYTES = 8 << 20, WORDS_OWN = 32 };

struct words {
	char **items;
	size_t count;
	char *owned[WORDS_OWN]; /* numbers in text */
	size_t owned_count;
};

static void add(struct words *words, const char *word)
{
	words->items[words->count++] = (char *)(uintptr_t)word;
}

static void add_number(struct words *words, const char *name, uint64_t value)
{
	char *text = xasprintf("%llu", (unsigned long long)value);
	words->owned[words->owned_count++] = text;
	add(words, name);
	add(words, text);
}

static void add_options(struct words *words, const struct process_launch *launch)
{
	add(words, "sa-keep");
	add_number(words, "--ready-fd", READY_FD);
	if (launch->bound_fd >= 0)
		add_number(words, "--bound-fd", BOUND_FD);
	if (launch->is_tty)
		add(words, "--tty");
	if (launch->is_interactive)
		add(words, "--interactive");
	if (launch->cols)
		add_number(words, "--cols", (uint64_t)launch->cols);
	if (launch->rows)
		add_number(words, "--rows", (uint64_t)launch->rows);
	if (launch->is_served)
		add_number(words, "--starter", (uint64_t)getpid());
	if (launch->limits.memory_bytes)
		add_number(words, "--memory", launch->limits.memory_bytes);
	if (launch->limits.cpu_percent)
		add_number(words, "--cpu", launch->limits.cpu_percent);
	if (launch->limits.pids)
		add_number(words, "--pids", launch->limits.pids);
	add(words, "--owner");
	add(words, process_owner_name(launch->owner));
	if (launch->cwd) {
		add(words, "--cwd");
		add(words, launch->cwd);
	}
	add(words, "--");
}

/* For the supervisor: the process's, and where our own records are. */
static char **make_environment(const struct process_launch *launch,
			       struct environment_places *ret_places)
{
	cleanup_free const char **entries =
	    xcalloc(launch->env_count + 2 + ENVIRONMENT_PLACES, sizeof(*entries));
	size_t n = 0;
	if (launch->is_tty)
		entries[n++] = "TERM=xterm-256color";
	for (size_t i = 0; i < launch->env_count; i++)
		entries[n++] = launch->env[i];
	cleanup_free char **env = environment_make(launch->base_env, entries, n);
	environment_keep_places(env, ret_places);
	for (size_t i = 0; i < ret_places->count; i++)
		entries[n++] = ret_places->entries[i];
	return ret_places->count ? environment_make(launch->base_env, entries, n) : TAKE_PTR(env);
}

pid_t process_launch_start(const struct process_launch *launch, int *ret_ready_fd,
			   struct sa_error *err)
{
	cleanup_free char *keep = dirs_find_sibling("sa-keep");
	int ready[2];
	size_t argc = 0;
	if (!keep)
		return error_set(err, PROBLEM_FAILED,
				 "sa-keep is neither beside this program nor on PATH; the "
				 "installation is incomplete");
	if (pipe2(ready, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make a pipe");
	cleanup_close int ready_read = ready[0];
	cleanup_close int ready_write = ready[1];
	while (launch->argv[argc])
		argc++;
	cleanup_free char **items = xcalloc(argc + WORDS_OWN * 2, sizeof(*items));
	struct words words = {.items = items};
	add_options(&words, launch);
	for (size_t i = 0; i < argc; i++)
		add(&words, launch->argv[i]);
	struct environment_places places;
	cleanup_free char **env = make_environment(launch, &places);
	struct spawn spawn = SPAWN_INIT;
	spawn.path = keep;
	spawn.argv = words.items;
	spawn.env = env;
	spawn.fds[READY_FD] = ready_write;
	spawn.fds[BOUND_FD] = launch->bound_fd;
	spawn.fd_count = BOUND_FD + 1;
	spawn.is_session_leader = true;
	pid_t pid = spawn_start(&spawn, err);
	environment_places_free(&places);
	for (size_t i = 0; i < words.owned_count; i++)
		free(words.owned[i]);
	if (pid < 0 && err->errnum == E2BIG)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "arguments and environment are too long for a program");
	if (pid > 0)
		*ret_ready_fd = TAKE_FD(ready_read);
	return pid;
}

int process_launch_result(struct span line, struct process *ret, struct sa_error *err)
{
	line = span_trim(line);
	if (line.n == 0 || json_check(line, NULL) < 0)
		return error_set(err, PROBLEM_FAILED,
				 "the process's supervisor ended before it was ready");
	if (json_string_is(json_get(line, "type"), "ready"))
		return process_parse_status(json_get(line, "process"), ret, err);
	if (json_read_problem(line, err))
		return -1;
	return error_set(err, PROBLEM_FAILED, "the process could not be started");
}

int process_launch(const struct process_launch *launch, struct process *ret, struct sa_error *err)
{
	cleanup_close int ready = -1;
	cleanup_buf struct buf line = BUF_INIT(READY_LINE_BYTES);
	if (process_launch_start(launch, &ready, err) < 0 ||
	    io_read_all(ready, &line, "the process's readiness", err) < 0)
		return -1;
	return process_launch_result(buf_span(&line), ret, err);
}
