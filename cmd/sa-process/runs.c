#include "runs.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/environment.h"
#include "os/io.h"
#include "process/record.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void finish(struct run *run, const struct sa_error *failed)
{
	struct runs *runs = run->runs;
	struct run **p = &runs->list;
	while (*p != run)
		p = &(*p)->next;
	*p = run->next;
	runs->count--;
	loop_close(runs->loop, &run->out.watch);
	loop_close(runs->loop, &run->err.watch);
	run->done(run, failed);
	buf_free(&run->out.kept);
	buf_free(&run->err.kept);
	free(run);
}

static void finish_if_over(struct run *run)
{
	if (run->is_ended && run->out.watch.fd < 0 && run->err.watch.fd < 0)
		finish(run, NULL);
}

/* --- output ---------------------------------------------------------------------------- */

static void keep(struct run_stream *stream, struct span data)
{
	size_t room = stream->kept.max - stream->kept.len;
	if (data.n > room) {
		stream->is_cut = true;
		data.n = room;
	}
	buf_add_span(&stream->kept, data);
}

static void on_output(void *arg, uint32_t events)
{
	/* Shared: what is read is kept or dropped before the next read. */
	static char chunk[RUN_READ_BYTES];
	struct run_stream *stream = arg;
	(void)events;
	ssize_t n = read(stream->watch.fd, chunk, sizeof(chunk));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		keep(stream, (struct span){chunk, (size_t)n});
		return;
	}
	loop_close(stream->run->runs->loop, &stream->watch);
	finish_if_over(stream->run);
}

/* --- the nest ---------------------------------------------------------------------------- */

static struct run *find(struct runs *runs, uint32_t serial)
{
	for (struct run *run = runs->list; run; run = run->next)
		if (run->serial == serial)
			return run;
	return NULL;
}

static void take_message(struct runs *runs, const struct nest_message *message)
{
	struct run *run = find(runs, message->serial);
	struct sa_error err = SA_ERROR_INIT;
	if (!run)
		return;
	if (message->type == NEST_FAILED) {
		error_set(&err, (enum problem_kind)message->number, "%.500s", message->text);
		finish(run, &err);
		return;
	}
	run->is_ended = true;
	run->status = message->number;
	run->ended_ms = clock_monotonic_ms();
	run->deadline = deadline_after(RUN_DRAIN_MS);
	finish_if_over(run);
}

