/* Other commands at work for us: the filters that are kept, and programs that are run once. */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "hub.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/spawn.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void lose(struct backend *backend)
{
	struct sa_error err = SA_ERROR_INIT;
	struct hub *hub = backend->hub;
	cleanup_buf struct buf problem = BUF_INIT(BUF_MAX_OWN);
	error_set(&err, PROBLEM_STREAM_ERROR, "%s has ended before it answered", backend->command);
	int fd = backend->fd;
	loop_forget(&hub->loop, &backend->watch);
	close(fd);
	channel_free(&backend->channel);
	backend->fd = -1;
	json_open(&problem, '{');
	json_kv_string(&problem, "detail", err.message);
	json_close(&problem, '}');
	const struct backend_answer answer = {.status = 502, .problem = buf_span(&problem)};
	/* Answering one may end others: look from the beginning each time. */
	for (struct job *job = hub->jobs; job;) {
		if (!job->backend_ref || job->on_answer == NULL || job->pid) {
			job = job->next;
			continue;
		}
		job->backend_ref = 0;
		job->on_answer(job, &answer);
		job = hub->jobs;
	}
}

static void take_line(struct backend *backend, struct span line)
{
	int64_t ref = json_int_or(json_get(line, "ref"), 0);
	struct job *job = backend->hub->jobs;
	while (job && (!ref || job->backend_ref != ref))
		job = job->next;
	if (!job)
		return;
	struct span problem = json_get(line, "problem");
	const struct backend_answer answer = {
	    .status = (int)json_int_or(json_get(problem.p ? problem : line, "status"),
				       problem.p ? 500 : 200),
	    .result = json_get(line, "result"),
	    .problem = problem,
	};
	job->backend_ref = 0;
	job->on_answer(job, &answer);
}

static void on_backend(void *arg, uint32_t events)
{
	struct backend *backend = arg;
	struct span line;
	if (events & EPOLLOUT)
		channel_flush(&backend->channel);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	int rc = channel_read(&backend->channel);
	if (rc < 0 && errno == EAGAIN)
		return;
	if (rc <= 0) {
		lose(backend);
		return;
	}
	while (backend->fd >= 0 && channel_next(&backend->channel, &line) == LINES_LINE)
		take_line(backend, line);
}

static int start(struct hub *hub, struct backend *backend, struct sa_error *err)
{
	int ends[2];
	cleanup_free char *path = dirs_find_sibling(backend->command);
	if (!path)
		return error_set(err, PROBLEM_NOT_FOUND, "no program '%s'", backend->command);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a socket pair");
	char *const argv[] = {(char *)backend->command, (char *)"filter", NULL};
	struct spawn spawn = SPAWN_INIT;
	spawn.path = path;
	spawn.argv = argv;
	spawn.fds[0] = spawn.fds[1] = ends[1];
	spawn.fds[2] = STDERR_FILENO;
	backend->pid = spawn_start(&spawn, err);
	close(ends[1]);
	if (backend->pid < 0) {
		close(ends[0]);
		return -1;
	}
	io_set_nonblocking(ends[0]);
	backend->fd = ends[0];
	channel_init(&backend->channel, ends[0], ends[0], BUF_MAX_OWN);
	backend->watch = WATCH_INIT;
	if (loop_watch(&hub->loop, &backend->watch, ends[0], EPOLLIN, on_backend, backend) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "watch %s",
				       backend->command);
	return 0;
}

void backend_ask(struct job *job, enum backend_kind kind, const char *op, struct span params,
		 struct span body, job_answer_fn *on_answer)
{
	struct sa_error err = SA_ERROR_INIT;
	struct hub *hub = job->hub;
	struct backend *backend = &hub->backends[kind];
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	if (backend->fd < 0 && start(hub, backend, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	job->backend_ref = ++hub->next_ref;
	job->on_answer = on_answer;
	json_open(&line, '{');
	json_kv_int(&line, "ref", job->backend_ref);
	json_kv_string(&line, "op", op);
	json_kv_raw(&line, "params", params);
	if (body.p) {
		json_key(&line, "body");
		json_add_raw_line(&line, body);
	}
	json_close(&line, '}');
	channel_add(&backend->channel, buf_span(&line), -1);
}

void backends_settle(struct hub *hub)
{
	for (size_t i = 0; i < BACKEND_COUNT; i++) {
		struct backend *backend = &hub->backends[i];
		if (backend->fd < 0)
			continue;
		int rc = channel_flush(&backend->channel);
		if (rc < 0)
			lose(backend);
		else
			loop_want(&hub->loop, &backend->watch, rc ? EPOLLIN | EPOLLOUT : EPOLLIN);
	}
}

void backends_close(struct hub *hub)
{
	for (size_t i = 0; i < BACKEND_COUNT; i++) {
		struct backend *backend = &hub->backends[i];
		if (backend->fd < 0)
			continue;
		int fd = backend->fd;
		loop_forget(&hub->loop, &backend->watch);
		channel_free(&backend->channel);
		close(fd);
		backend->fd = -1;
	}
}

/* --- programs ----------------------------------------------------------------------- */

void backend_run(struct job *job, const char *const *words, job_end_fn *on_end)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_free char *path = dirs_find_sibling(words[0]);
	int ends[2] = {-1, -1};
	if (!path || pipe2(ends, O_CLOEXEC) < 0) {
		error_set(&err, PROBLEM_NOT_FOUND, "cannot run '%s'", words[0]);
		job_fail(job, &err);
		return;
	}
	struct spawn spawn = SPAWN_INIT;
	spawn.path = path;
	spawn.argv = (char *const *)words;
	spawn.fds[2] = ends[1];
	pid_t pid = spawn_start(&spawn, &err);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		job_fail(job, &err);
		return;
	}
	io_set_nonblocking(ends[0]);
	job->pid = pid;
	job->words_fd = ends[0];
	job->on_end = on_end;
}

static void end_program(struct job *job, int status)
{
	cleanup_buf struct buf words = BUF_INIT(HUB_WORDS_BYTES);
	cleanup_close int fd = TAKE_FD(job->words_fd);
	while (io_read_some(fd, &words, HUB_WORDS_BYTES / 4) > 0)
		;
	job->pid = 0;
	job->on_end(job, WIFEXITED(status) && WEXITSTATUS(status) == 0,
		    span_trim(buf_span(&words)));
}

void backend_reap(struct hub *hub)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (struct job *job = hub->jobs; job; job = job->next)
			if (job->pid == pid) {
				end_program(job, status);
				break;
			}
}
