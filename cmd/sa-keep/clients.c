#include "clients.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "child.h"
#include "life.h"
#include "os/sock.h"
#include "json/problem.h"
#include "json/scan.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 16 * 1024, ANSWER_BYTES = 2048 };

struct client {
	struct keeper *keeper;
	struct watch watch;
	struct buf in;	     /* bytes that are no whole op yet */
	uint64_t input_left; /* raw bytes of an input op that are still to come */
	bool is_discarding;  /* of an op that was refused */
	bool is_watching;
	bool is_passed_over; /* stood still for too long: nobody waits for it */
	uint64_t at;	     /* bytes of output it has dealt with */
	int64_t moved_ms;    /* monotonic, when at last changed */
	struct client *next;
};

static void drop(struct client *c)
{
	struct keeper *k = c->keeper;
	struct client **p = &k->clients;
	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	k->client_count--;
	loop_close(&k->loop, &c->watch);
	buf_free(&c->in);
	free(c);
}

/* --- answers ---------------------------------------------------------------------- */

/* Short answers to short ops: a peer that does not take them is not served any more. */
static int send_text(struct client *c, struct span text, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec data = {(char *)(uintptr_t)text.p, text.n};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *m = CMSG_FIRSTHDR(&message);
		m->cmsg_level = SOL_SOCKET;
		m->cmsg_type = SCM_RIGHTS;
		m->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(m), &fd, sizeof(int));
	}
	ssize_t n = sendmsg(c->watch.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n == (ssize_t)text.n ? 0 : -1;
}

static int answer(struct client *c, const struct sa_error *problem)
{
	cleanup_buf struct buf b = BUF_INIT(ANSWER_BYTES * 4);
	if (!problem)
		return send_text(c, SPAN_LIT("{\"type\":\"done\"}\n"), -1);
	json_add_problem(&b, 0, problem);
	return send_text(c, buf_span(&b), -1);
}

/* --- ops -------------------------------------------------------------------------- */

/* 0: done, to be answered so; 1: nothing to answer now; -1: err, or without one: drop the client.
 */
typedef int op_fn(struct client *c, struct span op, struct sa_error *err);

static int op_input(struct client *c, struct span op, struct sa_error *err)
{
	int64_t bytes;
	if (json_int(json_get(op, "bytes"), &bytes) < 0 || bytes < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "input wants bytes");
	c->input_left = (uint64_t)bytes;
	c->is_discarding = child_check_input(c->keeper, err) < 0;
	/* Otherwise the answer comes when all of it has been taken. */
	return c->is_discarding ? -1 : bytes > 0;
}

static int op_close(struct client *c, struct span op, struct sa_error *err)
{
	(void)op;
	return child_end_input(c->keeper, err);
}

static int op_resize(struct client *c, struct span op, struct sa_error *err)
{
	int64_t cols = json_int_or(json_get(op, "cols"), -1);
	int64_t rows = json_int_or(json_get(op, "rows"), -1);
	if (cols < 1 || cols > UINT16_MAX || rows < 1 || rows > UINT16_MAX)
		return error_set(err, PROBLEM_INVALID_REQUEST, "cols and rows are from 1 to 65535");
	return child_resize(c->keeper, (int)cols, (int)rows, err);
}

static int op_stop(struct client *c, struct span op, struct sa_error *err)
{
	(void)op;
	(void)err;
	life_terminate(c->keeper);
	return 0;
}

static int op_kill(struct client *c, struct span op, struct sa_error *err)
{
	(void)op;
	(void)err;
	life_kill(c->keeper);
	return 0;
}

static int op_watch(struct client *c, struct span op, struct sa_error *err)
{
	struct keeper *k = c->keeper;
	(void)op;
	(void)err;
	c->is_watching = true;
	/* Until it says where it is it may be anywhere, and is not waited for. */
	c->is_passed_over = true;
	c->at = 0;
	c->moved_ms = clock_monotonic_ms();
	int terminal = k->options->is_tty ? k->in.fd : -1;
	return send_text(c, SPAN_LIT("{\"type\":\"watching\"}\n"), terminal) < 0 ? -1 : 1;
}

