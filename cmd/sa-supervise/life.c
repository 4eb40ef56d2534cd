#include "life.h"

#include "agent/hygiene.h"
#include "agent/rundir.h"
#include "agent_io.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cancel.h"
#include "os/cgroup.h"
#include "os/proctree.h"
#include "prompts.h"
#include "ready.h"
#include "sessions.h"
#include "traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { TREE_KILL_MS = 5000 };

/*
 * The table. "-" cannot happen or means nothing there.
 *
 *              STARTED   FAILED  EXITED    GONE   LOST    STOP      DEADLINE
 *   STARTING   run       fail    -         -      bury    remember  -
 *   RUNNING    -         -       bury      -      bury    ask       -
 *   STOPPING   -         -       bury      -      bury    -         kill
 *   CLEARING   -         -       -         over   lose    -         kill
 *
 * bury: read the rest of its output (DRAINING), answer what is open, settle
 * the sessions, ask what it left behind to end; lose, when the guard itself
 * is gone: end all that ourselves. A further STOP brings the deadline
 * forward, in life_stop().
 */

static const char *const state_names[LIFE_STATE_COUNT] = {"starting", "running",  "stopping",
							  "draining", "clearing", "over"};

const char *life_name(enum life_state state)
{
	return (size_t)state < LIFE_STATE_COUNT ? state_names[state] : "unknown";
}

static void enter(struct supervisor *sv, enum life_state state, int64_t deadline_ms)
{
	sv->life = state;
	sv->life_deadline = deadline_after(deadline_ms);
	ready_write_status(sv);
}

/* --- actions ------------------------------------------------------------------ */

static void do_ask(struct supervisor *sv, const struct guard_message *message)
{
	(void)message;
	agent_io_close_stdin(sv);
	guard_terminate(sv->ward.guard.fd);
	enter(sv, LIFE_STOPPING, sv->grace_ms > 0 ? sv->grace_ms : 1);
}

static void do_run(struct supervisor *sv, const struct guard_message *message)
{
	if (!procid_of(message->number, &sv->server.agent_process))
		sv->server.agent_process.pid = message->number;
	enter(sv, LIFE_RUNNING, 0);
	ready_tell(sv, NULL);
	if (sv->end_reason)
		do_ask(sv, message);
}

static void do_fail(struct supervisor *sv, const struct guard_message *message)
{
	struct sa_error err = SA_ERROR_INIT;
	error_set(&err, (enum problem_kind)message->number, "start agent '%s': %s",
		  sv->server.agent, message->text);
	free(sv->end_reason);
	sv->end_reason = xstrdup(err.message);
	/* A server that never was is not worth resuming. */
	sv->is_closing = sv->is_closing || sv->server.last_index == 0;
	ready_tell(sv, &err);
	sessions_end_all(sv, SESSION_INTERRUPTED, err.message);
	enter(sv, LIFE_OVER, 0);
}

/* The guard is gone: what it watched over has fallen to us. */
static void do_lose(struct supervisor *sv, const struct guard_message *message)
{
	(void)message;
	proctree_kill_mine(0, TREE_KILL_MS);
	cgroup_destroy(sv->server.cgroup);
	enter(sv, LIFE_OVER, 0);
}

static void do_bury(struct supervisor *sv, const struct guard_message *message)
{
	enter(sv, LIFE_DRAINING, 0);
	sv->agent_status = message ? message->number : SIGKILL;
	agent_io_drain(sv, DRAIN_MS);
	traffic_agent_ended(sv);
	if (!sv->end_reason)
		sv->end_reason = agent_io_how_it_ended(sv);
	if (!message) {
		do_lose(sv, NULL);
		return;
	}
	guard_terminate(sv->ward.guard.fd);
	enter(sv, LIFE_CLEARING, WARD_LEFTOVER_MS);
}

static void do_over(struct supervisor *sv, const struct guard_message *message)
{
	(void)message;
	enter(sv, LIFE_OVER, 0);
}

static void do_kill(struct supervisor *sv, const struct guard_message *message)
{
	(void)message;
	bool was_clearing = sv->life == LIFE_CLEARING;
	guard_kill(sv->ward.guard.fd);
	sv->life_deadline = deadline_after(WARD_KILL_MS);
	if (was_clearing)
		return;
	free(sv->end_reason);
	sv->end_reason = xstrdup("did not stop in time and was killed");
}

static void do_remember(struct supervisor *sv, const struct guard_message *message)
{
	/* life_stop() has set end_reason: do_run() goes on from there. */
	(void)sv;
	(void)message;
}

typedef void action_fn(struct supervisor *sv, const struct guard_message *message);
static action_fn *const table[LIFE_STATE_COUNT][WARD_EVENT_COUNT] = {
    [LIFE_STARTING] = {[WARD_STARTED] = do_run,
		       [WARD_FAILED] = do_fail,
		       [WARD_LOST] = do_bury,
		       [WARD_STOP] = do_remember},
    [LIFE_RUNNING] = {[WARD_EXITED] = do_bury, [WARD_LOST] = do_bury, [WARD_STOP] = do_ask},
    [LIFE_STOPPING] = {[WARD_EXITED] = do_bury, [WARD_LOST] = do_bury, [WARD_DEADLINE] = do_kill},
    [LIFE_CLEARING] = {[WARD_GONE] = do_over, [WARD_LOST] = do_lose, [WARD_DEADLINE] = do_kill},
};

