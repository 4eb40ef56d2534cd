#include "conn.h"

#include "answer.h"
#include "asks.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "children.h"
#include "os/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FILE_STEP_BYTES = 1 << 20, /* of one file in one go: others get their turn */
	BODY_STEP_BYTES = 4096,	   /* a body must bring this much per body deadline */
};

static void settle(struct conn *c);

/* --- the beginning and the end --------------------------------------------------- */

static void on_event(void *arg, uint32_t events);

/* A regular file as standard output is always ready and cannot be watched. */
static int watch_both(struct conn *c)
{
	struct loop *loop = &c->front->loop;
	if (loop_watch(loop, &c->in, c->in_fd, EPOLLIN, on_event, c) < 0)
		return -1;
	if (c->out_fd == c->in_fd || loop_watch(loop, &c->out, c->out_fd, 0, on_event, c) == 0)
		return 0;
	return errno == EPERM ? 0 : -1;
}

int conn_open(struct front *front, int in_fd, int out_fd, bool is_unix)
{
	struct conn *c = xcalloc(1, sizeof(*c));
	int type;
	socklen_t size = sizeof(type);
	*c = (struct conn){
	    .front = front,
	    .in_fd = in_fd,
	    .out_fd = out_fd,
	    .in = WATCH_INIT,
	    .out = WATCH_INIT,
	    .is_unix = is_unix,
	    .is_socket = getsockopt(in_fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0,
	    .bytes = BUF_INIT(front->limits.head_bytes + 2 * READ_BYTES),
	};
	buf_init(&c->out_bytes, BUF_MAX_OWN);
	exchange_init(&c->exchange);
	io_set_nonblocking(in_fd);
	io_set_nonblocking(out_fd);
	if (c->is_socket && !is_unix)
		setsockopt(in_fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	c->next = front->conns;
	if (front->conns)
		front->conns->prev = c;
	front->conns = c;
	front->conn_count++;
	front->metrics.connections++;
	if (watch_both(c) < 0) {
		int saved = errno;
		conn_close(c);
		errno = saved;
		return -1;
	}
	timer_start(&front->timers, &c->timer, TIMER_HEADER);
	return 0;
}

struct conn *conn_of_timer(struct timer *timer)
{
	return (struct conn *)(void *)((char *)timer - offsetof(struct conn, timer));
}

void conn_close(struct conn *c)
{
	struct front *front = c->front;
	if (c->state == CONN_CLOSED)
		return;
	exchange_clear(c);
	c->state = CONN_CLOSED;
	timer_stop(&c->timer);
	loop_forget(&front->loop, &c->in);
	loop_forget(&front->loop, &c->out);
	close(c->in_fd);
	if (c->out_fd != c->in_fd)
		close(c->out_fd);
	c->in_fd = c->out_fd = -1;
	if (c->prev)
		c->prev->next = c->next;
	else
		front->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->next = front->gone;
	front->gone = c;
	front->conn_count--;
}

void conns_sweep(struct front *front)
{
	while (front->gone) {
		struct conn *c = front->gone;
		front->gone = c->next;
		buf_free(&c->bytes);
		buf_free(&c->out_bytes);
		free(c);
	}
}

void conns_close(struct front *front, bool is_all)
{
	for (struct conn *c = front->conns, *next; c; c = next) {
		next = c->next;
		bool is_idle = c->state == CONN_HEAD && c->out_bytes.len == 0;
		if (is_all || is_idle)
			conn_close(c);
	}
}

bool conns_are_done(const struct front *front)
{
	for (const struct conn *c = front->conns; c; c = c->next)
		if (c->state != CONN_LINGER)
			return false;
	return true;
}

/* All is sent. Half of a close; the other half is the client's, or LINGER_MS. */
static void linger(struct conn *c)
{
	exchange_clear(c);
	if (!c->is_socket || c->is_at_end) {
		conn_close(c);
		return;
	}
	shutdown(c->out_fd, SHUT_WR);
	c->state = CONN_LINGER;
	timer_start(&c->front->timers, &c->timer, TIMER_LINGER);
}

void conn_return(struct conn *c)
{
	io_set_nonblocking(c->out_fd);
	if (watch_both(c) < 0)
		conn_close(c);
	else
		linger(c);
	settle(c);
}

/* --- deadlines ------------------------------------------------------------------------ */

void conn_expire(struct conn *c, enum timer_kind kind)
{
	static const struct http_refusal late = {408, "the request did not come in time"};
	switch (kind) {
	case TIMER_HEADER:
		/* Nothing asked, nothing answered. */
		if (c->bytes.len == 0) {
			conn_close(c);
			return;
		}
		exchange_refuse_bytes(c, &late);
		break;
	case TIMER_BODY:
		exchange_body_timeout(c);
		break;
	case TIMER_ADOPT:
		asks_adopt(c);
		break;
	case TIMER_IDLE:
	case TIMER_WRITE:
	case TIMER_HALF_CLOSED:
	case TIMER_LINGER:
	case TIMER_KIND_COUNT:
		conn_close(c);
		return;
	}
	settle(c);
}

static void choose_timer(struct conn *c)
{
	struct timers *timers = &c->front->timers;
	struct timer *timer = &c->timer;
	if (c->state == CONN_LINGER)
		return;
	if (c->out_bytes.len || c->state == CONN_FILE)
		timer_keep(timers, timer, TIMER_WRITE);
	else if (c->state == CONN_BODY)
		timer_keep(timers, timer, TIMER_BODY);
	else if (c->state == CONN_HEAD && c->bytes.len == 0 && c->requests)
		timer_keep(timers, timer, TIMER_IDLE);
	else if (c->state == CONN_HEAD)
		timer_keep(timers, timer, TIMER_HEADER);
	else if (c->state == CONN_BUSY && c->is_at_end && c->is_socket)
		timer_keep(timers, timer, TIMER_HALF_CLOSED);
	else if (!(c->state == CONN_BUSY && timer->next && timer->kind == TIMER_ADOPT))
		timer_stop(timer);
}

/* --- out ---------------------------------------------------------------------------------- */

static void wrote(struct conn *c, size_t n)
{
	c->exchange.sent_bytes += n;
	if (c->timer.next && c->timer.kind == TIMER_WRITE)
		timer_start(&c->front->timers, &c->timer, TIMER_WRITE);
}

/* False: the client takes no more now, or is gone. */
static bool send_bytes(struct conn *c)
{
	size_t done = 0;
	while (done < c->out_bytes.len) {
		const char *p = c->out_bytes.data + done;
		size_t left = c->out_bytes.len - done;
		ssize_t n = c->is_socket ? send(c->out_fd, p, left, MSG_NOSIGNAL)
					 : write(c->out_fd, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			conn_close(c);
			return false;
		}
		if (n < 0)
			break;
		done += (size_t)n;
		wrote(c, (size_t)n);
	}
	buf_consume(&c->out_bytes, done);
	buf_shrink(&c->out_bytes);
	return c->out_bytes.len == 0;
}

/* False: the client takes no more now, or is gone. */
static bool send_file(struct conn *c)
{
	struct exchange *x = &c->exchange;
	int64_t budget = FILE_STEP_BYTES;
	while (x->file_left > 0 && budget > 0) {
		size_t want = (size_t)(x->file_left < budget ? x->file_left : budget);
		ssize_t n = sendfile(c->out_fd, x->file_fd, &x->file_at, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		/* A file that has become shorter cannot be mended: the length is promised. */
		if (n <= 0) {
			conn_close(c);
			return false;
		}
		x->file_left -= n;
		budget -= n;
		wrote(c, (size_t)n);
	}
	return x->file_left == 0;
}

void conn_answered(struct conn *c)
{
	/* The rest of a refused body is read for the next request's sake. */
	if (c->exchange.has_body && !c->is_last) {
		exchange_drop_body(c);
		c->state = CONN_BODY;
		return;
	}
	exchange_clear(c);
	c->state = CONN_HEAD;
	c->head_seen = 0;
}

/* --- in ----------------------------------------------------------------------------------- */

/* Take what can be taken of data. How much of it is used up. */
static size_t take(struct conn *c, struct span data)
{
	struct front *front = c->front;
	struct http_refusal refusal;
	size_t whole = data.n;
	while (data.n && !c->is_last && c->out_bytes.len < OUT_BYTES) {
		if (c->state == CONN_BODY) {
			size_t before = data.n;
			exchange_feed(c, &data);
			c->body_step += before - data.n;
			if (c->body_step >= BODY_STEP_BYTES) {
				c->body_step = 0;
				timer_start(&front->timers, &c->timer, TIMER_BODY);
			}
			continue;
		}
		if (c->state != CONN_HEAD)
			break;
		if (!http_head_is_due(data, c->head_seen, &front->limits))
			break;
		enum http_verdict v =
		    http_parse_head(data, &front->limits, &front->request, &refusal);
		if (v == HTTP_MORE) {
			c->head_seen = data.n;
			break;
		}
		c->head_seen = 0;
		c->requests++;
		timer_stop(&c->timer);
		if (v == HTTP_BAD) {
			exchange_refuse_bytes(c, &refusal);
			break;
		}
		data = (struct span){data.p + front->request.head_bytes,
				     data.n - front->request.head_bytes};
		c->body_step = 0;
		exchange_begin(c, &front->request);
	}
	/* What follows the last request is nobody's. */
	if (c->is_last && c->state == CONN_HEAD)
		return whole;
	return whole - data.n;
}

static void take_kept(struct conn *c)
{
	size_t used = take(c, buf_span(&c->bytes));
	if (c->state == CONN_CLOSED)
		return;
	buf_consume(&c->bytes, used);
	buf_shrink(&c->bytes);
}

static void take_new(struct conn *c, struct span data)
{
	if (c->bytes.len) {
		/* Cannot happen: what is kept is a part of one head, or nothing more is read. */
		if (buf_add_span(&c->bytes, data) < 0)
			conn_close(c);
		else
			take_kept(c);
		return;
	}
	size_t used = take(c, data);
	if (c->state != CONN_CLOSED && buf_add(&c->bytes, data.p + used, data.n - used) < 0)
		conn_close(c);
}

/* The client will send no more. */
static void on_end(struct conn *c)
{
	c->is_at_end = true;
	if (!c->is_socket) /* a pipe tells its end again and again */
		loop_forget(&c->front->loop, &c->in);
	if (c->state == CONN_LINGER || c->state == CONN_BODY ||
	    (c->state == CONN_HEAD && c->out_bytes.len == 0))
		conn_close(c);
	else if (c->state == CONN_HEAD)
		c->is_last = true;
	else if (c->state == CONN_BUSY && c->exchange.route && c->exchange.route->tells_gone)
		conn_close(c);
}

static void on_readable(struct conn *c)
{
	char *room = c->front->read_buffer;
	ssize_t n = c->is_socket ? recv(c->in_fd, room, READ_BYTES, MSG_DONTWAIT)
				 : read(c->in_fd, room, READ_BYTES);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		conn_close(c);
	else if (n == 0)
		on_end(c);
	else if (c->state != CONN_LINGER)
		take_new(c, (struct span){room, (size_t)n});
}

/* Which events matter in this state. */
static void choose_events(struct conn *c)
{
	uint32_t in = 0, out = 0;
	bool is_reading = (c->state == CONN_HEAD || c->state == CONN_BODY) && !c->is_last &&
			  c->out_bytes.len < OUT_BYTES;
	if (is_reading || c->state == CONN_LINGER)
		in = EPOLLIN;
	else if (c->state == CONN_BUSY && !c->is_at_end)
		in = EPOLLRDHUP;
	if (c->out_bytes.len || c->state == CONN_FILE)
		out = EPOLLOUT;
	if (c->out_fd == c->in_fd) {
		loop_want(&c->front->loop, &c->in, in | out);
	} else {
		loop_want(&c->front->loop, &c->in, in);
		loop_want(&c->front->loop, &c->out, out);
	}
}

/* Send what can be sent, go on with what waited for it, choose what to wait for. */
static void settle(struct conn *c)
{
	for (;;) {
		if (c->state == CONN_CLOSED)
			return;
		bool is_sent = send_bytes(c);
		if (c->state == CONN_FILE && is_sent && send_file(c))
			conn_answered(c);
		if (c->state == CONN_CLOSED)
			return;
		if (c->is_hanging && is_sent) {
			c->is_hanging = false;
			children_hand_over(c);
			continue;
		}
		if (c->is_last && is_sent && c->state == CONN_HEAD)
			linger(c);
		if (c->state == CONN_CLOSED)
			return;
		/* A pipelined request may be here already. */
		size_t before = c->bytes.len;
		if (!before || (c->state != CONN_HEAD && c->state != CONN_BODY) || c->is_last)
			break;
		take_kept(c);
		if (c->state == CONN_CLOSED)
			return;
		if (c->bytes.len == before)
			break;
	}
	choose_timer(c);
	choose_events(c);
}

void conn_resume(struct conn *c)
{
	settle(c);
}

void conn_feed(struct conn *c)
{
	if (c->state == CONN_BUSY && exchange_pass_on(c))
		c->state = CONN_BODY;
	settle(c);
}

static void on_event(void *arg, uint32_t events)
{
	struct conn *c = arg;
	if (c->state == CONN_HANDED)
		return;
	if (events & EPOLLERR || (events & EPOLLHUP && c->is_socket)) {
		conn_close(c);
		return;
	}
	if (events & EPOLLRDHUP && c->state == CONN_BUSY)
		on_end(c);
	else if (events & (EPOLLIN | EPOLLHUP) && c->state != CONN_CLOSED)
		on_readable(c);
	settle(c);
}
