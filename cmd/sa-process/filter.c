#include "filter.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "http/response.h"
#include "os/io.h"
#include "os/signals.h"
#include "verbs.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- answers ------------------------------------------------------------------------------- */

/* The members that clients find beside the detail (contract 3). */
static void add_details(struct buf *b, const struct sa_error *err, const char *id)
{
	struct buf inner = BUF_INIT(BUF_MAX_OWN);
	json_open(&inner, '{');
	if (err->kind == PROBLEM_NOT_FOUND && id) {
		json_kv_string(&inner, "resource", "process");
		json_kv_string(&inner, "id", id);
	} else {
		json_kv_string(&inner, "message", err->message);
	}
	json_close(&inner, '}');
	json_kv_raw(b, "details", buf_span(&inner));
	buf_free(&inner);
}

void filter_problem(struct filter *f, struct span ref, const struct sa_error *err, const char *id)
{
	cleanup_buf struct buf extensions = BUF_INIT(BUF_MAX_OWN), problem = BUF_INIT(BUF_MAX_OWN),
			       line = BUF_INIT(BUF_MAX_OWN);
	struct http_problem p = {.kind = err->kind, .detail = span_of(err->message)};
	if (err->kind != PROBLEM_INVALID_REQUEST)
		add_details(&extensions, err, id);
	if (err->kind == PROBLEM_TOO_LARGE) {
		/* Clients know it by this type (contract 3). */
		p.kind = PROBLEM_INVALID_REQUEST;
		p.status = problem_info(PROBLEM_TOO_LARGE)->http_status;
		p.title = problem_info(PROBLEM_TOO_LARGE)->title;
	}
	p.extensions = extensions.len ? buf_span(&extensions) : SPAN_NONE;
	http_problem_add(&problem, &p);
	json_open(&line, '{');
	json_kv_raw(&line, "ref", ref);
	json_kv_raw(&line, "problem", buf_span(&problem));
	json_close(&line, '}');
	channel_add(&f->channel, buf_span(&line), -1);
}

void filter_result(struct filter *f, struct span ref, struct span result)
{
	struct filter_reply reply = FILTER_REPLY_INIT;
	reply.result = result;
	filter_answer(&f->channel, ref, &reply);
}

void filter_record(struct filter *f, struct span ref, const struct process *process)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	process_add_json(&b, process);
	filter_result(f, ref, buf_span(&b));
}

/* --- requests ------------------------------------------------------------------------------ */

static int op_gone(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	(void)err;
	jobs_cancel(f, json_get(request->params, "of"));
	return 0;
}

static int op_shutdown(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	(void)err;
	filter_shutdown(f);
	struct filter_reply reply = FILTER_REPLY_INIT;
	filter_answer(&f->channel, request->ref, &reply);
	f->has_ended = true;
	return 0;
}

static const struct {
	const char *name;
	job_fn *fn;
} ops[] = {
    {"list", record_list},	{"show", record_show},	    {"run", job_run},
    {"start", job_start},	{"stop", job_stop},	    {"kill", job_kill},
    {"delete", record_delete},	{"logs", record_logs},	    {"logs.follow", record_follow},
    {"input", job_input},	{"resize", job_resize},	    {"attach", record_attach},
    {"config.get", config_get}, {"config.set", config_set}, {"gone", op_gone},
    {"shutdown", op_shutdown},
};

static void dispatch(struct filter *f, struct span line)
{
	struct sa_error err = SA_ERROR_INIT;
	struct filter_request request;
	int rc = filter_parse(line, &request, &err);
	if (rc == 0 && request.has_fd) {
		int fd = channel_take_fd(&f->channel);
		if (fd >= 0)
			close(fd);
	}
	job_fn *fn = NULL;
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(ops); i++)
		if (span_is(request.op, ops[i].name))
			fn = ops[i].fn;
	if (fn)
		rc = fn(f, &request, &err);
	else if (rc == 0)
		rc = error_set(&err, PROBLEM_INVALID_REQUEST, "unknown op '%.*s'",
			       SPAN_ARG(request.op));
	if (rc == 0)
		return;
	cleanup_free char *id = filter_param(&request, "id");
	filter_problem(f, request.ref, &err, id);
}

static void take_line(struct filter *f, enum lines_result result, struct span line)
{
	struct sa_error err = SA_ERROR_INIT;
	if (result == LINES_LINE && span_trim(line).n > 0)
		dispatch(f, line);
	if (result != LINES_TOO_LONG)
		return;
	error_set(&err, PROBLEM_TOO_LARGE, "a request is too long");
	filter_problem(f, SPAN_NONE, &err, NULL);
}

