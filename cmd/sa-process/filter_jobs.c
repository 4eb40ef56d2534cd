/* What takes time: the filter goes on with other requests meanwhile. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "filter.h"
#include "frames.h"
#include "os/io.h"
#include "process/launch.h"
#include "process/link.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READY_LINE_BYTES = 8 << 20, ANSWERS_BYTES = 64 * 1024 };

enum job_kind {
	JOB_START, /* until the supervisor is ready */
	JOB_CALL,  /* until the supervisor has answered each op: wanted lines */
	JOB_END,   /* until the supervisor has gone, or the deadline */
};

struct job {
	struct filter *filter;
	struct job *next;
	enum job_kind kind;
	char *ref;
	char *id;
	struct watch watch;
	struct buf to_send;
	struct buf received;
	size_t wanted;
	bool is_taken; /* JOB_END: the supervisor has said that it does it */
	char *result;  /* JSON of a call that went well */
	int64_t deadline;
};

static void drop(struct job *job)
{
	struct filter *f = job->filter;
	struct job **p = &f->jobs;
	while (*p != job)
		p = &(*p)->next;
	*p = job->next;
	f->job_count--;
	loop_close(&f->loop, &job->watch);
	buf_free(&job->to_send);
	buf_free(&job->received);
	free(job->ref);
	free(job->id);
	free(job->result);
	free(job);
}

static struct job *add(struct filter *f, enum job_kind kind, const struct filter_request *request,
		       const char *id, int64_t deadline)
{
	struct job *job = xcalloc(1, sizeof(*job));
	*job = (struct job){
	    .filter = f,
	    .next = f->jobs,
	    .kind = kind,
	    .ref = request->ref.p ? xmemdup0(request->ref.p, request->ref.n) : NULL,
	    .id = xstrdup(id),
	    .watch = WATCH_INIT,
	    .to_send = BUF_INIT(BUF_MAX_OWN),
	    .received = BUF_INIT(kind == JOB_START ? READY_LINE_BYTES : ANSWERS_BYTES),
	    .deadline = deadline,
	};
	f->jobs = job;
	f->job_count++;
	return job;
}

static void fail(struct job *job, const struct sa_error *err)
{
	filter_problem(job->filter, span_of(job->ref), err, job->id);
	drop(job);
}

/* The answer is the record as it is now. */
static void answer_record(struct job *job)
{
	cleanup_process struct process process = {.id = NULL};
	struct sa_error err = SA_ERROR_INIT;
	if (folder_read(&job->filter->folder, job->id, &process, &err) < 0) {
		fail(job, &err);
		return;
	}
	filter_record(job->filter, span_of(job->ref), &process);
	drop(job);
}

/* The supervisor hears nothing more. If it never did, the process has not been told to end. */
static void answer_end(struct job *job)
{
	cleanup_process struct process process = {.id = NULL};
	struct sa_error err = SA_ERROR_INIT;
	if (job->is_taken || folder_read(&job->filter->folder, job->id, &process, &err) < 0 ||
	    process.is_exited) {
		answer_record(job);
		return;
	}
	error_set(&err, PROBLEM_STREAM_ERROR,
		  "process '%s' runs, and its supervisor cannot be told", job->id);
	fail(job, &err);
}

/* --- run ----------------------------------------------------------------------------------- */

struct run_request {
	struct filter *filter;
	char *ref;
};

static void on_run_done(struct run *run, const struct sa_error *failed)
{
	struct run_request *r = run->arg;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (failed) {
		filter_problem(r->filter, span_of(r->ref), failed, NULL);
	} else if (!run->is_cancelled) {
		run_add_json(&b, run);
		filter_result(r->filter, span_of(r->ref), buf_span(&b));
	}
	r->filter->job_count--;
	free(r->ref);
	free(r);
}

/* timeoutMs and maxOutputBytes within the limits (contract 11.2). */
static int parse_limits(struct span body, const struct process_config *config, int64_t *ret_timeout,
			int64_t *ret_output, struct sa_error *err)
{
	int64_t timeout = 0, output = config->max_output_bytes;
	if (spec_int(body, "timeoutMs", 0, INT64_MAX, &timeout, err) < 0 ||
	    spec_int(body, "maxOutputBytes", 0, INT64_MAX, &output, err) < 0)
		return -1;
	if (timeout == 0)
		timeout = config->default_run_timeout_ms;
	*ret_timeout = timeout < config->max_run_timeout_ms ? timeout : config->max_run_timeout_ms;
	*ret_output = output < config->max_output_bytes ? output : config->max_output_bytes;
	return 0;
}

