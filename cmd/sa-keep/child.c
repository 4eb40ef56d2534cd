#include "child.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "clients.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* --- output ----------------------------------------------------------------------- */

/*
 * Read what is there of one descriptor, budget bytes at most; what was read
 * is in the log's batch. A terminal whose last user has gone says EIO: that
 * is its end, no error.
 */
static void read_output(struct keeper *k, struct watch *watch, enum log_stream stream,
			size_t budget)
{
	size_t chunk = log_writer_chunk(&k->log);
	for (size_t total = 0; watch->fd >= 0 && total < budget;) {
		char *room = log_writer_room(&k->log);
		if (!room) {
			k->has_more = true;
			return;
		}
		ssize_t n = read(watch->fd, room, chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			loop_close(&k->loop, watch);
			return;
		}
		log_writer_put(&k->log, stream, (size_t)n, clock_now_ms());
		total += (size_t)n;
	}
	k->has_more = k->has_more || watch->fd >= 0;
}

static enum log_stream first_stream(const struct keeper *k)
{
	return k->options->is_tty ? LOG_PTY : LOG_STDOUT;
}

static bool is_waiting(const struct keeper *k)
{
	return k->is_held || k->is_disk_full;
}

/*
 * Watched edge by edge: epoll hands stdout and stderr out in the order in
 * which they woke us, as near to the order of the writes as the kernel
 * tells. Whoever may not be read now is read later by child_pump().
 */
static void on_out(void *arg, uint32_t events)
{
	struct keeper *k = arg;
	(void)events;
	if (is_waiting(k) || k->has_more)
		k->has_more = true;
	else
		read_output(k, &k->out, first_stream(k), PUMP_BYTES);
}

static void on_err(void *arg, uint32_t events)
{
	struct keeper *k = arg;
	(void)events;
	if (is_waiting(k) || k->has_more)
		k->has_more = true;
	else
		read_output(k, &k->err, LOG_STDERR, PUMP_BYTES);
}

void child_pump(struct keeper *k)
{
	if (!k->has_more || is_waiting(k))
		return;
	k->has_more = false;
	read_output(k, &k->out, first_stream(k), PUMP_BYTES);
	read_output(k, &k->err, LOG_STDERR, PUMP_BYTES);
}

void child_drain(struct keeper *k)
{
	int64_t deadline = deadline_after(DISK_PATIENCE_MS);
	do {
		k->has_more = false;
		read_output(k, &k->out, first_stream(k), PUMP_BYTES);
		read_output(k, &k->err, LOG_STDERR, PUMP_BYTES);
	} while (clients_flush_log(k, deadline) == 0 && k->has_more);
	loop_close(&k->loop, &k->out);
	loop_close(&k->loop, &k->err);
}

/* --- input ------------------------------------------------------------------------ */

static void end_input(struct keeper *k)
{
	loop_close(&k->loop, &k->in);
	buf_free(&k->to_child);
}

static void write_input(struct keeper *k)
{
	size_t done = 0;
	while (k->in.fd >= 0 && done < k->to_child.len) {
		ssize_t n = write(k->in.fd, k->to_child.data + done, k->to_child.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			end_input(k); /* the child closed it; if it is dead we will hear of that */
			clients_input_moved(k);
			return;
		}
		done += (size_t)n;
	}
	buf_consume(&k->to_child, done);
	buf_shrink(&k->to_child);
	loop_want(&k->loop, &k->in, k->to_child.len ? EPOLLOUT : 0);
	if (k->is_input_ending && k->to_child.len == 0)
		end_input(k);
	if (done)
		clients_input_moved(k);
}

static void on_in(void *arg, uint32_t events)
{
	struct keeper *k = arg;
	if (events & (EPOLLERR | EPOLLHUP) && k->to_child.len == 0)
		end_input(k);
	else
		write_input(k);
}

int child_check_input(const struct keeper *k, struct sa_error *err)
{
	if (k->process.is_exited || k->life >= LIFE_CLEARING)
		return error_set(err, PROBLEM_CONFLICT, "process '%s' is not running",
				 k->process.id);
	if (k->in.fd < 0 || k->is_input_ending)
		return error_set(err, PROBLEM_CONFLICT, "the input of process '%s' is closed",
				 k->process.id);
	return 0;
}

size_t child_input_room(const struct keeper *k)
{
	return k->to_child.len < INPUT_QUEUE_BYTES ? INPUT_QUEUE_BYTES - k->to_child.len : 0;
}

