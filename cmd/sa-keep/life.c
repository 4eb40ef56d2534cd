#include "life.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "child.h"
#include "os/guard.h"
#include "os/proctree.h"
#include "os/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The table. "-" cannot happen or means nothing there.
 *
 *              STARTED  FAILED  EXITED  GONE  LOST  STOP      DEADLINE
 *   STARTING   run      fail    -       -     lose  remember  -
 *   RUNNING    -        -       clear   -     lose  ask       kill
 *   CLEARING   -        -       -       over  lose  -         kill
 *
 * clear: note how it ended, ask what it left behind to end. LOST: the guard
 * itself is gone. STOP: the supervisor is told to end; what clients ask for
 * goes straight to the guard.
 */
enum life_event {
	EVENT_STARTED,
	EVENT_FAILED,
	EVENT_EXITED,
	EVENT_GONE,
	EVENT_LOST,
	EVENT_STOP,
	EVENT_DEADLINE,
	EVENT_COUNT,
};

static void enter(struct keeper *k, enum life_state state, int64_t deadline_ms)
{
	k->life = state;
	k->life_deadline = deadline_after(deadline_ms);
}

/* The record as it will be: shown to others when all output is in the log. */
static void note_end(struct keeper *k, int status)
{
	struct process *p = &k->process;
	p->exited_ms = clock_now_ms();
	p->has_exit_code = WIFEXITED(status);
	p->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	p->end_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* --- actions ---------------------------------------------------------------------- */

static void do_ask(struct keeper *k, const struct guard_message *message)
{
	(void)message;
	guard_terminate(k->guard.fd);
	k->life_deadline = deadline_after(STOP_GRACE_MS);
}

static void do_run(struct keeper *k, const struct guard_message *message)
{
	struct sa_error err = SA_ERROR_INIT;
	k->process.pid = message->number;
	enter(k, LIFE_RUNNING, 0);
	if (folder_write(k->dir_fd, &k->process, &err) < 0) {
		/* A process that nobody can see must not live. */
		keeper_tell_ready(k, &err);
		life_kill(k);
		return;
	}
	keeper_tell_ready(k, NULL);
	if (k->is_stopping)
		do_ask(k, message);
}

static void do_fail(struct keeper *k, const struct guard_message *message)
{
	struct sa_error err = SA_ERROR_INIT;
	error_set(&err, (enum problem_kind)message->number, "%s", message->text);
	if (k->ready_fd < 0)
		*k->problem = err;
	keeper_tell_ready(k, &err);
	enter(k, LIFE_OVER, 0);
}

static void do_clear(struct keeper *k, const struct guard_message *message)
{
	note_end(k, message->number);
	guard_terminate(k->guard.fd);
	enter(k, LIFE_CLEARING, LEFTOVER_MS);
}

static void do_lose(struct keeper *k, const struct guard_message *message)
{
	(void)message;
	/* What the guard watched over has fallen to us. */
	proctree_kill_mine(0, KILL_PATIENCE_MS);
	if (k->life != LIFE_CLEARING)
		note_end(k, SIGKILL);
	enter(k, LIFE_OVER, 0);
}

static void do_over(struct keeper *k, const struct guard_message *message)
{
	(void)message;
	enter(k, LIFE_OVER, 0);
}

static void do_kill(struct keeper *k, const struct guard_message *message)
{
	(void)message;
	guard_kill(k->guard.fd);
	k->life_deadline = deadline_after(KILL_PATIENCE_MS);
}

static void do_remember(struct keeper *k, const struct guard_message *message)
{
	/* is_stopping is set: do_run() goes on from there. */
	(void)k;
	(void)message;
}

typedef void action_fn(struct keeper *k, const struct guard_message *message);
static action_fn *const table[LIFE_STATE_COUNT][EVENT_COUNT] = {
    [LIFE_STARTING] = {[EVENT_STARTED] = do_run,
		       [EVENT_FAILED] = do_fail,
		       [EVENT_LOST] = do_lose,
		       [EVENT_STOP] = do_remember},
    [LIFE_RUNNING] = {[EVENT_EXITED] = do_clear,
		      [EVENT_LOST] = do_lose,
		      [EVENT_STOP] = do_ask,
		      [EVENT_DEADLINE] = do_kill},
    [LIFE_CLEARING] = {[EVENT_GONE] = do_over, [EVENT_LOST] = do_lose, [EVENT_DEADLINE] = do_kill},
};

static void happen(struct keeper *k, enum life_event event, const struct guard_message *message)
{
	action_fn *action = table[k->life][event];
	if (action)
		action(k, message);
}

/* --- where events come from ---------------------------------------------------------- */

static void on_guard(void *arg, uint32_t events)
{
	static const enum life_event meaning[] = {
	    [GUARD_STARTED] = EVENT_STARTED,
	    [GUARD_FAILED] = EVENT_FAILED,
	    [GUARD_EXITED] = EVENT_EXITED,
	    [GUARD_GONE] = EVENT_GONE,
	};
	struct keeper *k = arg;
	struct guard_message message;
	(void)events;
	int rc;
	while ((rc = guard_receive(k->guard.fd, &message)) > 0)
		happen(k, meaning[message.type], &message);
	if (rc == 0)
		return;
	int fd = k->guard.fd;
	loop_forget(&k->loop, &k->guard);
	happen(k, EVENT_LOST, NULL);
	close(fd);
}

static void stop(struct keeper *k)
{
	k->is_stopping = true;
	happen(k, EVENT_STOP, NULL);
}

static void on_signal(void *arg, uint32_t events)
{
	struct keeper *k = arg;
	int number;
	(void)events;
	while ((number = signals_take(k->signals.fd))) {
		if (number != SIGCHLD)
			stop(k);
		else
			while (waitpid(-1, NULL, WNOHANG) > 0)
				continue;
	}
}

/* The other end of --bound-fd is closed: whoever wanted the process is gone. */
static void on_bound(void *arg, uint32_t events)
{
	struct keeper *k = arg;
	char waste[64];
	(void)events;
	ssize_t n = read(k->bound.fd, waste, sizeof(waste));
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	loop_forget(&k->loop, &k->bound);
	stop(k);
}

void life_terminate(struct keeper *k)
{
	if (k->life < LIFE_CLEARING)
		guard_terminate(k->guard.fd);
}

void life_kill(struct keeper *k)
{
	if (k->life < LIFE_OVER)
		guard_kill(k->guard.fd);
}

void life_tick(struct keeper *k)
{
	if (k->life_deadline <= clock_monotonic_ms())
		happen(k, EVENT_DEADLINE, NULL);
}

/* --- the beginning ------------------------------------------------------------------- */

static int watch_signals(struct keeper *k, struct sa_error *err)
{
	int fd = signals_open((const int[]){SIGCHLD, SIGTERM, SIGINT, SIGHUP, 0});
	if (fd < 0 || loop_watch(&k->loop, &k->signals, fd, EPOLLIN, on_signal, k) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch signals");
	return 0;
}

int life_prepare(struct keeper *k, struct sa_error *err)
{
	const struct process_limits *limits = &k->options->limits;
	struct child_ends ends;
	int control = -1;
	if (child_open(k, &ends, err) == 0) {
		const struct guard_plan plan = {
		    .argv = k->options->argv,
		    .cwd = k->options->cwd,
		    .tag_name = PROCESS_TAG,
		    .stdin_fd = ends.in,
		    .stdout_fd = ends.out,
		    .stderr_fd = ends.err,
		    .is_terminal = k->options->is_tty,
		    .needs_cgroup = limits->memory_bytes || limits->cpu_percent || limits->pids,
		};
		control = guard_fork(&plan, &k->guard_pid, err);
	}
	child_close_ends(&ends);
	if (control < 0)
		return -1;
	if (loop_watch(&k->loop, &k->guard, control, EPOLLIN, on_guard, k) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch the guard");
	int bound = k->options->bound_fd;
	if (bound >= 0 && loop_watch(&k->loop, &k->bound, bound, EPOLLIN, on_bound, k) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch --bound-fd");
	return watch_signals(k, err);
}

int life_start(struct keeper *k, struct sa_error *err)
{
	k->life = LIFE_STARTING;
	k->life_deadline = DEADLINE_NEVER;
	if (guard_start(k->guard.fd, k->process.tag, k->process.cgroup) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "talk to the guard");
	return 0;
}
