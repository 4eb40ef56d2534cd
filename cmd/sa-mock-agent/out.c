#include "out.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

void out_init(struct out *out, int fd)
{
	*out = (struct out){.fd = fd, .queue = BUF_INIT(BUF_MAX_OWN)};
	out->old_flags = fcntl(fd, F_GETFL);
	if (out->old_flags >= 0)
		fcntl(fd, F_SETFL, out->old_flags | O_NONBLOCK);
}

void out_free(struct out *out)
{
	if (out->old_flags >= 0)
		fcntl(out->fd, F_SETFL, out->old_flags);
	buf_free(&out->queue);
}

size_t out_unsent(const struct out *out)
{
	return out->queue.len - out->sent;
}

/* Forget what is sent: at once when that is all, else only when it pays. */
static void drop_sent(struct out *out)
{
	if (out->sent == out->queue.len) {
		buf_clear(&out->queue);
		buf_shrink(&out->queue);
		out->sent = 0;
	} else if (out->sent > OUT_BUSY_BYTES && out->sent > out->queue.len / 2) {
		buf_consume(&out->queue, out->sent);
		out->sent = 0;
	}
}

/* How much to write at once, bytes. */
static size_t next_piece(struct out *out)
{
	static const unsigned char sizes[] = {1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144};
	if (!out->is_split)
		return out_unsent(out);
	size_t size = sizes[out->piece++ % sizeof(sizes)];
	return size < out_unsent(out) ? size : out_unsent(out);
}

int out_flush(struct out *out)
{
	if (out->pause_until && deadline_poll_ms(out->pause_until) > 0)
		return 0;
	out->pause_until = 0;
	while (out_unsent(out) && !out->is_broken) {
		ssize_t n = write(out->fd, out->queue.data + out->sent, next_piece(out));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			out->is_broken = true;
			out->sent = out->queue.len;
			drop_sent(out);
			return -1;
		}
		out->sent += (size_t)n;
		if (out->is_split) {
			out->pause_until = deadline_after(1);
			break;
		}
	}
	if (out->is_broken)
		out->sent = out->queue.len;
	drop_sent(out);
	return 0;
}

bool out_wants_poll(const struct out *out, int64_t *ret_pause_until)
{
	if (out->is_broken || out_unsent(out) == 0)
		return false;
	if (!out->pause_until)
		return true;
	*ret_pause_until = out->pause_until;
	return false;
}

void out_drain(struct out *out, int64_t ms)
{
	int64_t deadline = deadline_after(ms);
	for (size_t before = out_unsent(out);;) {
		if (out_flush(out) < 0 || out_unsent(out) == 0)
			return;
		if (out_unsent(out) < before)
			deadline = deadline_after(ms);
		else if (deadline_poll_ms(deadline) == 0)
			return;
		before = out_unsent(out);
		int64_t pause_until = deadline;
		struct pollfd fd = {out->fd, POLLOUT, 0};
		bool is_polled = out_wants_poll(out, &pause_until);
		int wait_ms = deadline_poll_ms(pause_until < deadline ? pause_until : deadline);
		if (poll(&fd, is_polled ? 1 : 0, wait_ms) < 0 && errno != EINTR)
			return;
	}
}