static int op_at(struct client *c, struct span op, struct sa_error *err)
{
	(void)err;
	int64_t offset = json_int_or(json_get(op, "offset"), -1);
	if (offset >= 0 && (uint64_t)offset <= c->keeper->log.end.offset) {
		c->at = (uint64_t)offset;
		c->is_passed_over = false;
		c->moved_ms = clock_monotonic_ms();
	}
	return 1;
}

static const struct op {
	const char *name;
	op_fn *fn;
} ops[] = {
    {"input", op_input}, {"close", op_close}, {"resize", op_resize}, {"stop", op_stop},
    {"kill", op_kill},	 {"watch", op_watch}, {"at", op_at},
};

static int obey(struct client *c, struct span line)
{
	struct sa_error err = SA_ERROR_INIT;
	struct span name = SPAN_NONE;
	if (json_check(line, NULL) == 0)
		name = json_get(line, "op");
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!json_string_is(name, ops[i].name))
			continue;
		int rc = ops[i].fn(c, line, &err);
		if (rc < 0)
			return err.kind ? answer(c, &err) : -1;
		return rc ? 0 : answer(c, NULL);
	}
	error_set(&err, PROBLEM_INVALID_REQUEST, "no such op");
	return answer(c, &err);
}

/* --- reading ---------------------------------------------------------------------- */

/* Hand raw input over as far as there is room. -1 when the client is to go. */
static int take_input(struct client *c)
{
	struct keeper *k = c->keeper;
	size_t n = c->in.len < c->input_left ? c->in.len : (size_t)c->input_left;
	struct sa_error err = SA_ERROR_INIT;
	if (!c->is_discarding && child_check_input(k, &err) < 0) {
		c->is_discarding = true;
		if (answer(c, &err) < 0)
			return -1;
	}
	if (!c->is_discarding && n > child_input_room(k))
		n = child_input_room(k);
	if (!c->is_discarding)
		child_input(k, (struct span){c->in.data, n});
	buf_consume(&c->in, n);
	c->input_left -= n;
	if (c->input_left)
		return 0;
	bool was_refused = c->is_discarding;
	c->is_discarding = false;
	return was_refused ? 0 : answer(c, NULL);
}

/* Ops and input that are whole. -1 when the client is to go. */
static int take(struct client *c)
{
	while (c->in.len) {
		if (c->input_left) {
			size_t before = c->in.len;
			if (take_input(c) < 0)
				return -1;
			if (c->in.len == before)
				return 0; /* no room now */
			continue;
		}
		char *end = memchr(c->in.data, '\n', c->in.len);
		if (!end)
			return c->in.len > CLIENT_LINE_BYTES ? -1 : 0;
		size_t n = (size_t)(end - c->in.data);
		cleanup_free char *line = xmemdup0(c->in.data, n);
		buf_consume(&c->in, n + 1);
		if (obey(c, (struct span){line, n}) < 0)
			return -1;
	}
	return 0;
}

/* Bytes of an input that the child does not take stay in the socket. */
static void want(struct client *c)
{
	loop_want(&c->keeper->loop, &c->watch, c->in.len >= READ_BYTES ? 0 : EPOLLIN);
}

