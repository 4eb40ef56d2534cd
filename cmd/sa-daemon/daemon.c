#include "daemon.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "build.h"
#include "cli/command.h"
#include "health.h"
#include "http/token.h"
#include "listener.h"
#include "os/io.h"
#include "os/spawn.h"
#include "place.h"
#include "process.h"
#include "json/write.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

enum {
	SIGNAL_HAND_OVER = SIGUSR2, /* end, but leave the sessions to the next server */
	ASK_MS = 5000,		    /* for one answer */
	RETRY_FIRST_MS = 5, /* between two health checks of a server that starts, then doubled */
	RETRY_LAST_MS = 200,
	TAIL_BYTES = 4096, /* of the log, shown when it does not start */
};

static __attribute__((format(printf, 1, 2))) void tell(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* That nobody runs here, and who runs elsewhere. */
static void tell_stopped(const struct place *place, const char *words)
{
	tell("%s", words);
	cleanup_free char *others = place_others(place);
	if (others)
		tell("elsewhere runs %s", others);
}

/* pid 0: not known. */
static void print_json(const struct daemon_plan *plan, const struct place *place, const char *state,
		       pid_t pid, const char *build, bool is_outdated)
{
	if (!plan->is_json)
		return;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "state", state);
	json_kv_string(&b, "endpoint", place->url);
	if (pid)
		json_kv_int(&b, "pid", pid);
	json_kv_string(&b, "build", build);
	if (is_outdated)
		json_kv_bool(&b, "outdated", true);
	json_kv_string(&b, "log", place->log);
	json_close(&b, '}');
	printf("%s\n", b.data);
}

static enum health ask(const struct daemon_plan *plan)
{
	return health_ask(plan->host, plan->port, plan->token, deadline_after(ASK_MS));
}

