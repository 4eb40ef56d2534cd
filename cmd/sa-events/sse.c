/*
 * The verb sse: one server's or one session's events as server-sent events,
 * for a client whose connection is our standard output (contract 7.2).
 *
 *   position ---- read the store ----> its end ---- attach ----> live
 *       ^                                                          |
 *       +------------- behind, or the supervisor is gone ----------+
 *
 * A slow reader blocks our write and nobody else: what it misses meanwhile
 * is read from the store at its own pace.
 */
#include "agent/launch.h"
#include "agent/link.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "http/sse.h"
#include "json/scan.h"
#include "json/write.h"
#include "options_of.h"
#include "os/io.h"
#include "store/store.h"
#include "view.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PAGE_EVENTS = 512,
	FLUSH_BYTES = 256 * 1024,
	SILENCE_MS = 15000, /* after which a comment keeps the connection alive */
	VISIT_MIN_MS = 100, /* how often a server without a supervisor is looked after */
	VISIT_MAX_MS = 1000,
};

struct sse {
	struct store *store;
	struct server server;
	char *session_id; /* NULL: all of the server, by streamIndex */
	int64_t position; /* everything up to this eventIndex is written */
	int64_t after;	  /* streamIndex that the client has; it may be one of the future */
	struct link link;
	struct buf out;
	int64_t silent_since;
	int64_t visit_at;
	int64_t visit_ms;
	bool is_over;
};

/* --- out ---------------------------------------------------------------------------- */

static int flush(struct sse *s, struct sa_error *err)
{
	if (s->out.len == 0)
		return 0;
	if (io_write_all(STDOUT_FILENO, buf_span(&s->out)) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "write standard output");
	buf_clear(&s->out);
	buf_shrink(&s->out);
	s->silent_since = clock_monotonic_ms();
	return 0;
}

static void add_record(struct sse *s, struct span line)
{
	struct view view;
	view_read(line, &view);
	if (view.index <= s->position)
		return;
	s->position = view.index;
	if (s->session_id)
		sse_frame_add(&s->out, "message", (uint64_t)view.index, line);
	else if (view.stream_index > s->after && !json_string_is(view.sender, "client"))
		sse_frame_add(&s->out, "message", (uint64_t)view.stream_index, view.payload);
}

static void add_event(struct sse *s, const struct event *event)
{
	if (event->index <= s->position)
		return;
	s->position = event->index;
	if (!s->session_id && event->sender != SENDER_CLIENT && event->stream_index > s->after)
		sse_frame_add(&s->out, "message", (uint64_t)event->stream_index, event->payload);
	if (!s->session_id)
		return;
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	event_add_json(&line, event);
	sse_frame_add(&s->out, "message", (uint64_t)event->index,
		      (struct span){line.data, line.len - 1});
}

/* --- the store -------------------------------------------------------------------------- */

struct page {
	struct sse *sse;
	size_t count;
};

static int take_event(const struct event *event, void *arg)
{
	struct page *page = arg;
	add_event(page->sse, event);
	page->count++;
	return page->sse->out.len >= FLUSH_BYTES;
}

static int read_store(struct sse *s, struct sa_error *err)
{
	struct page page = {.sse = s};
	int rc;
	do {
		page.count = 0;
		/* Written outside of the read: a slow reader must not hold the store. */
		rc = store_each_event(s->store, &s->server, s->session_id, s->position, PAGE_EVENTS,
				      take_event, &page, err);
		if (rc >= 0)
			rc = flush(s, err);
	} while (rc >= 0 && page.count);
	return rc < 0 ? -1 : 0;
}

/* --- the supervisor ----------------------------------------------------------------------- */

static int attach(struct sse *s, struct sa_error *err)
{
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	json_open(&op, '{');
	json_kv_string(&op, "op", "attach");
	json_kv_int(&op, "after", s->position);
	json_kv_string(&op, "sessionId", s->session_id);
	json_close(&op, '}');
	return link_send(&s->link, buf_span(&op), err);
}

static int look_again(struct sse *s, struct sa_error *err)
{
	int64_t key = s->server.key;
	server_clear(&s->server);
	s->server = (struct server){.key = 0};
	if (store_get_server(s->store, key, &s->server, err) < 0)
		return -1;
	return launch_reap(s->store, &s->server, err);
}

/* Is there nothing to come any more? A server may go on until it is closed, a session too. */
static int judge(struct sse *s, struct sa_error *err)
{
	cleanup_session struct session session = {.id = NULL};
	s->is_over = s->server.state == SERVER_CLOSED;
	if (!s->session_id || s->is_over)
		return 0;
	if (store_get_session(s->store, s->session_id, &session, err) < 0)
		return -1;
	s->is_over = session.state == SESSION_CLOSED;
	return 0;
}

