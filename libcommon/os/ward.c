#include "os/ward.h"

#include "base/cleanup.h"
#include "os/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static void on_guard(void *arg, uint32_t events)
{
	struct ward *ward = arg;
	struct guard_message message;
	int rc;
	(void)events;
	while ((rc = guard_receive(ward->guard.fd, &message)) > 0)
		ward->happen(ward->owner, (enum ward_event)message.type, &message);
	if (rc == 0)
		return;
	loop_close(ward->loop, &ward->guard);
	ward->happen(ward->owner, WARD_LOST, NULL);
}

static void on_signal(void *arg, uint32_t events)
{
	struct ward *ward = arg;
	int number;
	(void)events;
	while ((number = signals_take(ward->signals.fd))) {
		if (number != SIGCHLD)
			ward->end(ward->owner);
		else
			while (waitpid(-1, NULL, WNOHANG) > 0)
				continue;
	}
}

int ward_fork(struct ward *ward, struct loop *loop, const struct guard_plan *plan,
	      ward_event_fn *happen, ward_end_fn *end, void *owner, struct sa_error *err)
{
	static const int heard[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, 0};
	pid_t pid;
	*ward = WARD_INIT;
	ward->loop = loop;
	ward->happen = happen;
	ward->end = end;
	ward->owner = owner;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	cleanup_close int control = guard_fork(plan, &pid, err);
	if (control < 0)
		return -1;
	if (loop_watch(loop, &ward->guard, control, EPOLLIN, on_guard, ward) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch the guard");
	TAKE_FD(control);
	cleanup_close int signals = signals_open(heard);
	if (signals < 0 || loop_watch(loop, &ward->signals, signals, EPOLLIN, on_signal, ward) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch signals");
	TAKE_FD(signals);
	return 0;
}