int job_run(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	cleanup_spec struct spec spec = {.argv = NULL};
	struct process_config config;
	int64_t timeout, output;
	process_config_load(f->folder.fd, &config);
	if (spec_parse(request->body, &spec, err) < 0 ||
	    parse_limits(span_trim(request->body), &config, &timeout, &output, err) < 0)
		return -1;
	struct run_request *r = xcalloc(1, sizeof(*r));
	r->filter = f;
	r->ref = request->ref.p ? xmemdup0(request->ref.p, request->ref.n) : NULL;
	if (!runs_start(&f->runs, &spec, timeout, (uint64_t)output, on_run_done, r, err)) {
		free(r->ref);
		free(r);
		return -1;
	}
	f->job_count++;
	return 0;
}

void jobs_cancel(struct filter *f, struct span ref)
{
	for (struct run *run = f->runs.list, *next; run; run = next) {
		const struct run_request *r = run->arg;
		next = run->next;
		if (r->ref && json_scalar_equal(span_of(r->ref), ref))
			run_cancel(run);
	}
}

/* --- start --------------------------------------------------------------------------------- */

static void on_ready(void *arg, uint32_t events)
{
	struct job *job = arg;
	cleanup_process struct process process = {.id = NULL};
	struct sa_error err = SA_ERROR_INIT;
	(void)events;
	ssize_t n = io_read_some(job->watch.fd, &job->received, 4096);
	if (n > 0 || (n < 0 && errno == EAGAIN))
		return;
	if (process_launch_result(buf_span(&job->received), &process, &err) < 0) {
		fail(job, &err);
		return;
	}
	filter_record(job->filter, span_of(job->ref), &process);
	drop(job);
}

static int parse_limits_of(struct span body, struct process_limits *ret, struct sa_error *err)
{
	struct span limits = json_get(body, "limits"), key, value;
	int64_t memory = 0, cpu = 0, pids = 0;
	if (!limits.p || json_type(limits) == JSON_NULL)
		return 0;
	/* A limit that is not understood is no limit: nothing is started without it. */
	if (json_type(limits) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "limits is an object");
	for (struct json_iter it = json_iter(limits); json_next(&it, &key, &value);) {
		struct span name = json_string_plain(key);
		if (!span_is(name, "memoryBytes") && !span_is(name, "cpuPercent") &&
		    !span_is(name, "pids"))
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "limits are memoryBytes, cpuPercent and pids, not '%.*s'",
					 SPAN_ARG(name));
	}
	if (spec_int(limits, "memoryBytes", 1, INT64_MAX, &memory, err) < 0 ||
	    spec_int(limits, "cpuPercent", 1, INT32_MAX, &cpu, err) < 0 ||
	    spec_int(limits, "pids", 1, INT32_MAX, &pids, err) < 0)
		return -1;
	*ret = (struct process_limits){(uint64_t)memory, (uint64_t)cpu, (uint64_t)pids};
	return 0;
}

int job_start(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	cleanup_spec struct spec spec = {.argv = NULL};
	struct process_launch launch = PROCESS_LAUNCH_INIT;
	struct span body = span_trim(request->body);
	int64_t cols = 0, rows = 0;
	int ready = -1;
	if (spec_parse(body, &spec, err) < 0 || spec_bool(body, "tty", &launch.is_tty, err) < 0 ||
	    spec_bool(body, "interactive", &launch.is_interactive, err) < 0 ||
	    spec_int(body, "cols", 1, UINT16_MAX, &cols, err) < 0 ||
	    spec_int(body, "rows", 1, UINT16_MAX, &rows, err) < 0 ||
	    parse_limits_of(body, &launch.limits, err) < 0)
		return -1;
	struct span owner = json_get(body, "owner");
	if (owner.p && json_type(owner) != JSON_NULL &&
	    process_owner_parse(json_string_plain(owner), &launch.owner) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "owner is user, agent, desktop or system");
	launch.argv = spec.argv;
	launch.cwd = spec.cwd;
	launch.env = (const char *const *)spec.env;
	launch.env_count = spec.env_count;
	launch.cols = (int)cols;
	launch.rows = (int)rows;
	launch.is_served = true;
	if (process_launch_start(&launch, &ready, err) < 0)
		return -1;
	struct job *job = add(f, JOB_START, request, NULL, DEADLINE_NEVER);
	io_set_nonblocking(ready);
	if (loop_watch(&f->loop, &job->watch, ready, EPOLLIN, on_ready, job) == 0)
		return 0;
	close(ready);
	drop(job);
	return error_set_errno(err, PROBLEM_FAILED, errno, "watch a supervisor");
}

