#include "relay.h"

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "http/sse.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/signals.h"
#include "os/spawn.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024, TERM_MS = 5000 };

struct relay {
	pid_t pid;
	int pidfd;
	int out, errors;     /* our ends; -1 when at their end */
	int end_fd, hold_fd; /* of the plan, ours now; -1: none, or no more */
	int signals;	     /* SIGTERM, while there is something to hold */
	bool is_collecting;
	struct buf all_out, all_errors;
	uint64_t frames;
	int64_t silent_since;
};

/* For the one answer at the end. */
static void collect(struct buf *all, struct span bytes)
{
	size_t room = all->max - all->len;
	all->is_overflowed = all->is_overflowed || bytes.n > room;
	buf_add(all, bytes.p, bytes.n < room ? bytes.n : room);
}

static int send_frame(struct relay *r, const char *event, struct span data, struct sa_error *err)
{
	cleanup_buf struct buf frame = BUF_INIT(BUF_MAX_OWN);
	if (event)
		sse_frame_add(&frame, event, ++r->frames, data);
	else
		sse_comment_add(&frame, "heartbeat");
	r->silent_since = clock_monotonic_ms();
	if (io_write_all(STDOUT_FILENO, buf_span(&frame)) == 0)
		return 0;
	return error_set_errno(err, PROBLEM_FAILED, errno, "write standard output");
}

/* Pass on what is there. 1: maybe more, 0: nothing now or at its end, -1. */
static int pass_on(struct relay *r, int *fd, const char *event, struct sa_error *err)
{
	cleanup_buf struct buf bytes = BUF_INIT(CHUNK_BYTES);
	cleanup_buf struct buf data = BUF_INIT(BUF_MAX_OWN);
	ssize_t n = *fd < 0 ? 0 : io_read_some(*fd, &bytes, CHUNK_BYTES);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0) {
		if (*fd >= 0)
			close(TAKE_FD(*fd));
		return 0;
	}
	if (r->is_collecting) {
		collect(fd == &r->out ? &r->all_out : &r->all_errors, buf_span(&bytes));
		return 1;
	}
	buf_adds(&data, "{\"data\":\"");
	base64_add(&data, buf_span(&bytes));
	buf_adds(&data, "\"}");
	return send_frame(r, event, buf_span(&data), err) < 0 ? -1 : 1;
}

/* A file with these bytes, from its start. -1 with err. */
static int input_file(const struct buf *input, struct sa_error *err)
{
	cleanup_close int fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0 || io_write_all(fd, buf_span(input)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "keep the input");
	return TAKE_FD(fd);
}

