#include "os/spawn.h"

#include "base/cleanup.h"
#include "os/dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What the child tells before exec when it cannot go on. */
struct spawn_failure {
	int errnum;
	int is_cwd;
};

/* fork() into a cgroup (clone3, Linux 5.7), so that no migration is needed. */
static pid_t fork_into(int cgroup_fd, bool needs_cgroup)
{
	struct clone_args args;
	memset(&args, 0, sizeof(args));
	args.flags = CLONE_INTO_CGROUP;
	args.exit_signal = SIGCHLD;
	args.cgroup = (uint64_t)cgroup_fd;
	long pid = cgroup_fd < 0 ? -1 : syscall(SYS_clone3, &args, sizeof(args));
	return pid >= 0 || needs_cgroup ? (pid_t)pid : fork();
}

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Everything from first on closes at exec. */
static void mark_close_on_exec(int first)
{
	if (syscall(__NR_close_range, (unsigned)first, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) == 0)
		return;
	for (int fd = first; fd < 1024; fd++) /* Linux 5.10 */
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Put fds in place. report is moved out of the way first; its new number, or -1. */
static int place_fds(const struct spawn *spawn, int report)
{
	int above = SPAWN_FDS_MAX + 1;
	int moved[SPAWN_FDS_MAX];
	report = fcntl(report, F_DUPFD_CLOEXEC, above);
	if (report < 0)
		return -1;
	for (int i = 0; i < spawn->fd_count; i++) {
		int from = spawn->fds[i];
		if (from < 0 && i <= 2) {
			int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
			moved[i] = null_fd < 0 ? -1 : fcntl(null_fd, F_DUPFD_CLOEXEC, above);
		} else {
			moved[i] = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, above);
		}
	}
	for (int i = 0; i < spawn->fd_count; i++)
		if (moved[i] >= 0 && dup2(moved[i], i) < 0)
			return -1;
	for (int i = 3; i < spawn->fd_count; i++)
		if (moved[i] < 0)
			close(i);
	mark_close_on_exec(spawn->fd_count);
	return report;
}

static _Noreturn void run_child(const struct spawn *spawn, const char *path, int report,
				pid_t parent)
{
	struct spawn_failure failure = {0, 0};
	reset_signals();
	if (spawn->is_session_leader)
		setsid();
	if (spawn->parent_death_signal) {
		prctl(PR_SET_PDEATHSIG, spawn->parent_death_signal);
		if (getppid() != parent) /* it died before prctl */
			_exit(127);
	}
	report = place_fds(spawn, report);
	if (report < 0)
		_exit(127);
	if (spawn->is_terminal)
		ioctl(0, TIOCSCTTY, 0);
	if (spawn->cwd && chdir(spawn->cwd) < 0) {
		failure = (struct spawn_failure){errno, 1};
	} else {
		execve(path, spawn->argv, spawn->env ? spawn->env : environ);
		failure.errnum = errno;
	}
	ssize_t ignored = write(report, &failure, sizeof(failure));
	(void)ignored;
	_exit(127);
}

pid_t spawn_start(const struct spawn *spawn, struct sa_error *err)
{
	cleanup_free char *found = strchr(spawn->path, '/') ? NULL : dirs_find_on_path(spawn->path);
	const char *path = found ? found : spawn->path;
	if (!found && !strchr(spawn->path, '/'))
		return error_set(err, PROBLEM_NOT_FOUND, "program '%s' is not on PATH",
				 spawn->path);
	int pipe_fds[2];
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a pipe");
	cleanup_close int from_child = pipe_fds[0];
	cleanup_close int to_parent = pipe_fds[1];
	pid_t parent = getpid();
	sigset_t all, before;
	sigfillset(&all);
	/* vfork(2) copies no page, which is half of the price; the child is in our memory until it
	 * is another program: no handler of ours may run in it. */
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = spawn->cgroup_fd < 0 && !spawn->needs_cgroup
			? vfork()
			: fork_into(spawn->cgroup_fd, spawn->needs_cgroup);
	if (pid == 0)
		run_child(spawn, path, to_parent, parent);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "start %s%s", path,
				       spawn->needs_cgroup ? " in its cgroup" : "");
	close(TAKE_FD(to_parent));
	struct spawn_failure failure;
	ssize_t n;
	do
		n = read(from_child, &failure, sizeof(failure));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(failure))
		return pid;
	spawn_wait(pid);
	enum problem_kind kind = failure.errnum == ENOENT || failure.errnum == ENOTDIR
				     ? PROBLEM_NOT_FOUND
				     : PROBLEM_STREAM_ERROR;
	if (failure.is_cwd)
		return error_set_errno(err, kind, failure.errnum, "working directory '%s'",
				       spawn->cwd);
	return error_set_errno(err, kind, failure.errnum, "start '%s'", path);
}

int spawn_wait(pid_t pid)
{
	int status;
	pid_t got;
	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -1 : status;
}