/* --- talking to supervisors ------------------------------------------------------------------ */

static void send_ops(struct job *job)
{
	size_t done = 0;
	while (done < job->to_send.len) {
		ssize_t n = send(job->watch.fd, job->to_send.data + done, job->to_send.len - done,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break; /* full; or gone, which the next read tells */
		done += (size_t)n;
	}
	buf_consume(&job->to_send, done);
	loop_want(&job->filter->loop, &job->watch, EPOLLIN | (job->to_send.len ? EPOLLOUT : 0));
}

/* The answers that have come; true when the job is over. */
static bool take_answers(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	char *end;
	while ((end = job->received.len ? memchr(job->received.data, '\n', job->received.len)
					: NULL)) {
		size_t n = (size_t)(end - job->received.data);
		int rc = process_link_judge((struct span){job->received.data, n}, &err);
		buf_consume(&job->received, n + 1);
		job->is_taken = job->is_taken || rc == 0;
		if (job->kind == JOB_END)
			continue;
		if (rc < 0) {
			fail(job, &err);
			return true;
		}
		if (--job->wanted == 0) {
			filter_result(job->filter, span_of(job->ref), span_of(job->result));
			drop(job);
			return true;
		}
	}
	return false;
}

static void on_link(void *arg, uint32_t events)
{
	struct job *job = arg;
	struct sa_error err = SA_ERROR_INIT;
	if (events & EPOLLOUT)
		send_ops(job);
	if (!(events & ~(uint32_t)EPOLLOUT))
		return;
	ssize_t n = io_read_some(job->watch.fd, &job->received, 4096);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0) {
		take_answers(job);
	} else if (job->kind == JOB_END) {
		answer_end(job);
	} else {
		error_set(&err, PROBLEM_CONFLICT, "process '%s' has ended", job->id);
		fail(job, &err);
	}
}

/* Connect, and send what is in the job's to_send. */
static int talk(struct job *job, struct sa_error *err)
{
	int fd = process_link_open(&job->filter->folder, job->id, err);
	if (fd < 0)
		return -1;
	io_set_nonblocking(fd);
	if (loop_watch(&job->filter->loop, &job->watch, fd, EPOLLIN, on_link, job) < 0) {
		close(fd);
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch a supervisor");
	}
	send_ops(job);
	return 0;
}

/* The record of the process that the request names: it runs. */
static char *find_running(struct filter *f, const struct filter_request *request,
			  struct process *ret, struct sa_error *err)
{
	cleanup_free char *id = filter_param_wanted(request, "id", err);
	if (!id || folder_read(&f->folder, id, ret, err) < 0)
		return NULL;
	if (ret->is_exited) {
		error_set(err, PROBLEM_CONFLICT, "process '%s' is not running", id);
		return NULL;
	}
	return TAKE_PTR(id);
}

static int end(struct filter *f, const struct filter_request *request, const char *op,
	       struct sa_error *err)
{
	cleanup_process struct process process = {.id = NULL};
	int64_t wait = STOP_WAIT_MS;
	cleanup_free char *id = filter_param_wanted(request, "id", err);
	if (!id || filter_param_int(request, "waitMs", 0, INT64_MAX, &wait, err) < 0 ||
	    folder_read(&f->folder, id, &process, err) < 0)
		return -1;
	if (process.is_exited) {
		filter_record(f, request->ref, &process);
		return 0;
	}
	wait = wait > WAIT_MOST_MS ? WAIT_MOST_MS : wait;
	struct job *job = add(f, JOB_END, request, id, clock_monotonic_ms() + wait);
	buf_adds(&job->to_send, op);
	/* Nobody there: it has just ended, or nobody can get through. */
	struct sa_error ignored = SA_ERROR_INIT;
	if (talk(job, &ignored) < 0)
		answer_end(job);
	return 0;
}

