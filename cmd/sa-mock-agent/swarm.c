#include "swarm.h"

#include "directive.h"
#include "exec.h"
#include "update.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Never returns. Without is_kept the standard descriptors are /dev/null. */
static void sleep_on(bool is_kept)
{
	int null = is_kept ? -1 : open("/dev/null", O_RDWR);
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	for (unsigned left = AGENT_LIFE_S; left;)
		left = sleep(left);
	_exit(0);
}

static pid_t make_child(bool is_kept)
{
	pid_t pid = fork();
	if (pid == 0)
		exec_child_reset(), sleep_on(is_kept);
	return pid;
}

/* Double fork; the pid comes through a pipe, which also waits for the setsid. */
static pid_t make_daemon(bool is_kept)
{
	int fds[2];
	pid_t daemon_pid = -1;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	pid_t middle = fork();
	if (middle == 0) {
		setsid();
		pid_t own = fork();
		if (own)
			_exit(0);
		setsid();
		own = getpid();
		/* Deaf before the pid is told: whoever hears it may send TERM at once. */
		struct sigaction ignore = {.sa_handler = SIG_IGN};
		sigaction(SIGTERM, &ignore, NULL);
		sigaction(SIGHUP, &ignore, NULL);
		if (write(fds[1], &own, sizeof(own)) != sizeof(own))
			_exit(1);
		io_close_others(NULL, 0);
		sleep_on(is_kept);
	}
	close(fds[1]);
	if (middle < 0 || read(fds[0], &daemon_pid, sizeof(daemon_pid)) != sizeof(daemon_pid))
		daemon_pid = -1;
	close(fds[0]);
	while (middle > 0 && waitpid(middle, NULL, 0) < 0 && errno == EINTR)
		;
	return daemon_pid;
}

static enum step make(struct turn *turn, const char *what, pid_t (*make_one)(bool))
{
	uint64_t count;
	if (directive_number(turn, 1, SWARM_MAX, &count) < 0)
		return STEP_END;
	bool is_kept = span_is(turn->args, "keep");
	buf_clear(&turn->text);
	buf_adds(&turn->text, what);
	for (uint64_t i = 0; i < count; i++) {
		pid_t pid = make_one(is_kept);
		if (pid < 0)
			return directive_bad(turn, "no new process");
		buf_addf(&turn->text, " %ld", (long)pid);
	}
	update_text(turn->agent, turn->session, "agent_message_chunk", buf_span(&turn->text));
	return STEP_DONE;
}

enum step swarm_fork(struct turn *turn)
{
	return make(turn, "forked:", make_child);
}

enum step swarm_daemon(struct turn *turn)
{
	return make(turn, "daemons:", make_daemon);
}
