/* max: 300000 */
/* with: -Icmd/sa-serve cmd/sa-serve/answer.c cmd/sa-serve/body.c cmd/sa-serve/conn.c cmd/sa-serve/exchange.c cmd/sa-serve/guard.c cmd/sa-serve/log.c cmd/sa-serve/match.c cmd/sa-serve/metrics.c cmd/sa-serve/openapi.c cmd/sa-serve/outcome.c cmd/sa-serve/routes.c cmd/sa-serve/timers.c cmd/sa-serve/ui.c */
/*
 * The whole connection loop of sa-serve behind a socket: heads, bodies,
 * answers, pipelining, early ends. The commands are played here, they answer
 * at once, later, with a problem, a file, an upload's descriptor, or die.
 * Whatever comes, all that goes out is answers, and in the end nothing is
 * left: no connection, no buffered byte, no unanswered question.
 * Input: a byte each for limits, pieces and the commands, then the stream.
 */
#include "asks.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "children.h"
#include "conn.h"
#include "fuzz.h"
#include "http/request.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAITING_MAX = 64, ROUNDS_MAX = 4096 };

/* --- the commands ------------------------------------------------------------------ */

struct ask {
	struct conn *conn;
	enum ask_stage stage;
};
static struct ask *waiting[WAITING_MAX];
static size_t waiting_count;
static struct conn *owned; /* by a stream */
static unsigned mood;
static int uploads; /* begun, neither committed nor aborted */

struct child {
	size_t room;
};
static struct child only_child;
static struct conn *child_of;

bool asks_take_fd(struct conn *c)
{
	(void)c;
	return mood % 2 == 0;
}

int asks_send(struct conn *c, enum ask_stage stage, struct sa_error *err)
{
	fuzz_require(!c->exchange.ask && c->exchange.route && c->exchange.route->op);
	if (mood % 7 == 6 || waiting_count == WAITING_MAX)
		return error_set(err, PROBLEM_STREAM_ERROR, "no such command");
	struct ask *ask = xcalloc(1, sizeof(*ask));
	*ask = (struct ask){c, stage};
	waiting[waiting_count++] = ask;
	c->exchange.ask = ask;
	if (stage == ASK_COMMIT)
		uploads--;
	return 0;
}

static void drop(size_t i)
{
	free(waiting[i]);
	waiting[i] = waiting[--waiting_count];
}

void asks_forget(struct conn *c)
{
	for (size_t i = 0; i < waiting_count; i++)
		if (waiting[i] == c->exchange.ask) {
			drop(i);
			break;
		}
	c->exchange.ask = NULL;
}

void asks_abort(struct conn *c)
{
	fuzz_require(c->exchange.has_handle);
	uploads--;
}

void asks_adopt(struct conn *c)
{
	c->exchange.is_adopted = true;
}

int children_start(struct conn *c, struct sa_error *err)
{
	if (child_of)
		return error_set(err, PROBLEM_STREAM_ERROR, "no second one");
	only_child.room = mood;
	child_of = c;
	c->exchange.child = &only_child;
	return 0;
}

size_t children_write(struct conn *c, struct span data)
{
	fuzz_require(c == child_of);
	size_t n = data.n < only_child.room ? data.n : only_child.room;
	only_child.room -= n;
	return n;
}

void children_end_input(struct conn *c)
{
	fuzz_require(c == child_of);
	only_child.room = SIZE_MAX;
}

void children_hand_over(struct conn *c)
{
	loop_forget(&c->front->loop, &c->in);
	c->state = CONN_HANDED;
	timer_stop(&c->timer);
	fuzz_require(!owned);
	owned = c;
}

int children_check_room(const struct front *front, struct sa_error *err)
{
	(void)front, (void)err;
	return 0;
}

void children_forget(struct conn *c)
{
	if (c == child_of)
		child_of = NULL;
	if (c == owned)
		owned = NULL;
	c->exchange.child = NULL;
}

/* Let one command do something. */
static bool work(void)
{
	static const char *const lines[] = {
	    "{\"ref\":1,\"result\":{\"a\":1}}",
	    "{\"ref\":1,\"problem\":{\"type\":\"x\",\"status\":404}}",
	    "{\"ref\":1,\"status\":202}",
	    "{\"ref\":1,\"headers\":{\"etag\":\"x\",\"date\":\"no\",\"b ad\":\"\"},\"result\":[]}",
	    "{\"ref\":1,\"status\":-7,\"sent\":5}",
	};
	struct sa_error err = SA_ERROR_INIT;
	mood = mood * 5 + 3;
	if (owned && mood % 3 == 0) {
		struct conn *c = owned;
		owned = NULL;
		c->exchange.child = NULL;
		conn_return(c);
		return true;
	}
	if (child_of && only_child.room == SIZE_MAX) {
		struct conn *c = child_of;
		child_of = NULL;
		c->exchange.child = NULL;
		exchange_on_output(c, mood % 2 ? 256 : 0, SPAN_LIT("{}"), SPAN_LIT("x\n{\"status\":409}\n"));
		conn_resume(c);
		return true;
	}
	/* It has room again; nobody asks before it was full. */
	if (child_of && child_of->state == CONN_BUSY) {
		only_child.room = 1 + mood % 1000;
		conn_feed(child_of);
		return true;
	}
	if (!waiting_count)
		return false;
	struct conn *c = waiting[0]->conn;
	enum ask_stage stage = waiting[0]->stage;
	drop(0);
	c->exchange.ask = NULL;
	if (mood % 11 == 5) {
		error_set(&err, PROBLEM_STREAM_ERROR, "it died");
		exchange_on_lost(c, &err);
	} else if (stage == ASK_BEGIN && mood % 4) {
		int fd = memfd_create("upload", MFD_CLOEXEC);
		uploads++;
		exchange_on_answer(c, SPAN_LIT("{\"ref\":1,\"fd\":true,\"result\":{\"handle\":7}}"), fd);
	} else if (mood % 5 == 2) {
		int fd = memfd_create("file", MFD_CLOEXEC);
		fuzz_require(ftruncate(fd, 5000) == 0);
		exchange_on_answer(c, SPAN_LIT("{\"ref\":1,\"fd\":true,\"file\":{\"offset\":9,\"length\":4000}}"),
				   fd);
	} else {
		exchange_on_answer(c, span_of(lines[mood % ARRAY_SIZE(lines)]), -1);
	}
	conn_resume(c);
	return true;
}