/* The last lines of what the server printed since the log had this length. */
static void show_log(const struct place *place, off_t since)
{
	cleanup_close int fd = open(place->log, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	if (end <= since)
		return;
	if (end - since > TAIL_BYTES)
		since = end - TAIL_BYTES;
	cleanup_buf struct buf b = BUF_INIT(TAIL_BYTES);
	lseek(fd, since, SEEK_SET);
	if (io_read_some(fd, &b, TAIL_BYTES) > 0)
		fprintf(stderr, "%s%s", b.data, b.data[b.len - 1] == '\n' ? "" : "\n");
}

/*
 * Wait until it is healthy, it ended, or the time is over. The pidfd tells of
 * the end at once; in between the time to the next question passes.
 */
static int wait_healthy(const struct daemon_plan *plan, int pidfd, struct sa_error *err)
{
	int64_t deadline = deadline_after(plan->wait_ms), pause = RETRY_FIRST_MS;
	for (;;) {
		enum health health = health_ask(plan->host, plan->port, plan->token, deadline);
		bool has_ended = process_wait_end(pidfd, clock_monotonic_ms());
		if (health == HEALTH_OK && !has_ended)
			return 0;
		if (has_ended)
			return error_set(err, PROBLEM_FAILED,
					 "sandbox-agent exited before becoming healthy");
		if (health == HEALTH_DENIED)
			return error_set(err, PROBLEM_TOKEN_INVALID,
					 "the server at port %u wants another token", plan->port);
		if (clock_monotonic_ms() >= deadline)
			return error_set(err, PROBLEM_TIMEOUT,
					 "timed out waiting for sandbox-agent health");
		int64_t next = deadline_after(pause);
		process_wait_end(pidfd, next < deadline ? next : deadline);
		pause = pause * 2 < RETRY_LAST_MS ? pause * 2 : RETRY_LAST_MS;
	}
}

/* Start sa-serve with the log as its output. Its pid, or -1. */
static pid_t spawn_server(const struct daemon_plan *plan, const char *path, int log_fd,
			  struct sa_error *err)
{
	cleanup_free char *port = xasprintf("%u", plan->port);
	size_t more = 0;
	while (plan->server_args && plan->server_args[more])
		more++;
	cleanup_free char **argv = xcalloc(more + 7, sizeof(*argv));
	size_t n = 0;
	argv[n++] = (char *)"sa-serve";
	argv[n++] = (char *)"--host";
	argv[n++] = (char *)plan->host;
	argv[n++] = (char *)"--port";
	argv[n++] = port;
	if (plan->is_no_token && !plan->token)
		argv[n++] = (char *)"--no-token";
	for (size_t i = 0; i < more; i++)
		argv[n++] = plan->server_args[i];
	/* Never as an argument: those are everybody's to see. */
	if (plan->token)
		setenv(TOKEN_VARIABLE, plan->token, 1);
	else
		unsetenv(TOKEN_VARIABLE);
	struct spawn spawn = SPAWN_INIT;
	spawn.path = path;
	spawn.argv = argv;
	spawn.fds[1] = log_fd;
	spawn.fds[2] = log_fd;
	spawn.is_session_leader = true;
	return spawn_start(&spawn, err);
}

/* Nobody runs there, and the lock is ours. */
static int start_new(const struct daemon_plan *plan, const struct place *place, const char *path,
		     const char *build, struct sa_error *err)
{
	cleanup_close int log_fd = place_open_log(place, err);
	if (log_fd < 0)
		return -1;
	off_t log_length = lseek(log_fd, 0, SEEK_END);
	tell("starting daemon at %s (logs: %s)", place->url, place->log);
	pid_t pid = spawn_server(plan, path, log_fd, err);
	if (pid < 0)
		return -1;
	struct procid id;
	cleanup_close int pidfd = procid_of(pid, &id) ? process_open(id) : -1;
	if (pidfd < 0) {
		int status = spawn_wait(pid);
		show_log(place, log_length);
		return error_set(err, PROBLEM_FAILED,
				 "sandbox-agent exited before becoming healthy (exit status: %d)",
				 WEXITSTATUS(status));
	}
	int rc = place_write(place, id, build, err);
	if (rc == 0)
		rc = wait_healthy(plan, pidfd, err);
	if (rc < 0) {
		struct sa_error ignored;
		bool has_ended = process_wait_end(pidfd, clock_monotonic_ms());
		if (!has_ended)
			process_end(pidfd, SIGTERM, deadline_after(ASK_MS), &ignored);
		int status = spawn_wait(pid);
		show_log(place, log_length);
		place_forget(place);
		if (has_ended && WIFEXITED(status))
			error_set(err, PROBLEM_FAILED,
				  "sandbox-agent exited before becoming healthy (exit status: %d)",
				  WEXITSTATUS(status));
		return -1;
	}
	tell("daemon started (PID %d, logs: %s)", pid, place->log);
	print_json(plan, place, "started", pid, build, false);
	return SA_EXIT_OK;
}

/* End the server with this identity and forget what was written about it. */
static int end_server(const struct daemon_plan *plan, const struct place *place, struct procid id,
		      int signal_number, struct sa_error *err)
{
	tell("stopping daemon (PID %d)...", id.pid);
	cleanup_close int pidfd = process_open(id);
	int rc =
	    pidfd < 0 ? 0 : process_end(pidfd, signal_number, deadline_after(plan->wait_ms), err);
	if (rc < 0)
		return -1;
	if (rc == 1)
		tell("it did not end in time and was killed");
	place_forget(place);
	tell("daemon stopped");
	return 0;
}

/* A healthy server whose pid nobody wrote down. 0, or -1. */
static int find_unrecorded(const struct daemon_plan *plan, struct procid *ret_id,
			   struct sa_error *err)
{
	tell("daemon is running but PID file missing; finding process on port %u...", plan->port);
	if (!listener_find(plan->host, plan->port, ret_id))
		return error_set(err, PROBLEM_PERMISSION_DENIED,
				 "the server on port %u is no process of this user", plan->port);
	tell("found daemon process %d", ret_id->pid);
	return 0;
}

int daemon_start(const struct daemon_plan *plan, struct sa_error *err)
{
	cleanup_place struct place place = {.url = NULL};
	cleanup_free char *path = NULL;
	cleanup_free char *build = NULL;
	if (place_init(&place, plan->host, plan->port, err) < 0 ||
	    build_find(&path, &build, err) < 0)
		return -1;
	cleanup_close int lock = place_lock(&place, err);
	if (lock < 0)
		return -1;
	struct procid id = {.pid = 0};
	bool is_known = place_read(&place, &id) == PLACE_ALIVE;
	enum health health = ask(plan);
	if (is_known && (health == HEALTH_NOBODY || health == HEALTH_SILENT)) {
		tell("daemon process %d exists; waiting for health", id.pid);
		cleanup_close int pidfd = process_open(id);
		if (pidfd >= 0 && wait_healthy(plan, pidfd, err) < 0)
			return -1;
		health = pidfd >= 0 ? HEALTH_OK : HEALTH_NOBODY; /* it ended meanwhile */
	}
	if (health == HEALTH_OK) {
		cleanup_free char *old = is_known ? place_read_version(&place) : NULL;
		bool is_outdated = !old || strcmp(old, build) != 0;
		if (!plan->is_upgrade || !is_outdated) {
			tell("daemon already running at %s", place.url);
			print_json(plan, &place, "running", is_known ? id.pid : 0, old,
				   is_outdated);
			return SA_EXIT_OK;
		}
		tell("daemon outdated (build %s -> %s), restarting...", old ? old : "unknown",
		     build);
		if ((!is_known && find_unrecorded(plan, &id, err) < 0) ||
		    end_server(plan, &place, id, SIGNAL_HAND_OVER, err) < 0)
			return -1;
	} else if (health == HEALTH_DENIED) {
		return error_set(err, PROBLEM_TOKEN_INVALID,
				 "a server runs at %s, but wants another token", place.url);
	} else if (health != HEALTH_NOBODY) {
		return error_set(err, PROBLEM_CONFLICT, "something else answers at %s", place.url);
	}
	return start_new(plan, &place, path, build, err);
}

int daemon_stop(const struct daemon_plan *plan, struct sa_error *err)
{
	cleanup_place struct place place = {.url = NULL};
	if (place_init(&place, plan->host, plan->port, err) < 0)
		return -1;
	cleanup_close int lock = place_lock(&place, err);
	if (lock < 0)
		return -1;
	struct procid id = {.pid = 0};
	enum place_state state = place_read(&place, &id);
	if (state != PLACE_ALIVE) {
		enum health health = ask(plan);
		if (health != HEALTH_OK && health != HEALTH_DENIED) {
			tell_stopped(&place, state == PLACE_STALE
						 ? "daemon is not running (stale PID file)"
						 : "daemon is not running (no PID file)");
			place_forget(&place);
			print_json(plan, &place, "stopped", 0, NULL, false);
			return SA_EXIT_OK;
		}
		if (find_unrecorded(plan, &id, err) < 0)
			return -1;
	}
	if (end_server(plan, &place, id, SIGTERM, err) < 0)
		return -1;
	print_json(plan, &place, "stopped", id.pid, NULL, false);
	return SA_EXIT_OK;
}

int daemon_status(const struct daemon_plan *plan, struct sa_error *err)
{
	cleanup_place struct place place = {.url = NULL};
	struct sa_error ignored;
	if (place_init(&place, plan->host, plan->port, err) < 0)
		return -1;
	struct procid id = {.pid = 0};
	enum place_state state = place_read(&place, &id);
	enum health health = ask(plan);
	if (state != PLACE_ALIVE && health != HEALTH_OK && health != HEALTH_DENIED) {
		tell_stopped(&place, "Daemon not running");
		print_json(plan, &place, "stopped", 0, NULL, false);
		return SA_EXIT_OK;
	}
	if (state != PLACE_ALIVE && !listener_find(plan->host, plan->port, &id))
		id.pid = 0;
	cleanup_free char *path = NULL;
	cleanup_free char *build = NULL;
	cleanup_free char *running = state == PLACE_ALIVE ? place_read_version(&place) : NULL;
	build_find(&path, &build, &ignored);
	bool is_outdated = build && (!running || strcmp(running, build) != 0);
	tell("Daemon running (PID %d, build %s, logs: %s)%s%s", id.pid,
	     running ? running : "unknown", place.log,
	     is_outdated ? " [outdated, restart recommended]" : "",
	     state == PLACE_ALIVE && (health == HEALTH_NOBODY || health == HEALTH_SILENT)
		 ? " [does not answer]"
		 : "");
	print_json(plan, &place, "running", id.pid, running, is_outdated);
	return SA_EXIT_OK;
}