int job_stop(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	return end(f, request, "{\"op\":\"stop\"}\n", err);
}

int job_kill(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	return end(f, request, "{\"op\":\"kill\"}\n", err);
}

/* A call whose answer is result. */
static int call(struct job *job, char *result, struct sa_error *err)
{
	job->result = result;
	if (talk(job, err) == 0)
		return 0;
	drop(job);
	return -1;
}

int job_input(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	cleanup_process struct process process = {.id = NULL};
	struct process_config config;
	struct span body = span_trim(request->body);
	struct span data = json_get(body, "data");
	bool is_closing = false;
	process_config_load(f->folder.fd, &config);
	cleanup_buf struct buf input = BUF_INIT((size_t)config.max_input_bytes);
	/* Junk is told before an unknown process is (contract 11.3). */
	if (json_type(body) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the body is a JSON object");
	if (spec_bool(body, "close", &is_closing, err) < 0)
		return -1;
	if ((data.p || !is_closing) &&
	    frame_decode(data, json_get(body, "encoding"), "base64", &input, err) < 0)
		return -1;
	cleanup_free char *id = find_running(f, request, &process, err);
	if (!id)
		return -1;
	struct job *job = add(f, JOB_CALL, request, id, deadline_after(INPUT_WAIT_MS));
	for (size_t at = 0; at < input.len || job->wanted == 0;) {
		size_t n = input.len - at;
		n = n < PROCESS_INPUT_BYTES ? n : PROCESS_INPUT_BYTES;
		buf_addf(&job->to_send, "{\"op\":\"input\",\"bytes\":%zu}\n", n);
		buf_add(&job->to_send, input.data + at, n);
		job->wanted++;
		at += n;
	}
	if (is_closing) {
		buf_adds(&job->to_send, "{\"op\":\"close\"}\n");
		job->wanted++;
	}
	return call(job, xasprintf("{\"bytesWritten\":%zu}", input.len), err);
}

int job_resize(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	cleanup_process struct process process = {.id = NULL};
	struct span body = span_trim(request->body);
	int64_t cols = 0, rows = 0;
	if (json_type(body) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the body is a JSON object");
	if (spec_int(body, "cols", 1, UINT16_MAX, &cols, err) < 0 ||
	    spec_int(body, "rows", 1, UINT16_MAX, &rows, err) < 0)
		return -1;
	if (!cols || !rows)
		return error_set(err, PROBLEM_INVALID_REQUEST, "cols and rows are wanted");
	cleanup_free char *id = find_running(f, request, &process, err);
	if (!id)
		return -1;
	struct job *job = add(f, JOB_CALL, request, id, deadline_after(INPUT_WAIT_MS));
	char *size = xasprintf("\"cols\":%d,\"rows\":%d}", (int)cols, (int)rows);
	buf_addf(&job->to_send, "{\"op\":\"resize\",%s\n", size);
	job->wanted = 1;
	char *result = xasprintf("{%s", size);
	free(size);
	return call(job, result, err);
}

/* --- deadlines ---------------------------------------------------------------------------------
 */

int64_t jobs_next_deadline(const struct filter *f)
{
	int64_t at = DEADLINE_NEVER;
	for (const struct job *job = f->jobs; job; job = job->next)
		at = job->deadline < at ? job->deadline : at;
	return at;
}

void jobs_tick(struct filter *f)
{
	int64_t now = clock_monotonic_ms();
	for (struct job *job = f->jobs, *next; job; job = next) {
		struct sa_error err = SA_ERROR_INIT;
		next = job->next;
		if (job->deadline > now)
			continue;
		if (job->kind == JOB_END) {
			answer_record(job);
			continue;
		}
		error_set(&err, PROBLEM_TIMEOUT, "process '%s' does not read its input", job->id);
		fail(job, &err);
	}
}

void jobs_free(struct filter *f)
{
	while (f->jobs)
		drop(f->jobs);
}