static void on_nest(void *arg, uint32_t events)
{
	struct runs *runs = arg;
	struct nest_message message;
	ssize_t n;
	(void)events;
	while ((n = recv(runs->nest.fd, &message, sizeof(message), MSG_DONTWAIT)) ==
	       (ssize_t)sizeof(message)) {
		message.text[sizeof(message.text) - 1] = '\0';
		take_message(runs, &message);
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Somebody killed the nest. What it held must not live on; the next run makes a new one. */
	struct sa_error err = SA_ERROR_INIT;
	loop_forget(runs->loop, &runs->watch);
	nest_bury(&runs->nest);
	error_set(&err, PROBLEM_STREAM_ERROR, "the command was killed with its supervisor");
	while (runs->list)
		finish(runs->list, &err);
}

static int open_nest(struct runs *runs, struct sa_error *err)
{
	if (runs->nest.fd >= 0)
		return 0;
	if (nest_fork(&runs->nest, err) < 0)
		return -1;
	if (loop_watch(runs->loop, &runs->watch, runs->nest.fd, EPOLLIN, on_nest, runs) == 0)
		return 0;
	nest_close(&runs->nest);
	return error_set_errno(err, PROBLEM_FAILED, errno, "watch the nest");
}

int runs_init(struct runs *runs, struct loop *loop, struct sa_error *err)
{
	*runs =
	    (struct runs){.loop = loop, .nest = NEST_INIT, .watch = WATCH_INIT, .next_serial = 1};
	return open_nest(runs, err);
}

void runs_free(struct runs *runs)
{
	struct sa_error err = SA_ERROR_INIT;
	if (!runs->loop)
		return;
	loop_forget(runs->loop, &runs->watch);
	nest_close(&runs->nest);
	error_set(&err, PROBLEM_STREAM_ERROR, "the command was ended with its server");
	while (runs->list)
		finish(runs->list, &err);
}

/* --- starting ------------------------------------------------------------------------------ */

/* A pipe: our end watched, the other one in *ret_end. */
static int open_stream(struct run *run, struct run_stream *stream, int *ret_end,
		       struct sa_error *err)
{
	int fds[2];
	stream->run = run;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a pipe");
	*ret_end = fds[1];
	io_set_nonblocking(fds[0]);
	if (loop_watch(run->runs->loop, &stream->watch, fds[0], EPOLLIN, on_output, stream) == 0)
		return 0;
	close(fds[0]);
	return error_set_errno(err, PROBLEM_FAILED, errno, "watch a pipe");
}

static int start(struct run *run, const struct spec *spec, struct sa_error *err)
{
	cleanup_close int out = -1;
	cleanup_close int error_end = -1;
	cleanup_free char **env =
	    environment_make(NULL, (const char *const *)spec->env, spec->env_count);
	/* The PATH that the command will see is the one that finds it. */
	cleanup_free char *path = dirs_find_on(environment_get(env, "PATH"), spec->argv[0]);
	if (!path)
		return error_set(err, PROBLEM_NOT_FOUND, "program '%s' is not on PATH",
				 spec->argv[0]);
	if (open_nest(run->runs, err) < 0 || open_stream(run, &run->out, &out, err) < 0 ||
	    open_stream(run, &run->err, &error_end, err) < 0)
		return -1;
	const struct nest_order order = {
	    .serial = run->serial,
	    .path = path,
	    .argv = spec->argv,
	    .env = env,
	    .cwd = spec->cwd,
	    .out_fd = out,
	    .err_fd = error_end,
	};
	return nest_start(&run->runs->nest, &order, err);
}

struct run *runs_start(struct runs *runs, const struct spec *spec, int64_t timeout_ms,
		       uint64_t max_output_bytes, run_done_fn *done, void *arg,
		       struct sa_error *err)
{
	if (runs->count >= RUNS_MAX) {
		error_set(err, PROBLEM_CONFLICT, "%d commands run at once already", RUNS_MAX);
		return NULL;
	}
	struct run *run = xcalloc(1, sizeof(*run));
	run->runs = runs;
	run->serial = runs->next_serial++;
	runs->next_serial += runs->next_serial == 0;
	run->out.watch = run->err.watch = WATCH_INIT;
	buf_init(&run->out.kept, max_output_bytes);
	buf_init(&run->err.kept, max_output_bytes);
	run->started_ms = clock_monotonic_ms();
	run->deadline = deadline_after(timeout_ms);
	run->done = done;
	run->arg = arg;
	if (start(run, spec, err) < 0) {
		loop_close(runs->loop, &run->out.watch);
		loop_close(runs->loop, &run->err.watch);
		free(run);
		return NULL;
	}
	run->next = runs->list;
	runs->list = run;
	runs->count++;
	return run;
}

/* --- ending ---------------------------------------------------------------------------------- */

void run_cancel(struct run *run)
{
	if (run->is_ended || run->is_cancelled)
		return;
	run->is_cancelled = true;
	run->deadline = deadline_after(RUN_KILL_MS);
	nest_kill(&run->runs->nest, run->serial);
}

static void expire(struct run *run)
{
	if (run->is_ended || run->is_timed_out || run->is_cancelled) {
		/* Its pipes are held by somebody who is none of its tree, or it cannot be killed.
		 */
		run->ended_ms = run->is_ended ? run->ended_ms : clock_monotonic_ms();
		run->status = run->is_ended ? run->status : SIGKILL;
		finish(run, NULL);
		return;
	}
	run->is_timed_out = true;
	run->deadline = deadline_after(RUN_KILL_MS);
	nest_kill(&run->runs->nest, run->serial);
}

int64_t runs_next_deadline(const struct runs *runs)
{
	int64_t at = DEADLINE_NEVER;
	for (const struct run *run = runs->list; run; run = run->next)
		at = run->deadline < at ? run->deadline : at;
	return at;
}

void runs_tick(struct runs *runs)
{
	int64_t now = clock_monotonic_ms();
	for (struct run *run = runs->list, *next; run; run = next) {
		next = run->next;
		if (run->deadline <= now)
			expire(run);
	}
}

/* --- the result ------------------------------------------------------------------------------- */

static struct span shown(const struct run_stream *stream)
{
	struct span text = buf_span(&stream->kept);
	size_t back = 1;
	if (!stream->is_cut)
		return text;
	/* The limit may lie within a character: then its start is left out. */
	while (back < 4 && back < text.n && ((unsigned char)text.p[text.n - back] & 0xc0) == 0x80)
		back++;
	if (back <= text.n && (unsigned char)text.p[text.n - back] >= 0xc0 &&
	    !utf8_decode((struct span){text.p + text.n - back, back}, NULL))
		text.n -= back;
	return text;
}

void run_add_json(struct buf *b, const struct run *run)
{
	bool has_code = !run->is_timed_out && WIFEXITED(run->status);
	json_open(b, '{');
	json_key(b, "exitCode");
	if (has_code)
		json_add_int(b, WEXITSTATUS(run->status));
	else
		json_add_null(b);
	json_kv_bool(b, "timedOut", run->is_timed_out);
	json_kv_span(b, "stdout", shown(&run->out));
	json_kv_span(b, "stderr", shown(&run->err));
	json_kv_bool(b, "stdoutTruncated", run->out.is_cut);
	json_kv_bool(b, "stderrTruncated", run->err.is_cut);
	json_kv_int(b, "durationMs", run->ended_ms - run->started_ms);
	if (WIFSIGNALED(run->status))
		json_kv_string(b, "signal", process_signal_name(WTERMSIG(run->status)));
	json_close(b, '}');
}