static int start(struct relay *r, const struct plan *plan, struct sa_error *err)
{
	cleanup_free char *path = dirs_find_sibling(plan->argv[0]);
	int p[4] = {-1, -1, -1, -1};
	if (!path)
		return error_set(err, PROBLEM_NOT_FOUND, "%s is not installed", plan->argv[0]);
	cleanup_close int input = plan->has_ours ? -1 : input_file(&plan->input, err);
	if (input < 0 && !plan->has_ours)
		return -1;
	if (pipe2(p, O_CLOEXEC) < 0 || pipe2(p + 2, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make pipes");
	if (*plan->columns)
		setenv("COLUMNS", plan->columns, 1);
	/* This machine is meant, not one further away. */
	unsetenv("SANDBOX_AGENT_ENDPOINT");
	struct spawn spawn = SPAWN_INIT;
	spawn.path = path;
	spawn.argv = plan->argv;
	spawn.fds[0] = plan->has_ours ? STDIN_FILENO : input;
	spawn.fds[1] = p[1];
	spawn.fds[2] = p[3];
	spawn.parent_death_signal = SIGTERM;
	r->pid = spawn_start(&spawn, err);
	close(p[1]);
	close(p[3]);
	r->out = p[0];
	r->errors = p[2];
	io_set_nonblocking(r->out);
	io_set_nonblocking(r->errors);
	if (r->pid < 0)
		return -1;
	r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	return r->pidfd < 0 ? error_set_errno(err, PROBLEM_FAILED, errno, "watch it") : 0;
}

/* All input has come and the command may see its end; or sa-serve is gone, and then what has come
 * is not all of it. 1: that. */
static int take_end(struct relay *r)
{
	char byte;
	if (read(r->end_fd, &byte, 1) != 1)
		return 1;
	close(TAKE_FD(r->end_fd));
	close(TAKE_FD(r->hold_fd));
	return 0;
}

/* Until it has ended. 0; 1: the reader has left; -1 */
static int pump(struct relay *r, struct sa_error *err)
{
	r->silent_since = clock_monotonic_ms();
	for (;;) {
		struct pollfd fds[] = {
		    {.fd = STDOUT_FILENO, .events = POLLRDHUP},
		    {.fd = r->out, .events = POLLIN},
		    {.fd = r->errors, .events = POLLIN},
		    {.fd = r->pidfd, .events = POLLIN},
		    {.fd = r->end_fd, .events = POLLIN},
		    {.fd = r->signals, .events = POLLIN},
		};
		poll(fds, ARRAY_SIZE(fds),
		     r->is_collecting ? -1 : deadline_poll_ms(r->silent_since + RELAY_SILENCE_MS));
		if (fds[0].revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL))
			return 1;
		if (fds[5].revents || (fds[4].revents && take_end(r) != 0))
			return 1;
		if ((fds[1].revents && pass_on(r, &r->out, "stdout", err) < 0) ||
		    (fds[2].revents && pass_on(r, &r->errors, "stderr", err) < 0))
			return -1;
		if (fds[3].revents)
			return 0;
		if (!r->is_collecting &&
		    clock_monotonic_ms() >= r->silent_since + RELAY_SILENCE_MS &&
		    send_frame(r, NULL, SPAN_NONE, err) < 0)
			return -1;
	}
}

/* What it wrote last; whoever else holds the pipes is not waited for. */
static int drain(struct relay *r, struct sa_error *err)
{
	int rc;
	while ((rc = pass_on(r, &r->out, "stdout", err)) > 0)
		continue;
	while (rc == 0 && (rc = pass_on(r, &r->errors, "stderr", err)) > 0)
		rc = 0;
	return rc;
}

static void add_all(struct buf *b, const char *key, const struct buf *all)
{
	json_key(b, key);
	buf_addc(b, '"');
	base64_add(b, buf_span(all));
	buf_addc(b, '"');
}

static int send_exit(struct relay *r, int status, struct sa_error *err)
{
	cleanup_buf struct buf data = BUF_INIT(BUF_MAX_OWN);
	json_open(&data, '{');
	if (r->is_collecting) {
		add_all(&data, "stdout", &r->all_out);
		add_all(&data, "stderr", &r->all_errors);
		if (r->all_out.is_overflowed || r->all_errors.is_overflowed)
			json_kv_string(&data, "message", "some of its output was dropped");
	}
	if (WIFEXITED(status))
		json_kv_int(&data, "exitStatus", WEXITSTATUS(status));
	else
		json_kv_int(&data, "signal", WTERMSIG(status));
	json_close(&data, '}');
	if (!r->is_collecting)
		return send_frame(r, "exit", buf_span(&data), err);
	if (io_write_all(STDOUT_FILENO, buf_span(&data)) == 0)
		return 0;
	return error_set_errno(err, PROBLEM_FAILED, errno, "write standard output");
}

/* Nobody wants it any more. */
static void end(struct relay *r)
{
	struct pollfd p = {.fd = r->pidfd, .events = POLLIN};
	kill(r->pid, SIGTERM);
	if (poll(&p, 1, TERM_MS) == 0)
		kill(r->pid, SIGKILL);
	spawn_wait(r->pid);
}

int relay_run(const struct plan *plan, struct sa_error *err)
{
	struct relay r = {
	    .pid = -1,
	    .pidfd = -1,
	    .out = -1,
	    .errors = -1,
	    .end_fd = plan->end_fd,
	    .hold_fd = plan->hold_fd,
	    .signals = -1,
	    .is_collecting = plan->has_ours,
	    .all_out = BUF_INIT(RELAY_OUTPUT_BYTES),
	    .all_errors = BUF_INIT(RELAY_OUTPUT_BYTES),
	};
	/* We end after the command: the end of what we hold would be the end of its input. */
	if (r.hold_fd >= 0 && (r.signals = signals_open((const int[]){SIGTERM, 0})) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch signals");
	int rc = start(&r, plan, err);
	if (rc == 0) {
		rc = pump(&r, err);
		if (rc == 0)
			rc = drain(&r, err);
		if (rc != 0)
			end(&r);
		else
			rc = send_exit(&r, spawn_wait(r.pid), err);
	}
	if (r.out >= 0)
		close(r.out);
	if (r.errors >= 0)
		close(r.errors);
	if (r.pidfd >= 0)
		close(r.pidfd);
	if (r.signals >= 0)
		close(r.signals);
	buf_free(&r.all_out);
	buf_free(&r.all_errors);
	return rc;
}