/* Without a link: what is new in the store, and is there a supervisor (again)? */
static int visit(struct sse *s, struct sa_error *err)
{
	struct sa_error ignored = SA_ERROR_INIT;
	int64_t before = s->position;
	if (look_again(s, err) < 0 || judge(s, err) < 0 || read_store(s, err) < 0)
		return -1;
	if (s->position > before)
		s->visit_ms = VISIT_MIN_MS;
	else if (s->visit_ms < VISIT_MAX_MS)
		s->visit_ms *= 2;
	s->visit_at = clock_monotonic_ms() + s->visit_ms;
	if (s->is_over || s->server.state != SERVER_RUNNING)
		return 0;
	if (link_open(&s->link, &s->server, &ignored) < 0 || attach(s, &ignored) < 0)
		link_close(&s->link);
	return 0;
}

/* A line that is no record. 0: go on; 1: the link is of no use any more; -1 */
static int take_word(struct sse *s, struct span line, struct sa_error *err)
{
	struct sa_error ignored = SA_ERROR_INIT;
	struct span type = json_get(line, "type");
	if (json_string_is(type, "bye"))
		return 1;
	if (!json_string_is(type, "behind"))
		return 0;
	if (flush(s, err) < 0 || read_store(s, err) < 0)
		return -1;
	return attach(s, &ignored) < 0;
}

static int read_link(struct sse *s, struct sa_error *err)
{
	while (s->link.fd >= 0) {
		struct sa_error late = SA_ERROR_INIT;
		struct span line;
		int rc = link_next(&s->link, clock_monotonic_ms(), -1, &line, &late);
		if (rc < 0 && late.kind == PROBLEM_TIMEOUT)
			break;
		bool is_dead = rc <= 0;
		if (rc == 1 && span_starts_with(line, "{\"id\":")) {
			add_record(s, line);
		} else if (rc == 1) {
			rc = take_word(s, line, err);
			if (rc < 0)
				return -1;
			is_dead = rc > 0;
		}
		if (is_dead) {
			link_close(&s->link);
			s->visit_ms = VISIT_MIN_MS;
			s->visit_at = 0;
		}
		if (s->out.len >= FLUSH_BYTES && flush(s, err) < 0)
			return -1;
	}
	return flush(s, err);
}

/* --- the loop --------------------------------------------------------------------------------- */

/* 1: there is something to do; 0: the client has left; -1 */
static int wait_for_news(struct sse *s)
{
	int64_t at = s->silent_since + SILENCE_MS;
	if (s->link.fd < 0 && s->visit_at < at)
		at = s->visit_at;
	if (s->link.fd >= 0 && s->link.has_rest)
		at = 0;
	struct pollfd fds[2] = {{.fd = STDOUT_FILENO, .events = POLLRDHUP},
				{.fd = s->link.fd, .events = POLLIN}};
	poll(fds, 2, deadline_poll_ms(at));
	return !(fds[0].revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL));
}

static int serve(struct sse *s, struct sa_error *err)
{
	s->silent_since = clock_monotonic_ms();
	s->visit_ms = VISIT_MIN_MS;
	do {
		if (s->link.fd < 0 && clock_monotonic_ms() >= s->visit_at && visit(s, err) < 0)
			return -1;
		if (read_link(s, err) < 0)
			return -1;
		if (clock_monotonic_ms() >= s->silent_since + SILENCE_MS) {
			sse_comment_add(&s->out, "heartbeat");
			if (flush(s, err) < 0)
				return -1;
		}
	} while (!s->is_over && wait_for_news(s));
	return SA_EXIT_OK;
}

static int find(struct sse *s, const struct options *o, int argc, char **argv, struct sa_error *err)
{
	cleanup_session struct session session = {.id = NULL};
	int64_t after = o->after == UINT64_MAX ? 0 : (int64_t)o->after;
	if ((argc == 1) == (o->server != NULL))
		return error_set(err, PROBLEM_INVALID_REQUEST, "wants one session, or --server");
	if (o->after != UINT64_MAX && o->after > INT64_MAX)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--after is too large");
	if (o->server) {
		if (store_find_server(s->store, o->server, &s->server, err) < 0)
			return -1;
		s->after = after;
		return store_index_of_stream(s->store, &s->server, after, &s->position, err);
	}
	if (store_find_session(s->store, argv[0], &session, err) < 0)
		return -1;
	s->session_id = TAKE_PTR(session.id);
	s->position = after;
	return store_get_server(s->store, session.server_key, &s->server, err);
}

int sse_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	struct sse s = {.out = BUF_INIT(BUF_MAX_OWN), .link = LINK_INIT};
	cleanup_store struct store *store = store_open(err);
	s.store = store;
	int rc = store ? find(&s, arg, argc, argv, err) : -1;
	if (rc == 0)
		rc = serve(&s, err);
	link_close(&s.link);
	buf_free(&s.out);
	server_clear(&s.server);
	free(s.session_id);
	return rc;
}