void child_input(struct keeper *k, struct span data)
{
	bool was_empty = k->to_child.len == 0;
	if (k->in.fd < 0)
		return;
	buf_add_span(&k->to_child, data);
	if (was_empty)
		write_input(k);
}

int child_end_input(struct keeper *k, struct sa_error *err)
{
	struct termios modes;
	if (child_check_input(k, err) < 0)
		return -1;
	if (k->options->is_tty) {
		/* Only its key ends a terminal's input; the program may read on after it. */
		if (tcgetattr(k->in.fd, &modes) == 0 && modes.c_cc[VEOF])
			child_input(k, (struct span){(const char *)&modes.c_cc[VEOF], 1});
		return 0;
	}
	k->is_input_ending = true;
	write_input(k);
	return 0;
}

int child_resize(struct keeper *k, int cols, int rows, struct sa_error *err)
{
	struct winsize size = {.ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows};
	if (!k->options->is_tty)
		return error_set(err, PROBLEM_CONFLICT, "process '%s' has no terminal",
				 k->process.id);
	if (k->in.fd < 0 || ioctl(k->in.fd, TIOCSWINSZ, &size) < 0)
		return error_set(err, PROBLEM_CONFLICT, "the terminal of process '%s' is closed",
				 k->process.id);
	return 0;
}

/* --- opening ---------------------------------------------------------------------- */

static int open_terminal(struct keeper *k, struct child_ends *ret, struct sa_error *err)
{
	char name[64];
	struct winsize size = {
	    .ws_col = (unsigned short)(k->options->cols ? k->options->cols : TERMINAL_COLS),
	    .ws_row = (unsigned short)(k->options->rows ? k->options->rows : TERMINAL_ROWS),
	};
	cleanup_close int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
	    ptsname_r(master, name, sizeof(name)) != 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a terminal");
	cleanup_close int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	cleanup_close int input = fcntl(master, F_DUPFD_CLOEXEC, 3);
	k->terminal_fd = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (slave < 0 || input < 0 || k->terminal_fd < 0 || ioctl(master, TIOCSWINSZ, &size) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a terminal");
	io_set_nonblocking(master);
	if (loop_watch(&k->loop, &k->out, master, EPOLLIN | EPOLLET, on_out, k) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch the terminal");
	TAKE_FD(master);
	if (loop_watch(&k->loop, &k->in, input, 0, on_in, k) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch the terminal");
	TAKE_FD(input);
	ret->in = ret->out = ret->err = TAKE_FD(slave);
	return 0;
}

static int open_pipe(struct keeper *k, struct watch *watch, bool is_input, loop_fn *fn,
		     int *ret_end, struct sa_error *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a pipe");
	int ours = fds[is_input ? 1 : 0];
	*ret_end = fds[is_input ? 0 : 1];
	io_set_nonblocking(ours);
	if (loop_watch(&k->loop, watch, ours, is_input ? 0 : EPOLLIN | EPOLLET, fn, k) == 0)
		return 0;
	close(ours);
	return error_set_errno(err, PROBLEM_FAILED, errno, "watch a pipe");
}

int child_open(struct keeper *k, struct child_ends *ret, struct sa_error *err)
{
	*ret = (struct child_ends){-1, -1, -1};
	buf_init(&k->to_child, INPUT_QUEUE_BYTES + CLIENT_LINE_BYTES);
	if (k->options->is_tty)
		return open_terminal(k, ret, err);
	if (open_pipe(k, &k->in, true, on_in, &ret->in, err) < 0 ||
	    open_pipe(k, &k->out, false, on_out, &ret->out, err) < 0 ||
	    open_pipe(k, &k->err, false, on_err, &ret->err, err) < 0)
		return -1;
	return 0;
}

void child_close_ends(struct child_ends *ends)
{
	if (ends->in >= 0)
		close(ends->in);
	if (ends->out >= 0 && ends->out != ends->in)
		close(ends->out);
	if (ends->err >= 0 && ends->err != ends->in)
		close(ends->err);
	*ends = (struct child_ends){-1, -1, -1};
}

void child_free(struct keeper *k)
{
	loop_close(&k->loop, &k->out);
	loop_close(&k->loop, &k->err);
	loop_close(&k->loop, &k->in);
	if (k->terminal_fd >= 0)
		close(k->terminal_fd);
	buf_free(&k->to_child);
}