static void on_client(void *arg, uint32_t events)
{
	struct client *c = arg;
	(void)events;
	if (buf_reserve(&c->in, READ_BYTES) < 0) {
		drop(c);
		return;
	}
	ssize_t n = recv(c->watch.fd, c->in.data + c->in.len, READ_BYTES, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->in.len += (size_t)n;
	/* What take() writes may move the queue, but nobody waits for an empty one. */
	c->keeper->is_moving = true;
	bool is_good = n > 0 && take(c) == 0;
	c->keeper->is_moving = false;
	if (is_good)
		want(c);
	else
		drop(c);
}

void clients_input_moved(struct keeper *k)
{
	/* take() may write to the child, which comes back here. */
	if (k->is_moving)
		return;
	k->is_moving = true;
	for (struct client *c = k->clients, *next; c; c = next) {
		next = c->next;
		if (!c->input_left || !c->in.len)
			continue;
		if (take(c) < 0)
			drop(c);
		else
			want(c);
	}
	k->is_moving = false;
}

static void on_listener(void *arg, uint32_t events)
{
	struct keeper *k = arg;
	(void)events;
	for (;;) {
		int fd = sock_accept(k->listener.fd);
		if (fd < 0 && errno == EACCES)
			continue;
		if (fd < 0)
			return;
		struct client *c = xcalloc(1, sizeof(*c));
		c->keeper = k;
		buf_init(&c->in, READ_BYTES * 2);
		if (k->client_count >= CLIENTS_MAX ||
		    loop_watch(&k->loop, &c->watch, fd, EPOLLIN, on_client, c) < 0) {
			close(fd);
			free(c);
			continue;
		}
		c->next = k->clients;
		k->clients = c;
		k->client_count++;
	}
}

int clients_listen(struct keeper *k, struct sa_error *err)
{
	cleanup_free char *path = folder_path(&k->folder, k->process.id);
	int fd = sock_listen(path, FOLDER_SOCKET, err);
	if (fd < 0)
		return -1;
	if (loop_watch(&k->loop, &k->listener, fd, EPOLLIN, on_listener, k) == 0)
		return 0;
	close(fd);
	return error_set_errno(err, PROBLEM_FAILED, errno, "watch the socket");
}

/* --- the log and its watchers -------------------------------------------------------- */

static void flush_log(struct keeper *k)
{
	if (k->log.batch.len == 0)
		return;
	k->is_disk_full = log_writer_flush(&k->log) < 0;
	k->is_grown = true;
}

static void tell_watchers(struct keeper *k)
{
	for (struct client *c = k->clients, *next; c; c = next) {
		next = c->next;
		if (!c->is_watching)
			continue;
		/* When it does not fit, enough of them are on their way. */
		if (send_text(c, SPAN_LIT("\n"), -1) < 0 && errno != EAGAIN)
			drop(c);
	}
	k->is_grown = false;
}

static bool is_far_behind(const struct keeper *k, const struct client *c)
{
	uint64_t lag = k->log.limit_bytes / 2;
	if (lag < WATCH_LAG_LEAST)
		lag = WATCH_LAG_LEAST;
	return c->is_watching && !c->is_passed_over && k->log.end.offset - c->at > lag;
}

static void judge_watchers(struct keeper *k)
{
	int64_t now = clock_monotonic_ms();
	k->is_held = false;
	for (struct client *c = k->clients; c; c = c->next) {
		if (!is_far_behind(k, c))
			continue;
		if (now - c->moved_ms >= WATCH_PATIENCE_MS)
			c->is_passed_over = true;
		else
			k->is_held = true;
	}
}

void clients_settle(struct keeper *k)
{
	flush_log(k);
	if (k->is_grown)
		tell_watchers(k);
	judge_watchers(k);
}

int clients_flush_log(struct keeper *k, int64_t deadline)
{
	flush_log(k);
	while (k->is_disk_full && deadline_poll_ms(deadline) > 0) {
		poll(NULL, 0, DISK_RETRY_MS);
		flush_log(k);
	}
	return k->is_disk_full ? -1 : 0;
}

int64_t clients_next_deadline(const struct keeper *k)
{
	int64_t at = k->is_disk_full ? clock_monotonic_ms() + DISK_RETRY_MS : DEADLINE_NEVER;
	for (const struct client *c = k->clients; c && k->is_held; c = c->next)
		if (is_far_behind(k, c) && c->moved_ms + WATCH_PATIENCE_MS < at)
			at = c->moved_ms + WATCH_PATIENCE_MS;
	return at;
}

void clients_close(struct keeper *k)
{
	loop_close(&k->loop, &k->listener);
	while (k->clients)
		drop(k->clients);
}
