#include "life.h"

#include "base/clock.h"
#include "child.h"
#include "os/proctree.h"

#include <errno.h>
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
	guard_terminate(k->ward.guard.fd);
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
	guard_terminate(k->ward.guard.fd);
	enter(k, LIFE_CLEARING, WARD_LEFTOVER_MS);
}

static void do_lose(struct keeper *k, const struct guard_message *message)
{
	(void)message;
	/* What the guard watched over has fallen to us. */
	proctree_kill_mine(0, WARD_KILL_MS);
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
	guard_kill(k->ward.guard.fd);
	k->life_deadline = deadline_after(WARD_KILL_MS);
}

static void do_remember(struct keeper *k, const struct guard_message *message)
{
	/* is_stopping is set: do_run() goes on from there. */
	(void)k;
	(void)message;
}

typedef void action_fn(struct keeper *k, const struct guard_message *message);
static action_fn *const table[LIFE_STATE_COUNT][WARD_EVENT_COUNT] = {
    [LIFE_STARTING] = {[WARD_STARTED] = do_run,
		       [WARD_FAILED] = do_fail,
		       [WARD_LOST] = do_lose,
		       [WARD_STOP] = do_remember},
    [LIFE_RUNNING] = {[WARD_EXITED] = do_clear,
		      [WARD_LOST] = do_lose,
		      [WARD_STOP] = do_ask,
		      [WARD_DEADLINE] = do_kill},
    [LIFE_CLEARING] = {[WARD_GONE] = do_over, [WARD_LOST] = do_lose, [WARD_DEADLINE] = do_kill},
};

static void happen(void *owner, enum ward_event event, const struct guard_message *message)
{
	struct keeper *k = owner;
	action_fn *action = table[k->life][event];
	if (action)
		action(k, message);
}

/* --- where events come from ---------------------------------------------------------- */

static void stop(void *owner)
{
	struct keeper *k = owner;
	k->is_stopping = true;
	happen(k, WARD_STOP, NULL);
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
		guard_terminate(k->ward.guard.fd);
}

void life_kill(struct keeper *k)
{
	if (k->life < LIFE_OVER)
		guard_kill(k->ward.guard.fd);
}

void life_tick(struct keeper *k)
{
	if (k->life_deadline <= clock_monotonic_ms())
		happen(k, WARD_DEADLINE, NULL);
}

/* --- the beginning ------------------------------------------------------------------- */

int life_prepare(struct keeper *k, struct sa_error *err)
{
	const struct process_limits *limits = &k->options->limits;
	struct child_ends ends;
	int rc = child_open(k, &ends, err);
	if (rc == 0) {
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
		rc = ward_fork(&k->ward, &k->loop, &plan, happen, stop, k, err);
	}
	child_close_ends(&ends);
	if (rc < 0)
		return -1;
	int bound = k->options->bound_fd;
	if (bound >= 0 && loop_watch(&k->loop, &k->bound, bound, EPOLLIN, on_bound, k) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch --bound-fd");
	return 0;
}

int life_start(struct keeper *k, struct sa_error *err)
{
	k->life = LIFE_STARTING;
	k->life_deadline = DEADLINE_NEVER;
	return guard_start(k->ward.guard.fd, k->process.tag, k->process.cgroup, err);
}