/* --- the loop --------------------------------------------------------------------------- */

/* What the client gets: nothing but answers, each from its first byte. */
static void take_answers(int fd, struct buf *got)
{
	char room[65536];
	ssize_t n;
	while ((n = recv(fd, room, sizeof(room), MSG_DONTWAIT)) > 0)
		if (got->len < 16)
			buf_add(got, room, (size_t)n < 16 ? (size_t)n : 16);
	fuzz_require(got->len < 9 || memcmp(got->data, "HTTP/1.1 ", 9) == 0);
}

static void turn(struct front *front, int client, struct buf *got)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		loop_once(&front->loop, 0);
		take_answers(client, got);
		bool is_busy = work();
		conns_sweep(front);
		if (!is_busy && i > 2)
			return;
	}
	fuzz_require(!"the loop comes to rest");
}

static void options_for(struct front_options *o, uint8_t choice)
{
	*o = (struct front_options){
	    .token = choice & 1 ? "secret" : NULL,
	    .header_bytes = choice & 2 ? 1024 : HTTP_HEAD_BYTES,
	    .body_bytes = choice & 4 ? 100 : 100000,
	    .message_bytes = 200000,
	    .buffer_bytes = choice & 8 ? 150 : 150000,
	    .requests = choice & 16 ? 3 : 0,
	    .connections = 10,
	    .waiting = 64,
	    .commands = 8,
	    .access_log = choice & 32 ? "/dev/null" : NULL,
	};
}

static void feed(struct front *front, int client, struct span in, size_t piece, struct buf *got)
{
	while (in.n) {
		size_t n = in.n < piece ? in.n : piece;
		ssize_t sent = send(client, in.p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN)
			return;
		if (sent > 0)
			in = (struct span){in.p + sent, in.n - (size_t)sent};
		turn(front, client, got);
		if (!front->conns)
			return;
		/* Nobody reads on: a stream has the connection, or it lingers. */
		if (sent < 0 && front->conns->state != CONN_BODY && front->conns->state != CONN_HEAD)
			return;
	}
}

static void end(struct front *front, int client, unsigned how, struct buf *got)
{
	if (how % 2)
		shutdown(client, SHUT_WR);
	if (how % 3 == 0 && front->conns && front->conns->timer.next) {
		struct timer *timer = &front->conns->timer;
		enum timer_kind kind = timer->kind;
		timer_stop(timer);
		conn_expire(conn_of_timer(timer), kind);
	}
	turn(front, client, got);
	close(client);
	turn(front, -1, got);
	conns_close(front, true);
	conns_sweep(front);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	struct front_options options;
	struct sa_error err = SA_ERROR_INIT;
	struct front *front = xcalloc(1, sizeof(*front));
	cleanup_buf struct buf got = BUF_INIT(1 << 20);
	int ends[2];
	static const size_t pieces[] = {1, 2, 7, 100, 1000, 30000, 65536, 65536};
	options_for(&options, data[0]);
	size_t piece = size > 3000 ? pieces[3 + data[1] % 5] : pieces[data[1] % 8];
	mood = data[2];
	front->options = &options;
	front->ui = BENEATH_ALL;
	front->limits = HTTP_LIMITS_DEFAULT;
	front->limits.head_bytes = options.header_bytes;
	front->read_buffer = xmalloc(READ_BYTES);
	timers_init(&front->timers);
	metrics_init(&front->metrics);
	for (int kind = 0; kind < TIMER_KIND_COUNT; kind++)
		front->timers.lengths_ms[kind] = 1000000;
	fuzz_require(loop_init(&front->loop) == 0 && log_open(&front->log, options.access_log, &err) == 0);
	fuzz_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	fuzz_require(conn_open(front, ends[0], ends[0], data[0] & 64) == 0);
	feed(front, ends[1], (struct span){(const char *)data + 3, size - 3}, piece, &got);
	end(front, ends[1], data[1] >> 3, &got);
	fuzz_require(front->conn_count == 0 && front->buffered == 0);
	fuzz_require(waiting_count == 0 && !owned && !child_of && uploads == 0);
	log_close(&front->log);
	metrics_free(&front->metrics);
	loop_free(&front->loop);
	free(front->read_buffer);
	free(front);
	return 0;
}
