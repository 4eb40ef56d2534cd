#include "asks.h"

#include "answer.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "children.h"
#include "filter/channel.h"
#include "os/io.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A slot of a filter's table; its number and its age make the ref. */
struct ask {
	struct filter *filter;
	uint32_t age;
	bool is_used;
	struct conn *conn; /* NULL: the client has left */
	enum ask_stage stage;
	char *params; /* of an upload, for its abort */
	const char *op;
};

struct filter {
	struct front *front;
	const char *command;
	int fd;
	struct watch watch;
	struct channel channel;
	struct ask **asks; /* slots do not move */
	size_t ask_count;
	size_t waiting;
	bool is_once;
	bool is_broken;	   /* cannot be written to: lost at the end of the iteration */
	bool is_gone;	   /* freed at the end of the iteration */
	bool is_shut;	   /* has been told to end what it started */
	bool is_shut_down; /* ... and has answered */
	struct filter *next;
};

struct ask_table {
	struct filter *filters;
};

enum { SHUTDOWN_REF = -1, AGE_SHIFT = 20 };

void asks_init(struct front *front)
{
	front->asks = xcalloc(1, sizeof(*front->asks));
}

/* --- starting one, its end ------------------------------------------------------ */

static void free_filter(struct filter *f)
{
	for (size_t i = 0; i < f->ask_count; i++) {
		free(f->asks[i]->params);
		free(f->asks[i]);
	}
	free(f->asks);
	channel_free(&f->channel);
	free(f);
}

static void release(struct ask *ask)
{
	ask->is_used = false;
	ask->age++;
	ask->conn = NULL;
	free(ask->params);
	ask->params = NULL;
	ask->filter->waiting--;
}

static void lose(struct filter *f)
{
	struct sa_error err = SA_ERROR_INIT;
	error_set(&err, PROBLEM_STREAM_ERROR, "%s ended before it answered", f->command);
	f->is_gone = true;
	loop_forget(&f->front->loop, &f->watch);
	close(f->fd);
	for (size_t i = 0; i < f->ask_count; i++) {
		struct ask *ask = f->asks[i];
		struct conn *c = ask->conn;
		if (!ask->is_used)
			continue;
		release(ask);
		if (!c)
			continue;
		c->exchange.ask = NULL;
		exchange_on_lost(c, &err);
		conn_resume(c);
	}
}

void asks_sweep(struct front *front)
{
	for (struct filter *f = front->asks->filters; f; f = f->next)
		if (f->is_broken && !f->is_gone)
			lose(f);
	for (struct filter **at = &front->asks->filters; *at;) {
		struct filter *f = *at;
		if (!f->is_gone) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		free_filter(f);
	}
}

static void on_filter(void *arg, uint32_t events);

static struct filter *start(struct front *front, const struct route *route, struct sa_error *err)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a socket pair");
		return NULL;
	}
	const char *const words[] = {route->command, "filter", NULL};
	int fds[2] = {ends[1], ends[1]};
	int rc = children_start_filter(front, words, fds, err);
	close(ends[1]);
	if (rc < 0) {
		close(ends[0]);
		return NULL;
	}
	io_set_nonblocking(ends[0]);
	struct filter *f = xcalloc(1, sizeof(*f));
	f->front = front;
	f->command = route->command;
	f->fd = ends[0];
	f->is_once = route->is_once;
	f->watch = WATCH_INIT;
	channel_init(&f->channel, f->fd, f->fd, BUF_MAX_OWN);
	f->next = front->asks->filters;
	front->asks->filters = f;
	if (loop_watch(&front->loop, &f->watch, f->fd, EPOLLIN, on_filter, f) == 0)
		return f;
	error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "watch %s", f->command);
	lose(f);
	return NULL;
}

static struct filter *find(struct front *front, const struct route *route, struct sa_error *err)
{
	for (struct filter *f = front->asks->filters; f && !route->is_once; f = f->next)
		if (!f->is_once && !f->is_gone && strcmp(f->command, route->command) == 0)
			return f;
	return start(front, route, err);
}

void asks_free(struct front *front)
{
	if (!front->asks)
		return;
	for (struct filter *f = front->asks->filters; f; f = f->next)
		if (!f->is_gone)
			lose(f);
	asks_sweep(front);
	free(front->asks);
	front->asks = NULL;
}

/* --- out ------------------------------------------------------------------------- */

