#include "os/guard.h"

#include "base/cleanup.h"
#include "os/cgroup.h"
#include "os/environment.h"
#include "os/io.h"
#include "os/proctree.h"
#include "os/signals.h"
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { KILL_DEADLINE_MS = 10000 };

struct guard_order {
	char verb; /* 'S' start, 'T' terminate, 'K' kill, 'I' interrupt */
	char tag[32];
	char cgroup[512];
};

struct guard {
	const struct guard_plan *plan;
	int control;
	int signals;
	pid_t child; /* 0: not started or gone */
	char cgroup[512];
};

static void tell(const struct guard *guard, enum guard_message_type type, int number,
		 const char *text)
{
	struct guard_message message = {.type = type, .number = number};
	snprintf(message.text, sizeof(message.text), "%.500s", text);
	/* Nobody to hear it: the loop will see the end of the control socket. */
	send(guard->control, &message, sizeof(message), MSG_NOSIGNAL);
}

static void start_child(struct guard *guard, const struct guard_order *order)
{
	const struct guard_plan *plan = guard->plan;
	struct sa_error err = SA_ERROR_INIT;
	snprintf(guard->cgroup, sizeof(guard->cgroup), "%s", order->cgroup);
	if (plan->env)
		environ = plan->env;
	environment_drop_places();
	if (plan->tag_name)
		setenv(plan->tag_name, order->tag, 1);
	struct spawn spawn = SPAWN_INIT;
	spawn.path = plan->argv[0];
	spawn.argv = plan->argv;
	spawn.cwd = plan->cwd;
	spawn.fds[0] = plan->stdin_fd;
	spawn.fds[1] = plan->stdout_fd;
	spawn.fds[2] = plan->stderr_fd;
	spawn.is_session_leader = true;
	spawn.is_terminal = plan->is_terminal;
	spawn.parent_death_signal = SIGKILL;
	spawn.needs_cgroup = plan->needs_cgroup;
	if (*guard->cgroup)
		spawn.cgroup_fd = open(guard->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = spawn_start(&spawn, &err);
	if (spawn.cgroup_fd >= 0)
		close(spawn.cgroup_fd);
	close(plan->stdin_fd);
	close(plan->stdout_fd);
	close(plan->stderr_fd);
	guard->child = pid > 0 ? pid : 0;
	if (pid > 0)
		tell(guard, GUARD_STARTED, pid, "");
	else
		tell(guard, GUARD_FAILED, (int)err.kind, err.message);
}

static void kill_tree(const struct guard *guard)
{
	/* The guard is not in the cgroup; what is left of it is walked. */
	cgroup_destroy(*guard->cgroup ? guard->cgroup : NULL);
	proctree_kill_mine(0, KILL_DEADLINE_MS);
}

/* Reap; tell of the child's end. Whether no child is left. */
static bool reap(struct guard *guard)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid < 0)
			return errno == ECHILD;
		if (pid == 0)
			return false;
		if (pid == guard->child) {
			guard->child = 0;
			tell(guard, GUARD_EXITED, status, "");
		}
	}
}

static _Noreturn void leave(const struct guard *guard)
{
	cgroup_destroy(*guard->cgroup ? guard->cgroup : NULL);
	tell(guard, GUARD_GONE, 0, "");
	_exit(0);
}

static void obey(struct guard *guard, const struct guard_order *order)
{
	if (order->verb == 'S') {
		start_child(guard, order);
	} else if (order->verb == 'T' && guard->child) {
		/* Its group only, and once: many programs take a second SIGTERM as "now". */
		kill(-guard->child, SIGTERM);
		/* What a closed terminal sends: interactive shells take no SIGTERM. */
		if (guard->plan->is_terminal)
			kill(-guard->child, SIGHUP);
		kill(-guard->child, SIGCONT);
	} else if (order->verb == 'T') {
		proctree_signal(getpid(), 0, SIGTERM);
		proctree_signal(getpid(), 0, SIGCONT);
	} else if (order->verb == 'K') {
		kill_tree(guard);
	} else if (order->verb == 'I') {
		proctree_signal(getpid(), 0, SIGINT);
	}
}

static _Noreturn void run(struct guard *guard)
{
	bool is_started = false;
	for (;;) {
		struct pollfd fds[2] = {{.fd = guard->control, .events = POLLIN},
					{.fd = guard->signals, .events = POLLIN}};
		poll(fds, 2, -1);
		if (fds[0].revents) {
			struct guard_order order;
			ssize_t n = recv(guard->control, &order, sizeof(order), MSG_DONTWAIT);
			if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
				/* The owner is gone: nothing may outlive it. */
				kill_tree(guard);
				_exit(0);
			}
			if (n == (ssize_t)sizeof(order)) {
				obey(guard, &order);
				is_started = true;
			}
		}
		if (fds[1].revents) {
			signals_take(guard->signals);
		}
		if (is_started && reap(guard))
			leave(guard);
	}
}

static _Noreturn void guard_main(const struct guard_plan *plan, int control)
{
	struct guard guard = {.plan = plan, .control = control};
	/* Out of reach of signals to the owner's group and of a terminal's. */
	setsid();
	/* The owner's descriptors are not the guard's: the child must see its stdin end. */
	const int kept[] = {control, plan->stdin_fd, plan->stdout_fd, plan->stderr_fd};
	io_close_others(kept, ARRAY_SIZE(kept));
	prctl(PR_SET_NAME, "sa-guard");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigset_t mask;
	sigfillset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	guard.signals = signals_open((const int[]){SIGCHLD, 0});
	run(&guard);
}

int guard_fork(const struct guard_plan *plan, pid_t *ret_pid, struct sa_error *err)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a socket pair");
	pid_t pid = fork();
	if (pid < 0) {
		int saved = errno;
		close(pair[0]);
		close(pair[1]);
		return error_set_errno(err, PROBLEM_STREAM_ERROR, saved, "start the guard");
	}
	if (pid == 0) {
		close(pair[0]);
		guard_main(plan, pair[1]);
	}
	close(pair[1]);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	*ret_pid = pid;
	return pair[0];
}

static int send_order(int control_fd, const struct guard_order *order)
{
	return send(control_fd, order, sizeof(*order), MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int guard_start(int control_fd, const char *tag, const char *cgroup, struct sa_error *err)
{
	struct guard_order order = {.verb = 'S'};
	snprintf(order.tag, sizeof(order.tag), "%s", tag ? tag : "");
	snprintf(order.cgroup, sizeof(order.cgroup), "%s", cgroup ? cgroup : "");
	if (send_order(control_fd, &order) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "talk to the guard");
	return 0;
}

int guard_receive(int control_fd, struct guard_message *ret)
{
	for (;;) {
		ssize_t n = recv(control_fd, ret, sizeof(*ret), MSG_DONTWAIT);
		if (n == (ssize_t)sizeof(*ret)) {
			ret->text[sizeof(ret->text) - 1] = '\0';
			return 1;
		}
		/* It left with an order unread: told once, before its last messages. */
		if (n < 0 && (errno == ECONNRESET || errno == EINTR))
			continue;
		return n < 0 && errno == EAGAIN ? 0 : -1;
	}
}

int guard_terminate(int control_fd)
{
	struct guard_order order = {.verb = 'T'};
	return send_order(control_fd, &order);
}

int guard_kill(int control_fd)
{
	struct guard_order order = {.verb = 'K'};
	return send_order(control_fd, &order);
}

int guard_interrupt(int control_fd)
{
	struct guard_order order = {.verb = 'I'};
	return send_order(control_fd, &order);
}
