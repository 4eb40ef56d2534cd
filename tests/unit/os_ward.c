#include "base/clock.h"
#include "os/proctree.h"
#include "os/ward.h"
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };

/* An owner that writes down what happens to it. */
struct owner {
	struct loop loop;
	struct ward ward;
	char seen[64]; /* a letter for each event */
	int number;    /* of the last message that has one */
	char text[sizeof((struct guard_message){.number = 0}.text)];
	int told; /* how often it was told to end */
};

static void happen(void *arg, enum ward_event event, const struct guard_message *message)
{
	static const char letters[WARD_EVENT_COUNT] = {
	    [WARD_STARTED] = 's', [WARD_FAILED] = 'f', [WARD_EXITED] = 'e',  [WARD_GONE] = 'g',
	    [WARD_LOST] = 'l',	  [WARD_STOP] = '?',   [WARD_DEADLINE] = '?'};
	struct owner *owner = arg;
	size_t n = strlen(owner->seen);
	if (n + 1 < sizeof(owner->seen))
		owner->seen[n] = letters[event];
	if (message && event != WARD_GONE)
		owner->number = message->number;
	if (event == WARD_FAILED)
		snprintf(owner->text, sizeof(owner->text), "%s", message->text);
}

static void told(void *arg)
{
	((struct owner *)arg)->told++;
}

static void begin(struct owner *owner, const char *const *argv)
{
	struct sa_error err = SA_ERROR_INIT;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct guard_plan plan = {.argv = (char *const *)(uintptr_t)argv,
					.stdin_fd = null,
					.stdout_fd = null,
					.stderr_fd = null};
	*owner = (struct owner){.told = 0};
	loop_init(&owner->loop);
	is_int(ward_fork(&owner->ward, &owner->loop, &plan, happen, told, owner, &err), 0,
	       "the guard is forked");
	close(null);
	is_int(guard_start(owner->ward.guard.fd, NULL, NULL, &err), 0, "and told to start");
}

/* Go on until this event was seen. */
static void run_until(struct owner *owner, char letter)
{
	int64_t deadline = deadline_after(PATIENCE_MS);
	while (!strchr(owner->seen, letter) && deadline_poll_ms(deadline) > 0)
		loop_once(&owner->loop, deadline_poll_ms(deadline));
}

static void end(struct owner *owner)
{
	loop_close(&owner->loop, &owner->ward.guard);
	loop_close(&owner->loop, &owner->ward.signals);
	loop_free(&owner->loop);
}

static void test_whole_life(void)
{
	struct owner owner;
	begin(&owner, (const char *const[]){"/bin/sh", "-c", "exit 3", NULL});
	run_until(&owner, 'l');
	is_str(owner.seen, "segl", "started, exited, nothing left, the guard gone");
	ok(WIFEXITED(owner.number) && WEXITSTATUS(owner.number) == 3, "with its status");
	is_int(owner.ward.guard.fd, -1, "nobody talks to a guard that is gone");
	end(&owner);
}

static void test_failure(void)
{
	struct owner owner;
	begin(&owner, (const char *const[]){"/nonsense", NULL});
	run_until(&owner, 'l');
	is_str(owner.seen, "fgl", "what cannot be started");
	is_int(owner.number, PROBLEM_NOT_FOUND, "says of what kind that is");
	ok(strstr(owner.text, "/nonsense") != NULL, "and in words");
	end(&owner);
}

/* The guard's pid out of the child's. */
static pid_t parent_of(pid_t pid)
{
	char path[64], text[512] = "";
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	const char *end = n > 0 ? strrchr(text, ')') : NULL;
	return end ? (pid_t)strtol(end + 3, NULL, 10) : 0;
}

static void test_loss(void)
{
	struct owner owner;
	begin(&owner, (const char *const[]){"/bin/sh", "-c", "setsid sleep 1000 & wait", NULL});
	run_until(&owner, 's');
	kill(parent_of(owner.number), SIGKILL);
	run_until(&owner, 'l');
	is_str(owner.seen, "sl", "a guard that is killed is lost");
	ok(proctree_kill_mine(0, PATIENCE_MS), "what it watched over is ours to end");
	end(&owner);
}

static void test_signals(void)
{
	struct owner owner;
	begin(&owner, (const char *const[]){"/bin/sleep", "1000", NULL});
	run_until(&owner, 's');
	pid_t other = fork();
	if (other == 0)
		_exit(0);
	for (int64_t by = deadline_after(PATIENCE_MS); !kill(other, 0) && deadline_poll_ms(by);)
		loop_once(&owner.loop, deadline_poll_ms(by));
	ok(kill(other, 0) < 0, "children are reaped, whoever started them");
	kill(getpid(), SIGTERM);
	for (int64_t by = deadline_after(PATIENCE_MS); !owner.told && deadline_poll_ms(by);)
		loop_once(&owner.loop, deadline_poll_ms(by));
	is_int(owner.told, 1, "a signal tells us to end instead of ending us");
	is_str(owner.seen, "s", "which is no event by itself");
	guard_terminate(owner.ward.guard.fd);
	run_until(&owner, 'l');
	is_str(owner.seen, "segl", "asked to end, it ends");
	ok(WIFSIGNALED(owner.number) && WTERMSIG(owner.number) == SIGTERM, "by SIGTERM");
	end(&owner);
}

int main(void)
{
	test_whole_life();
	test_failure();
	test_loss();
	test_signals();
	return done_testing();
}
