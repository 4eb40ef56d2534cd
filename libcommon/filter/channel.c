#include "filter/channel.h"

#include "base/xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_socket(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

void channel_init(struct channel *c, int in_fd, int out_fd, size_t line_limit_bytes)
{
	*c = (struct channel){
	    .in_fd = in_fd,
	    .out_fd = out_fd,
	    .is_in_socket = is_socket(in_fd),
	    .is_out_socket = is_socket(out_fd),
	    .chunk = xmalloc(CHANNEL_READ_BYTES),
	};
	lines_init(&c->lines, line_limit_bytes);
	buf_init(&c->out, BUF_MAX_OWN);
}

void channel_free(struct channel *c)
{
	for (size_t i = 0; i < c->received_count; i++)
		close(c->received[i]);
	for (size_t i = 0; i < c->sending_count; i++)
		close(c->sending[i].fd);
	c->received_count = c->sending_count = 0;
	lines_free(&c->lines);
	buf_free(&c->out);
	free(c->chunk);
	c->chunk = NULL;
}

/* --- in --------------------------------------------------------------------- */

/* Keep the descriptors of one message; false when there are more than we hold. */
static bool keep_fds(struct channel *c, struct msghdr *message)
{
	bool is_full = false;
	for (struct cmsghdr *m = CMSG_FIRSTHDR(message); m; m = CMSG_NXTHDR(message, m)) {
		if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (m->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(m) + i * sizeof(int), sizeof(int));
			if (c->received_count < CHANNEL_FDS_MAX) {
				c->received[c->received_count++] = fd;
			} else {
				close(fd);
				is_full = true;
			}
		}
	}
	return !is_full && !(message->msg_flags & MSG_CTRUNC);
}

static ssize_t receive(struct channel *c)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * CHANNEL_FDS_MAX)];
	} control;
	struct iovec data = {c->chunk, CHANNEL_READ_BYTES};
	struct msghdr message = {
	    .msg_iov = &data,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(c->in_fd, &message, MSG_CMSG_CLOEXEC);
	if (n >= 0 && !keep_fds(c, &message)) {
		errno = EMFILE;
		return -1;
	}
	return n;
}

int channel_read(struct channel *c)
{
	ssize_t n;
	do
		n = c->is_in_socket ? receive(c) : read(c->in_fd, c->chunk, CHANNEL_READ_BYTES);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -1 : 0;
	lines_feed(&c->lines, (struct span){c->chunk, (size_t)n});
	return 1;
}

enum lines_result channel_next(struct channel *c, struct span *ret_line)
{
	return lines_next(&c->lines, ret_line);
}

int channel_each(struct channel *c, channel_line_fn *fn, void *arg)
{
	enum lines_result result;
	struct span line;
	int rc = channel_read(c);
	while (rc > 0 && (result = channel_next(c, &line)) != LINES_MORE)
		if (result == LINES_TOO_LONG || span_trim(line).n)
			fn(arg, result == LINES_TOO_LONG ? SPAN_NONE : line);
	if (rc == 0 && !c->is_in_socket && lines_end(&c->lines, &line) == LINES_LINE &&
	    span_trim(line).n)
		fn(arg, line);
	return rc;
}

int channel_take_fd(struct channel *c)
{
	if (c->received_count == 0)
		return -1;
	int fd = c->received[0];
	c->received_count--;
	memmove(c->received, c->received + 1, c->received_count * sizeof(int));
	return fd;
}

/* --- out -------------------------------------------------------------------- */

bool channel_passes_fds(const struct channel *c)
{
	return c->is_out_socket;
}

int channel_add(struct channel *c, struct span line, int fd)
{
	if (fd >= 0 && (!c->is_out_socket || c->sending_count == CHANNEL_FDS_MAX)) {
		close(fd);
		return -1;
	}
	if (fd >= 0) {
		c->sending[c->sending_count].at = c->out_done + c->out.len;
		c->sending[c->sending_count++].fd = fd;
	}
	buf_add_span(&c->out, line);
	buf_addc(&c->out, '\n');
	return 0;
}

/* One sendmsg(2) of n bytes, the first of them with fd. */
static ssize_t send_with_fd(struct channel *c, size_t n, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec data = {c->out.data, n};
	struct msghdr message = {
	    .msg_iov = &data,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *m = CMSG_FIRSTHDR(&message);
	m->cmsg_level = SOL_SOCKET;
	m->cmsg_type = SCM_RIGHTS;
	m->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(m), &fd, sizeof(int));
	return sendmsg(c->out_fd, &message, MSG_NOSIGNAL);
}

/* Write up to the next descriptor, or a descriptor and what follows it. */
static ssize_t write_run(struct channel *c)
{
	bool has_fd = c->sending_count && c->sending[0].at == c->out_done;
	size_t next = has_fd ? 1 : 0;
	size_t n = c->out.len;
	if (next < c->sending_count && c->sending[next].at - c->out_done < n)
		n = (size_t)(c->sending[next].at - c->out_done);
	ssize_t done;
	if (has_fd)
		done = send_with_fd(c, n, c->sending[0].fd);
	else if (c->is_out_socket)
		done = send(c->out_fd, c->out.data, n, MSG_NOSIGNAL);
	else
		done = write(c->out_fd, c->out.data, n);
	if (done > 0 && has_fd) {
		close(c->sending[0].fd);
		c->sending_count--;
		memmove(c->sending, c->sending + 1, c->sending_count * sizeof(c->sending[0]));
	}
	return done;
}

int channel_flush(struct channel *c)
{
	while (c->out.len) {
		ssize_t n = write_run(c);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 1 : -1;
		buf_consume(&c->out, (size_t)n);
		c->out_done += (uint64_t)n;
	}
	buf_shrink(&c->out);
	return 0;
}
