#include "run.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 16 * 1024 };

/* Read until the other end closes or the time is over. Whether it closed. */
static bool drain(int fd, struct buf *out, int64_t deadline)
{
	char chunk[READ_BYTES];
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int rc = poll(&p, 1, deadline_poll_ms(deadline));
		if (rc < 0 && errno == EINTR)
			continue;
		if (rc <= 0)
			return false;
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		if (out) {
			size_t room = out->max - out->len, taken = (size_t)n < room ? (size_t)n : room;
			buf_add(out, chunk, taken);
		}
	}
}

/* Wait for the process itself: it may close its output and go on. */
static bool has_ended(pid_t pid, int64_t deadline)
{
	cleanup_close int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int rc;
	do
		rc = poll(&p, 1, deadline_poll_ms(deadline));
	while (rc < 0 && errno == EINTR);
	return fd < 0 || rc > 0;
}

int run_program(const struct run *run, struct sa_error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make a pipe");
	cleanup_close int read_end = ends[0];
	cleanup_close int write_end = ends[1];
	struct spawn spawn = SPAWN_INIT;
	spawn.path = run->argv[0];
	spawn.argv = (char *const *)(uintptr_t)run->argv;
	spawn.env = run->env;
	spawn.cwd = run->cwd;
	spawn.fds[1] = write_end;
	spawn.fds[2] = run->has_stderr ? write_end : -1;
	spawn.is_session_leader = true;
	spawn.parent_death_signal = SIGKILL;
	pid_t pid = spawn_start(&spawn, err);
	close(TAKE_FD(write_end));
	if (pid < 0)
		return -1;
	int64_t deadline = deadline_after(run->wait_ms);
	bool is_over = drain(read_end, run->out, deadline) && has_ended(pid, deadline);
	/* What it started may hold the pipe open, or go on: nothing of it is left behind. */
	if (!is_over)
		kill(-pid, SIGKILL);
	int status = spawn_wait(pid);
	if (!is_over)
		return error_set(err, PROBLEM_TIMEOUT, "%s did not end within %lld ms", run->argv[0],
				 (long long)run->wait_ms);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return error_set(err, PROBLEM_FAILED, "%s ended with %s %d", run->argv[0],
			 WIFSIGNALED(status) ? "signal" : "status",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}
