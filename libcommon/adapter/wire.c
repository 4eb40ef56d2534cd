#include "adapter/wire.h"

#include "os/io.h"

#include <errno.h>
#include <unistd.h>

static void close_out(struct wire *wire)
{
	int fd = wire->out.fd >= 0 ? wire->out.fd : wire->out_fd;
	loop_forget(wire->loop, &wire->out);
	wire->out_fd = -1;
	if (fd >= 0)
		close(fd);
}

static void take_lines(struct wire *wire)
{
	struct span line;
	enum lines_result result;
	while ((result = lines_next(&wire->lines, &line)) != LINES_MORE) {
		if (result == LINES_LINE)
			wire->events->on_line(wire->arg, line);
		else if (wire->events->on_long)
			wire->events->on_long(wire->arg, line, wire->lines.skipped_bytes);
	}
}

static void end_input(struct wire *wire)
{
	struct span line;
	enum lines_result result = lines_end(&wire->lines, &line);
	if (result == LINES_LINE)
		wire->events->on_line(wire->arg, line);
	else if (result == LINES_TOO_LONG && wire->events->on_long)
		wire->events->on_long(wire->arg, line, wire->lines.skipped_bytes);
	loop_close(wire->loop, &wire->in);
	wire->is_in_file = false;
	if (wire->events->on_end)
		wire->events->on_end(wire->arg);
}

bool wire_read(struct wire *wire)
{
	/* One buffer for all wires: a handler never reads another wire. */
	static char chunk[WIRE_READ_BYTES];
	if (wire->in.fd < 0)
		return false;
	ssize_t n = read(wire->in.fd, chunk, sizeof(chunk));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		end_input(wire);
		return false;
	}
	lines_feed(&wire->lines, (struct span){chunk, (size_t)n});
	take_lines(wire);
	return true;
}

static void on_in(void *arg, uint32_t events)
{
	(void)events;
	wire_read(arg);
}

/* Forget what is sent: at once when that is all, else only when it pays. */
static void drop_sent(struct wire *wire)
{
	if (wire->is_broken)
		wire->sent = wire->queue.len;
	if (wire->sent == wire->queue.len) {
		buf_clear(&wire->queue);
		buf_shrink(&wire->queue);
		wire->sent = 0;
	} else if (wire->sent > WIRE_BUSY_BYTES && wire->sent > wire->queue.len / 2) {
		buf_consume(&wire->queue, wire->sent);
		wire->sent = 0;
	}
}

void wire_flush(struct wire *wire)
{
	int fd = wire->out.fd >= 0 ? wire->out.fd : wire->out_fd;
	wire->is_broken = wire->is_broken || fd < 0;
	while (!wire->is_broken && wire_unsent(wire)) {
		ssize_t n = write(fd, wire->queue.data + wire->sent, wire_unsent(wire));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		wire->is_broken = n < 0;
		wire->sent += n < 0 ? 0 : (size_t)n;
	}
	drop_sent(wire);
	loop_want(wire->loop, &wire->out, wire_unsent(wire) ? EPOLLOUT : 0);
}

static void on_out(void *arg, uint32_t events)
{
	struct wire *wire = arg;
	/* A reader that has gone is always "ready": do not spin on it. */
	if (events & (EPOLLERR | EPOLLHUP)) {
		wire->is_broken = true;
		drop_sent(wire);
		close_out(wire);
		return;
	}
	wire_flush(wire);
}

int wire_init(struct wire *wire, struct loop *loop, int in_fd, int out_fd, size_t line_bytes,
	      const struct wire_events *events, void *arg)
{
	*wire = (struct wire){
	    .loop = loop,
	    .in = WATCH_INIT,
	    .out = WATCH_INIT,
	    .out_fd = -1,
	    .queue = BUF_INIT(BUF_MAX_OWN),
	    .events = events,
	    .arg = arg,
	};
	lines_init(&wire->lines, line_bytes);
	if (in_fd >= 0 && io_set_nonblocking(in_fd) == 0 &&
	    loop_watch(loop, &wire->in, in_fd, EPOLLIN, on_in, wire) < 0) {
		if (errno != EPERM)
			return -1;
		wire->in.fd = in_fd;
		wire->is_in_file = true;
	}
	if (out_fd >= 0 && io_set_nonblocking(out_fd) == 0 &&
	    loop_watch(loop, &wire->out, out_fd, 0, on_out, wire) < 0) {
		if (errno != EPERM)
			return -1;
		wire->out_fd = out_fd;
	}
	return 0;
}

void wire_free(struct wire *wire)
{
	if (!wire->loop)
		return;
	loop_close(wire->loop, &wire->in);
	close_out(wire);
	lines_free(&wire->lines);
	buf_free(&wire->queue);
	wire->sent = 0;
}

bool wire_is_stuck(const struct wire *wire)
{
	return wire_unsent(wire) > WIRE_QUEUE_BYTES + wire->lines.limit;
}

void wire_close_out(struct wire *wire)
{
	wire_flush(wire);
	close_out(wire);
}

void wire_pause(struct wire *wire, bool is_paused)
{
	wire->is_paused = is_paused;
	loop_want(wire->loop, &wire->in, is_paused ? 0 : EPOLLIN);
}
