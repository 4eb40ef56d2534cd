#include "process.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* For a process to be gone after SIGKILL. */
enum { KILLED_MS = 5000 };

int process_open(struct procid id)
{
	cleanup_close int fd = (int)syscall(SYS_pidfd_open, id.pid, 0);
	/* Opened first, compared then: the descriptor cannot change its process any more. */
	return fd >= 0 && procid_is_alive(id) ? TAKE_FD(fd) : -1;
}

bool process_wait_end(int pidfd, int64_t deadline)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int n;
	do
		n = poll(&p, 1, deadline_poll_ms(deadline));
	while (n < 0 && errno == EINTR);
	return n > 0;
}

int process_end(int pidfd, int signal_number, int64_t deadline, struct sa_error *err)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0) < 0 && errno != ESRCH)
		return error_set_errno(err, PROBLEM_PERMISSION_DENIED, errno, "end the server");
	/* A stopped process takes no other signal. */
	syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, 0);
	if (process_wait_end(pidfd, deadline))
		return 0;
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	if (process_wait_end(pidfd, deadline_after(KILLED_MS)))
		return 1;
	return error_set(err, PROBLEM_TIMEOUT, "the server does not end, not even killed");
}
