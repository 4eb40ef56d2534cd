#include "program.h"

#include "secret.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "os/io.h"
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Read to the end or the deadline. NULL, or what went wrong (static). */
static const char *collect(int fd, int64_t deadline, struct buf *out)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int ready = poll(&p, 1, deadline_poll_ms(deadline));
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return "it took too long";
		if (out->len == out->max)
			return "it printed too much";
		ssize_t n = io_read_some(fd, out, out->max - out->len);
		if (n < 0)
			return "its output could not be read";
		if (n == 0)
			return NULL;
	}
}

/* Wait for its end; true when it came before the deadline. */
static bool wait_until(pid_t pid, int64_t deadline)
{
	cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int ready;
	do
		ready = poll(&p, 1, deadline_poll_ms(deadline));
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* Run argv; script, when >= 0, becomes its descriptor 3. As program_output(). */
static char *run(char *const *argv, int script, char **ret_reason)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0) {
		*ret_reason = xstrdup("no pipe");
		return NULL;
	}
	cleanup_close int reader = ends[0];
	cleanup_close int writer = ends[1];
	struct spawn spawn = SPAWN_INIT;
	spawn.path = argv[0];
	spawn.argv = argv;
	spawn.fds[1] = writer;
	spawn.fds[3] = script;
	spawn.fd_count = script >= 0 ? 4 : 3;
	spawn.is_session_leader = true;
	struct sa_error err = SA_ERROR_INIT;
	pid_t pid = spawn_start(&spawn, &err);
	if (pid < 0) {
		*ret_reason = xasprintf("%s could not be run", argv[0]);
		return NULL;
	}
	close(TAKE_FD(writer));
	cleanup_secret_buf struct buf out = BUF_INIT(PROGRAM_OUTPUT_MAX_BYTES);
	buf_reserve(&out, PROGRAM_OUTPUT_MAX_BYTES);
	int64_t deadline = deadline_after(PROGRAM_TIMEOUT_MS);
	const char *wrong = collect(reader, deadline, &out);
	if (!wrong && !wait_until(pid, deadline))
		wrong = "it took too long";
	/* It leads its own session: what it left running goes with it. */
	if (wrong)
		kill(-pid, SIGKILL);
	int status = spawn_wait(pid);
	if (!wrong && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		wrong = "it failed";
	struct span text = span_trim(buf_span(&out));
	if (!wrong && text.n == 0)
		wrong = "it printed nothing";
	if (!wrong && memchr(text.p, '\0', text.n))
		wrong = "it printed a NUL byte";
	if (wrong) {
		*ret_reason = xasprintf("a command was run: %s", wrong);
		return NULL;
	}
	return xmemdup0(text.p, text.n);
}

char *program_output(char *const *argv, char **ret_reason)
{
	return run(argv, -1, ret_reason);
}

char *program_shell_output(const char *command, char **ret_reason)
{
	/* Not sh -c: people write keys into such commands, and argv is for all to see. */
	cleanup_close int script = memfd_create("helper", MFD_CLOEXEC);
	if (script < 0 || io_write_all(script, span_of(command)) < 0 ||
	    lseek(script, 0, SEEK_SET) < 0) {
		*ret_reason = xstrdup("no memory file for a command");
		return NULL;
	}
	char *argv[] = {(char *)"/bin/sh", (char *)"/dev/fd/3", NULL};
	return run(argv, script, ret_reason);
}