static void read_requests(struct filter *f)
{
	struct span line;
	int rc = channel_read(&f->channel);
	if (rc < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (rc > 0) {
		enum lines_result result;
		while (!f->has_ended && (result = channel_next(&f->channel, &line)) != LINES_MORE)
			take_line(f, result, line);
		return;
	}
	f->has_ended = true;
	if (rc == 0)
		take_line(f, lines_end(&f->channel.lines, &line), line);
	else
		f->is_gone = true;
}

/* --- the loop ------------------------------------------------------------------------------ */

static void on_in(void *arg, uint32_t events)
{
	struct filter *f = arg;
	/* A socket whose other side is gone altogether: nobody wants the answers. */
	if (events & EPOLLHUP && f->channel.is_in_socket && !(events & EPOLLIN))
		f->is_gone = true;
	else if (events & (EPOLLIN | EPOLLHUP))
		read_requests(f);
}

static void on_out(void *arg, uint32_t events)
{
	(void)arg; /* the flush at the end of the turn does the work */
	(void)events;
}

static void on_signal(void *arg, uint32_t events)
{
	struct filter *f = arg;
	(void)events;
	while (signals_take(f->signals.fd))
		continue;
	/* Supervisors that have ended; the nest is a child too. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

static void settle(struct filter *f)
{
	int rc = channel_flush(&f->channel);
	if (rc < 0)
		f->is_gone = true;
	uint32_t out = rc == 1 ? EPOLLOUT : 0;
	uint32_t in = f->has_ended || f->channel.out.len > FILTER_OUT_PAUSE_BYTES ||
			      f->job_count >= FILTER_JOBS_MAX
			  ? 0
			  : EPOLLIN;
	bool is_shared = f->out.fd < 0;
	loop_want(&f->loop, &f->in, in | (is_shared ? out : 0));
	if (!is_shared)
		loop_want(&f->loop, &f->out, out);
}

static bool is_over(const struct filter *f)
{
	return f->is_gone || (f->has_ended && f->job_count == 0 && f->channel.out.len == 0);
}

static int64_t next_deadline(const struct filter *f)
{
	int64_t a = jobs_next_deadline(f), b = runs_next_deadline(&f->runs);
	return a < b ? a : b;
}

/* Regular files cannot be watched: they are read at once. */
static int watch_channel(struct filter *f, struct sa_error *err)
{
	bool is_shared = f->channel.is_in_socket && f->channel.is_out_socket;
	if (loop_watch(&f->loop, &f->in, 0, EPOLLIN, on_in, f) < 0 && errno != EPERM)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch standard input");
	if (f->in.fd >= 0)
		io_set_nonblocking(0);
	if (!is_shared && loop_watch(&f->loop, &f->out, 1, 0, on_out, f) == 0)
		io_set_nonblocking(1);
	return 0;
}

static int watch_signals(struct filter *f, struct sa_error *err)
{
	int fd = signals_open((const int[]){SIGCHLD, 0});
	if (fd < 0 || loop_watch(&f->loop, &f->signals, fd, EPOLLIN, on_signal, f) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch signals");
	return 0;
}

static int loop(struct filter *f, struct sa_error *err)
{
	while (!is_over(f)) {
		int wait = deadline_poll_ms(next_deadline(f));
		if (f->in.fd < 0 && !f->has_ended) {
			read_requests(f);
			wait = 0;
		}
		if (loop_once(&f->loop, wait) < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "wait");
		jobs_tick(f);
		runs_tick(&f->runs);
		settle(f);
	}
	return SA_EXIT_OK;
}

int filter_main(struct sa_error *err)
{
	struct filter f = {
	    .in = WATCH_INIT, .out = WATCH_INIT, .signals = WATCH_INIT, .folder = FOLDER_INIT};
	if (loop_init(&f.loop) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make an epoll descriptor");
	int rc = runs_init(&f.runs, &f.loop, err);
	channel_init(&f.channel, 0, 1, LINES_LIMIT_DEFAULT);
	if (rc == 0 && (folder_open(&f.folder, err) < 0 || watch_channel(&f, err) < 0 ||
			watch_signals(&f, err) < 0))
		rc = -1;
	if (rc == 0)
		rc = loop(&f, err);
	f.is_gone = true;
	runs_free(&f.runs);
	jobs_free(&f);
	channel_free(&f.channel);
	folder_close(&f.folder);
	loop_free(&f.loop);
	return rc;
}

int verb_filter(const void *arg, int argc, char **argv, struct sa_error *err)
{
	(void)arg;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "filter takes no operand, not '%s'",
				 argv[0]);
	return filter_main(err);
}