static void happen(void *owner, enum ward_event event, const struct guard_message *message)
{
	struct supervisor *sv = owner;
	action_fn *action = table[sv->life][event];
	if (action)
		action(sv, message);
}

/* --- where events come from ------------------------------------------------------ */

void life_stop(struct supervisor *sv, bool is_closing, const char *reason, int64_t grace_ms)
{
	if (sv->life == LIFE_STOPPING && grace_ms >= 0) {
		int64_t sooner = clock_monotonic_ms() + grace_ms;
		if (sooner < sv->life_deadline)
			sv->life_deadline = sooner;
	}
	sv->is_closing = sv->is_closing || is_closing;
	if (!sv->end_reason)
		sv->end_reason = xstrdup(reason);
	sv->grace_ms = grace_ms;
	happen(sv, WARD_STOP, NULL);
}

static void told_to_end(void *owner)
{
	struct supervisor *sv = owner;
	life_stop(sv, false, "the supervisor was told to end", sv->options->stop_grace_ms);
}

/* --- deadlines and limits ---------------------------------------------------------- */

/* When this session is silent or busy for too long; DEADLINE_NEVER without limits. */
static int64_t turn_deadline(const struct supervisor *sv, const struct session_track *t)
{
	int64_t at = DEADLINE_NEVER;
	if (t->running == 0 || t->record.state == SESSION_WAITING || t->cancel_step != CANCEL_NONE)
		return at;
	if (sv->options->silence_ms > 0)
		at = sv->last_byte_ms + sv->options->silence_ms;
	if (sv->options->prompt_ms > 0 && t->turn_started + sv->options->prompt_ms < at)
		at = t->turn_started + sv->options->prompt_ms;
	return at;
}

static int64_t lease_deadline(const struct supervisor *sv)
{
	if (sv->options->lease_ms <= 0 || sv->client_count > 0 || sv->call_count > 0 ||
	    prompts_is_any_due(sv) || sessions_is_any_running(sv))
		return DEADLINE_NEVER;
	int64_t since = sv->idle_since > sv->last_byte_ms ? sv->idle_since : sv->last_byte_ms;
	return since + sv->options->lease_ms;
}

int64_t life_next_deadline(const struct supervisor *sv)
{
	int64_t at = sv->life_deadline;
	if (sv->life != LIFE_RUNNING)
		return at;
	int64_t lease = lease_deadline(sv);
	at = lease < at ? lease : at;
	for (const struct session_track *t = sv->sessions; t; t = t->next) {
		int64_t turn = turn_deadline(sv, t);
		at = turn < at ? turn : at;
	}
	int64_t cancel = cancel_next_deadline(sv);
	return cancel < at ? cancel : at;
}

static void check_limits(struct supervisor *sv, int64_t now)
{
	for (struct session_track *t = sv->sessions; t; t = t->next)
		if (turn_deadline(sv, t) <= now)
			traffic_cancel(sv, t);
	cancel_tick(sv, now);
	if (lease_deadline(sv) <= now)
		life_stop(sv, false, "nobody was attached for the time of its lease",
			  sv->options->stop_grace_ms);
}

void life_tick(struct supervisor *sv)
{
	int64_t now = clock_monotonic_ms();
	if (sv->life_deadline <= now)
		happen(sv, WARD_DEADLINE, NULL);
	if (sv->life == LIFE_RUNNING)
		check_limits(sv, now);
}

/* --- the beginning -------------------------------------------------------------------- */

int life_prepare(struct supervisor *sv, struct sa_error *err)
{
	cleanup_free char **env = hygiene_of_agent();
	int in[2], out[2], error_pipe[2];
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
	    pipe2(error_pipe, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make pipes");
	struct guard_plan plan = {
	    .argv = sv->options->argv,
	    .cwd = sv->options->cwd,
	    .tag_name = SERVER_TAG,
	    .env = env,
	    .stdin_fd = in[0],
	    .stdout_fd = out[1],
	    .stderr_fd = error_pipe[1],
	};
	int rc = ward_fork(&sv->ward, &sv->loop, &plan, happen, told_to_end, sv, err);
	close(in[0]);
	close(out[1]);
	close(error_pipe[1]);
	if (rc < 0)
		return -1;
	return agent_io_init(sv, in[1], out[0], error_pipe[0], err);
}

int life_start(struct supervisor *sv, struct sa_error *err)
{
	sv->life = LIFE_STARTING;
	sv->life_deadline = DEADLINE_NEVER;
	return guard_start(sv->ward.guard.fd, sv->server.uid, sv->server.cgroup, err);
}
