/* run: a command to its end, here. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/command.h"
#include "os/io.h"
#include "os/signals.h"
#include "process/folder.h"
#include "runs.h"
#include "verbs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct once {
	bool is_text;
	bool is_over;
	int status;	 /* for exit(2) */
	struct run *run; /* NULL: over */
	struct watch signals;
	struct sa_error failed;
};

static void print_bytes(struct once *once, int fd, const struct run_stream *stream)
{
	if (io_write_all(fd, buf_span(&stream->kept)) < 0 && !once->failed.kind)
		error_set_errno(&once->failed, PROBLEM_FAILED, errno, "write %s",
				fd == 1 ? "its output" : "its standard error");
	if (stream->is_cut)
		fprintf(stderr, "sa-process run: %s is longer than --max-output\n",
			fd == 1 ? "its output" : "its standard error");
}

static void on_done(struct run *run, const struct sa_error *failed)
{
	struct once *once = run->arg;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	once->run = NULL;
	once->is_over = true;
	if (failed) {
		once->failed = *failed;
		return;
	}
	once->status = run->is_timed_out	  ? SA_EXIT_TIMEOUT
		       : WIFSIGNALED(run->status) ? 128 + WTERMSIG(run->status)
						  : WEXITSTATUS(run->status);
	if (once->is_text) {
		print_bytes(once, 1, &run->out);
		print_bytes(once, 2, &run->err);
		if (run->is_timed_out)
			fprintf(stderr, "sa-process run: timed out\n");
		return;
	}
	/* The record says how it ended; that it was run is success. */
	once->status = SA_EXIT_OK;
	run_add_json(&b, run);
	printf("%s\n", b.data);
}

static void on_signal(void *arg, uint32_t events)
{
	struct once *once = arg;
	(void)events;
	while (signals_take(once->signals.fd))
		if (once->run)
			run_cancel(once->run);
}

static int watch_signals(struct once *once, struct loop *loop, struct sa_error *err)
{
	int fd = signals_open((const int[]){SIGINT, SIGTERM, SIGHUP, 0});
	if (fd < 0 || loop_watch(loop, &once->signals, fd, EPOLLIN, on_signal, once) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch signals");
	return 0;
}

static int run_loop(struct once *once, struct runs *runs, struct sa_error *err)
{
	while (!once->is_over) {
		if (loop_once(runs->loop, deadline_poll_ms(runs_next_deadline(runs))) < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "wait");
		runs_tick(runs);
	}
	if (!once->failed.kind)
		return once->status;
	return error_set(err, once->failed.kind, "%s", once->failed.message);
}

int verb_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_folder struct folder folder = FOLDER_INIT;
	struct once once = {.is_text = command_wants_text(&o->common),
			    .signals = WATCH_INIT,
			    .failed = SA_ERROR_INIT};
	struct process_config config;
	struct loop loop;
	struct runs runs = {.loop = NULL};
	if (argc < 1 || !span_trim(span_of(argv[0])).n)
		return error_set(err, PROBLEM_INVALID_REQUEST, "run wants a command");
	for (size_t i = 0; i < o->env.count; i++)
		if (!strchr(o->env.items[i], '=') || o->env.items[i][0] == '=')
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "--env wants NAME=VALUE, not '%s'", o->env.items[i]);
	if (folder_open(&folder, err) < 0)
		return -1;
	process_config_load(folder.fd, &config);
	const struct spec spec = {
	    .argv = argv,
	    .argc = (size_t)argc,
	    .cwd = (char *)(uintptr_t)o->cwd,
	    .env = (char **)(uintptr_t)o->env.items,
	    .env_count = o->env.count,
	};
	int64_t timeout = o->timeout_ms >= 0 ? o->timeout_ms : config.default_run_timeout_ms;
	uint64_t output =
	    o->max_output != UINT64_MAX ? o->max_output : (uint64_t)config.max_output_bytes;
	if (loop_init(&loop) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make an epoll descriptor");
	int rc = runs_init(&runs, &loop, err);
	if (rc == 0)
		rc = watch_signals(&once, &loop, err);
	if (rc == 0)
		once.run = runs_start(&runs, &spec, timeout, output, on_done, &once, err);
	rc = once.run ? run_loop(&once, &runs, err) : -1;
	runs_free(&runs);
	loop_free(&loop);
	return rc;
}