static void flush(struct filter *f)
{
	int rc = f->is_gone ? 0 : channel_flush(&f->channel);
	/* Not at once: whoever asks is in the middle of something. */
	f->is_broken = f->is_broken || rc < 0;
	if (!f->is_gone)
		loop_want(&f->front->loop, &f->watch, rc > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static struct ask *take_slot(struct filter *f, size_t *ret_number)
{
	size_t i = 0;
	while (i < f->ask_count && f->asks[i]->is_used)
		i++;
	if (i == f->ask_count) {
		f->asks = xreallocarray(f->asks, f->ask_count + 1, sizeof(struct ask *));
		f->asks[f->ask_count] = xcalloc(1, sizeof(struct ask));
		f->asks[f->ask_count++]->filter = f;
	}
	f->asks[i]->is_used = true;
	f->waiting++;
	*ret_number = i;
	return f->asks[i];
}

static int64_t ref_of(const struct ask *ask)
{
	size_t i = 0;
	while (ask->filter->asks[i] != ask)
		i++;
	return (int64_t)ask->age << AGE_SHIFT | (int64_t)i;
}

static struct ask *find_ask(struct filter *f, int64_t ref)
{
	size_t i = (size_t)(ref & ((1 << AGE_SHIFT) - 1));
	if (ref < 0 || i >= f->ask_count || !f->asks[i]->is_used ||
	    f->asks[i]->age != (uint32_t)(ref >> AGE_SHIFT))
		return NULL;
	return f->asks[i];
}

static void add_members(struct buf *b, const char *key, const struct buf *members)
{
	json_key(b, key);
	json_open(b, '{');
	buf_add(b, members->data, members->len);
	json_close(b, '}');
}

static void add_op(struct buf *b, const struct route *route, enum ask_stage stage)
{
	static const char *const suffixes[] = {"", ".begin", ".commit"};
	json_key(b, "op");
	buf_addf(b, "\"%s%s\"", route->op, suffixes[stage]);
}

bool asks_take_fd(struct conn *c)
{
	struct sa_error ignored = SA_ERROR_INIT;
	const struct filter *f = find(c->front, c->exchange.route, &ignored);
	return f && f->channel.sending_count < CHANNEL_FDS_MAX;
}

/* A pipe that has all of a small body in it. -1 with err. */
static int pipe_of(const struct buf *body, struct sa_error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a pipe");
	bool is_whole =
	    body->len == 0 || write(ends[1], body->data, body->len) == (ssize_t)body->len;
	close(ends[1]);
	if (is_whole)
		return ends[0];
	close(ends[0]);
	return error_set(err, PROBLEM_STREAM_ERROR, "a pipe takes no body");
}

int asks_send(struct conn *c, enum ask_stage stage, struct sa_error *err)
{
	struct exchange *x = &c->exchange;
	cleanup_close int body = -1;
	struct filter *f = find(c->front, x->route, err);
	char id[REQUEST_ID_BYTES];
	size_t number;
	if (!f)
		return -1;
	if (f->waiting >= c->front->options->waiting || f->channel.out.len > FILTER_QUEUE_BYTES)
		return error_set(err, PROBLEM_SESSION_BUSY, "%s has too much to do", f->command);
	if (x->is_small && (body = pipe_of(&x->body, err)) < 0)
		return -1;
	struct ask *ask = take_slot(f, &number);
	ask->conn = c;
	ask->stage = stage;
	ask->op = x->route->op;
	if (stage == ASK_BEGIN)
		ask->params = xmemdup0(x->params.data ? x->params.data : "", x->params.len);
	x->ask = ask;
	exchange_id(c, id);
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	json_open(&line, '{');
	json_kv_int(&line, "ref", (int64_t)ask->age << AGE_SHIFT | (int64_t)number);
	add_op(&line, x->route, stage);
	json_kv_string(&line, "requestId", id);
	add_members(&line, "params", &x->params);
	if (x->headers.len)
		add_members(&line, "headers", &x->headers);
	if (x->body.len && x->route->body != BODY_UPLOAD) {
		json_key(&line, "body");
		json_add_raw_line(&line, buf_span(&x->body));
	}
	if (x->is_small)
		json_kv_bool(&line, "fd", true);
	json_close(&line, '}');
	channel_add(&f->channel, buf_span(&line), TAKE_FD(body));
	flush(f);
	return 0;
}

/* A line that nobody waits for the answer of. */
static void tell(struct filter *f, struct buf *line, int fd)
{
	channel_add(&f->channel, buf_span(line), fd);
	flush(f);
}

static void tell_abort(struct filter *f, const char *op, const char *params, struct span handle)
{
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	json_open(&line, '{');
	json_key(&line, "op");
	buf_addf(&line, "\"%s.abort\"", op);
	json_key(&line, "params");
	json_open(&line, '{');
	buf_adds(&line, params);
	json_kv_raw(&line, "handle", handle);
	buf_adds(&line, "}}");
	tell(f, &line, -1);
}

void asks_abort(struct conn *c)
{
	struct exchange *x = &c->exchange;
	struct sa_error ignored = SA_ERROR_INIT;
	/* Its filter may have died, and the file with it. */
	struct filter *f = find(c->front, x->route, &ignored);
	if (f)
		/* The handle is among the params since the begin was answered. */
		tell_abort(f, x->route->op, x->params.data ? x->params.data : "", SPAN_NONE);
}

void asks_forget(struct conn *c)
{
	struct ask *ask = c->exchange.ask;
	c->exchange.ask = NULL;
	if (!ask)
		return;
	ask->conn = NULL;
	struct filter *f = ask->filter;
	if (f->is_once) {
		/* The end of its input, or its socket, tells it. */
		lose(f);
		return;
	}
	if (!c->exchange.route->tells_gone && !c->exchange.is_adopted)
		return;
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	buf_addf(&line, "{\"op\":\"gone\",\"params\":{\"of\":%lld}}", (long long)ref_of(ask));
	tell(f, &line, -1);
	/* A command that knows this need not answer; an answer under way has an old ref. */
	release(ask);
}

void asks_adopt(struct conn *c)
{
	struct exchange *x = &c->exchange;
	struct ask *ask = x->ask;
	if (!ask || x->is_adopted || !x->route->is_long || !c->is_socket || c->out_bytes.len)
		return;
	int fd = fcntl(c->out_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return;
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf fields = BUF_INIT(BUF_MAX_OWN);
	answer_add_common(c, &fields);
	json_open(&line, '{');
	json_kv_string(&line, "op", "adopt");
	json_key(&line, "params");
	json_open(&line, '{');
	json_kv_int(&line, "of", ref_of(ask));
	json_kv_bool(&line, "keepAlive", x->is_keep_alive && !c->front->is_stopping);
	json_kv_int(&line, "minor", x->minor_version);
	/* Whole header lines: they are ours. */
	json_kv_span(&line, "lines", buf_span(&fields));
	json_close(&line, '}');
	json_kv_bool(&line, "fd", true);
	json_close(&line, '}');
	x->is_adopted = true;
	tell(ask->filter, &line, fd);
}

/* --- in ---------------------------------------------------------------------------- */

static void on_line(struct filter *f, struct span line)
{
	static const char *const names[] = {"ref", "fd", "handle", "result"};
	struct span v[4];
	if (json_check(line, NULL) < 0)
		return;
	json_members(span_trim(line), names, v, 4);
	int fd = json_bool_or(v[1], false) ? channel_take_fd(&f->channel) : -1;
	int64_t ref = json_int_or(v[0], INT64_MIN);
	struct ask *ask = find_ask(f, ref);
	f->is_shut_down = f->is_shut_down || ref == SHUTDOWN_REF;
	if (!ask) {
		if (fd >= 0)
			close(fd);
		return;
	}
	struct conn *c = ask->conn;
	struct span handle = v[2].p ? v[2] : json_get(v[3], "handle");
	if (!c && ask->stage == ASK_BEGIN && handle.p)
		tell_abort(f, ask->op, ask->params ? ask->params : "", handle);
	release(ask);
	if (!c) {
		if (fd >= 0)
			close(fd);
		return;
	}
	c->exchange.ask = NULL;
	exchange_on_answer(c, line, fd);
	conn_resume(c);
}

static void on_filter(void *arg, uint32_t events)
{
	struct filter *f = arg;
	struct span line;
	if (events & EPOLLOUT)
		flush(f);
	if (f->is_gone || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	int rc = channel_read(&f->channel);
	if (rc == 0 || (rc < 0 && errno != EAGAIN)) {
		lose(f);
		return;
	}
	while (rc > 0 && !f->is_gone && channel_next(&f->channel, &line) == LINES_LINE)
		on_line(f, line);
	if (f->is_once && !f->is_gone && f->waiting == 0)
		lose(f);
}

/* --- the end -------------------------------------------------------------------------- */

/* Some commands leave sessions behind; those who keep them must be told, whether asked before or
 * not. */
static void start_keeper(struct front *front)
{
	static const struct route sessions = {.command = "sa-session"};
	struct sa_error ignored = SA_ERROR_INIT;
	if (front->has_run_commands)
		find(front, &sessions, &ignored);
}

void asks_shut_down(struct front *front)
{
	start_keeper(front);
	for (struct filter *f = front->asks->filters; f; f = f->next) {
		cleanup_buf struct buf line = BUF_INIT(256);
		if (f->is_gone || f->is_once || f->is_shut)
			continue;
		f->is_shut = true;
		buf_addf(&line, "{\"ref\":%d,\"op\":\"shutdown\"}", SHUTDOWN_REF);
		tell(f, &line, -1);
	}
}

bool asks_are_over(const struct front *front)
{
	for (const struct filter *f = front->asks->filters; f; f = f->next)
		if (!f->is_gone && f->is_shut && !f->is_shut_down)
			return false;
	return true;
}
