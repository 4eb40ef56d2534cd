#include "worker.h"

#include "base/cleanup.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

static _Noreturn void run(worker_fn *fn, void *arg, int fd)
{
	struct buf text = BUF_INIT(WORKER_TEXT_MAX_BYTES);
	/* Its agents end with it (os/guard), it ends with us. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* One that ends before it was asked is told as any other. */
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	fn(arg, &text);
	_exit(io_write_all(fd, buf_span(&text)) == 0 ? 0 : 1);
}

int worker_start(struct worker *worker, worker_fn *fn, void *arg, struct sa_error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make a pipe");
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		run(fn, arg, ends[1]);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error_set_errno(err, PROBLEM_FAILED, errno, "fork");
	}
	*worker = WORKER_INIT;
	worker->pid = pid;
	worker->fd = ends[0];
	return 0;
}

int worker_read(struct worker *worker)
{
	if (worker->fd < 0)
		return 0;
	if (io_read_some(worker->fd, &worker->text, READ_BYTES) > 0)
		return 1;
	return 0;
}

void worker_end(struct worker *worker)
{
	if (worker->fd < 0)
		return;
	close(TAKE_FD(worker->fd));
	while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

void worker_finish(struct worker *worker)
{
	while (worker_read(worker) > 0)
		continue;
	worker_end(worker);
}

void worker_clear(struct worker *worker)
{
	if (worker->fd >= 0) {
		kill(worker->pid, SIGKILL);
		worker_finish(worker);
	}
	buf_free(&worker->text);
}
