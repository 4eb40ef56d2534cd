#include "front.h"

#include "asks.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "children.h"
#include "conn.h"
#include "filter/filter.h"
#include "listen.h"
#include "os/signals.h"
#include "ui.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ID_PREFIX_LENGTH = 8, SPARE_FILES = 256 };

/* --- stopping ----------------------------------------------------------------------- */

/*
 * In order: nobody new comes in, what idles is closed, the kept commands are
 * told to end what they started (their answers still reach the clients that
 * wait), and when all have said so, or stop_ms is over, the rest is cut.
 */
static void stop(struct front *front)
{
	if (front->is_stopping) {
		front->stop_deadline = 0;
		return;
	}
	front->is_stopping = true;
	front->stop_deadline = deadline_after(front->options->stop_ms);
	listen_close(front);
	conns_close(front, false);
	/* One connection of many (inetd): the sessions are not only its own. */
	if (front->options->is_inetd || front->is_keeping)
		return;
	asks_shut_down(front);
	children_stop(front, false);
}

static bool is_over(const struct front *front)
{
	if (!front->is_stopping)
		return front->conn_count == 0 && front->listener_count == 0;
	if (front->options->is_inetd || front->is_keeping)
		return true;
	return (asks_are_over(front) && conns_are_done(front)) ||
	       clock_monotonic_ms() >= front->stop_deadline;
}

static void on_signal(void *arg, uint32_t events)
{
	struct front *front = arg;
	int number;
	(void)events;
	while ((number = signals_take(front->signals.fd))) {
		if (number == SIGCHLD) {
			children_reap(front);
			continue;
		}
		/* Another build takes over: what runs is for it. */
		if (number == SIGUSR2)
			front->is_keeping = true;
		stop(front);
	}
}

/* --- the loop --------------------------------------------------------------------------- */

static int wait_ms(const struct front *front)
{
	int64_t at = timers_next(&front->timers);
	if (front->log.write_at < at)
		at = front->log.write_at;
	if (front->is_stopping && front->stop_deadline < at)
		at = front->stop_deadline;
	return deadline_poll_ms(at);
}

static void expire(struct front *front)
{
	int64_t now = clock_monotonic_ms();
	struct timer *timer;
	while ((timer = timers_expired(&front->timers, now)))
		conn_expire(conn_of_timer(timer), timer->kind);
}

static int run(struct front *front, struct sa_error *err)
{
	while (!is_over(front)) {
		if (loop_once(&front->loop, wait_ms(front)) < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "wait for events");
		expire(front);
		if (front->is_stopping)
			conns_close(front, false);
		log_flush(&front->log, false);
		asks_sweep(front);
		conns_sweep(front);
	}
	return 0;
}

/* --- beginning and end -------------------------------------------------------------------- */

static int watch_signals(struct front *front, struct sa_error *err)
{
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	int fd = signals_open((const int[]){SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR2, 0});
	if (fd < 0 || loop_watch(&front->loop, &front->signals, fd, EPOLLIN, on_signal, front) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch for signals");
	return 0;
}

/* A descriptor for each connection and one more for its file; our commands get the old limit. */
static void raise_file_limit(struct front *front)
{
	getrlimit(RLIMIT_NOFILE, &front->file_limit);
	struct rlimit more = front->file_limit;
	rlim_t want = (rlim_t)front->options->connections * 2 + SPARE_FILES;
	if (more.rlim_cur >= want)
		return;
	more.rlim_cur = want < more.rlim_max ? want : more.rlim_max;
	setrlimit(RLIMIT_NOFILE, &more);
}

static void prepare(struct front *front)
{
	const struct front_options *o = front->options;
	cleanup_free char *prefix = ident_random(ID_PREFIX_LENGTH);
	snprintf(front->id_prefix, sizeof(front->id_prefix), "%s", prefix);
	setenv(FILTER_OWNER_TAG, prefix, 1);
	front->limits = HTTP_LIMITS_DEFAULT;
	front->limits.head_bytes = o->header_bytes;
	front->read_buffer = xmalloc(READ_BYTES);
	timers_init(&front->timers);
	front->timers.lengths_ms[TIMER_HEADER] = o->header_ms;
	front->timers.lengths_ms[TIMER_IDLE] = o->idle_ms;
	front->timers.lengths_ms[TIMER_BODY] = o->body_ms;
	front->timers.lengths_ms[TIMER_WRITE] = o->write_ms;
	front->timers.lengths_ms[TIMER_ADOPT] = ADOPT_AFTER_MS;
	front->timers.lengths_ms[TIMER_HALF_CLOSED] = HALF_CLOSED_MS;
	front->timers.lengths_ms[TIMER_LINGER] = LINGER_MS;
	front->ui = BENEATH_ALL;
	raise_file_limit(front);
	asks_init(front);
}

static void free_all(struct front *front)
{
	listen_close(front);
	conns_close(front, true);
	conns_sweep(front);
	asks_free(front);
	children_free(front);
	log_close(&front->log);
	metrics_free(&front->metrics);
	loop_close(&front->loop, &front->signals);
	loop_free(&front->loop);
	beneath_close(&front->ui);
	free(front->ui_path);
	free(front->read_buffer);
}

static int open_all(struct front *front, struct sa_error *err)
{
	const struct front_options *o = front->options;
	metrics_init(&front->metrics);
	if (ui_open(front, o->ui, err) < 0)
		return -1;
	if (watch_signals(front, err) < 0 || log_open(&front->log, o->access_log, err) < 0)
		return -1;
	if (o->is_inetd) {
		if (conn_open(front, STDIN_FILENO, o->is_one_fd ? STDIN_FILENO : STDOUT_FILENO,
			      false) < 0)
			return error_set_errno(err, PROBLEM_INVALID_REQUEST, errno,
					       "standard input must be a socket or a pipe");
		return 0;
	}
	if (listen_open(front, err) < 0)
		return -1;
	if (!o->token && !o->is_open)
		fprintf(stderr, "sa-serve: no token is wanted of local clients; --token-file FILE "
				"sets one, --no-token says that this is meant\n");
	listen_announce(front);
	return 0;
}

int front_run(const struct front_options *options, struct sa_error *err)
{
	struct front *front = xcalloc(1, sizeof(*front));
	front->options = options;
	front->signals = WATCH_INIT;
	front->is_keeping = options->is_keeping_sessions;
	front->log.fd = -1;
	front->log.write_at = DEADLINE_NEVER;
	int rc = loop_init(&front->loop);
	if (rc < 0)
		error_set_errno(err, PROBLEM_FAILED, errno, "make an epoll descriptor");
	else
		prepare(front);
	if (rc == 0)
		rc = open_all(front, err);
	if (rc == 0)
		rc = run(front, err);
	bool is_late = rc == 0 && front->is_stopping && !options->is_inetd && !front->is_keeping &&
		       !asks_are_over(front);
	if (rc == 0 && front->is_stopping && !front->is_keeping)
		children_stop(front, is_late);
	if (front->read_buffer)
		free_all(front);
	free(front);
	return rc < 0 ? -1 : SA_EXIT_OK;
}
