#include "follower.h"

#include "agent/launch.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/plain.h"
#include "questions.h"
#include "json/problem.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

enum { PAGE_EVENTS = 512 };

void follower_free(struct follower *f)
{
	link_close(&f->link);
	free(f->session_id);
	f->session_id = NULL;
}

static void take_record(struct follower *f, struct sink *sink, struct span line)
{
	struct view view;
	view_read(line, &view);
	if (view.index <= f->position)
		return;
	f->position = view.index;
	if (view_is_prompt(&view)) {
		f->open_prompts++;
	} else if (view_is_turn_end(&view)) {
		f->open_prompts -= f->open_prompts > 0 ? 1 : 0;
		f->awaited_turns -= f->awaited_turns > 0 ? 1 : 0;
		f->has_turn_end = true;
	}
	/* Only these can be the last of a session. */
	if (view.answers.p || json_string_is(view.sender, "system"))
		f->is_due = true;
	if (sink->questions)
		questions_note(sink->questions, f, &view, &sink->out);
	sink_add(sink, &view);
}

struct page {
	struct follower *follower;
	struct sink *sink;
	struct buf line;
	size_t count;
};

static int take_event(const struct event *event, void *arg)
{
	struct page *page = arg;
	buf_clear(&page->line);
	event_add_json(&page->line, event);
	take_record(page->follower, page->sink,
		    (struct span){page->line.data, page->line.len - 1}); /* no newline */
	page->count++;
	return page->sink->out.len >= SINK_FULL_BYTES;
}

int follower_read_store(struct follower *f, struct store *store, struct sink *sink,
			struct sa_error *err)
{
	cleanup_server struct server server = {.key = 0};
	if (store_get_server(store, f->server_key, &server, err) < 0)
		return -1;
	struct page page = {.follower = f, .sink = sink, .line = BUF_INIT(BUF_MAX_OWN)};
	int rc;
	do {
		page.count = 0;
		/* Written outside of the read: a slow reader must not hold the store. */
		rc = store_each_event(store, &server, f->session_id, f->position, PAGE_EVENTS,
				      take_event, &page, err);
		if (rc >= 0)
			rc = sink_flush(sink, err);
	} while (rc >= 0 && page.count);
	buf_free(&page.line);
	/* What was committed before we began and was not for us. */
	if (rc >= 0 && server.last_index > f->position)
		f->position = server.last_index;
	return rc < 0 ? -1 : 0;
}

struct open_asks {
	const struct server *server;
	int64_t *indices;
	size_t count;
};

static int note_open(const struct ask *ask, const struct server *server, struct span payload,
		     void *arg)
{
	struct open_asks *open = arg;
	(void)payload;
	/* Later ones come by themselves. */
	if (server->key != open->server->key || ask->index > open->server->last_index)
		return 0;
	open->indices = xreallocarray(open->indices, open->count + 1, sizeof(*open->indices));
	open->indices[open->count++] = ask->index;
	return 0;
}

int follower_show_open(struct follower *f, const struct server *server, struct store *store,
		       struct sink *sink, struct sa_error *err)
{
	struct open_asks open = {.server = server};
	struct page page = {.follower = f, .sink = sink, .line = BUF_INIT(BUF_MAX_OWN)};
	int rc = store_each_ask(store, NULL, false, note_open, &open, err);
	for (size_t i = 0; rc == 0 && i < open.count; i++) {
		f->position = open.indices[i] - 1;
		rc = store_each_event(store, server, NULL, f->position, 1, take_event, &page, err);
	}
	buf_free(&page.line);
	free(open.indices);
	f->position = server->last_index;
	return rc < 0 ? -1 : 0;
}

static int attach(struct follower *f, struct sa_error *err)
{
	struct buf op = BUF_INIT(BUF_MAX_OWN);
	json_open(&op, '{');
	json_kv_string(&op, "op", "attach");
	json_kv_int(&op, "after", f->position);
	json_kv_string(&op, "sessionId", f->session_id);
	json_close(&op, '}');
	int rc = link_send(&f->link, buf_span(&op), err);
	buf_free(&op);
	return rc;
}

/* No supervisor, or none that answers, is no error: the store is read again soon. */
static void join(struct follower *f, const struct server *server)
{
	struct sa_error ignored = SA_ERROR_INIT;
	if (link_open(&f->link, server, &ignored) < 0 || attach(f, &ignored) < 0)
		link_close(&f->link);
}

static void judge(struct follower *f, enum until until)
{
	if (until == UNTIL_TURN_END && f->has_turn_end && f->open_prompts == 0 &&
	    f->awaited_turns == 0)
		f->is_done = true;
	if (until != UNTIL_NEVER && f->is_over)
		f->is_done = true;
	if (f->is_done)
		link_close(&f->link);
}

/* The supervisor did not take an answer. */
static void tell_refusal(struct sink *sink, struct span line)
{
	struct sa_error problem = SA_ERROR_INIT;
	json_read_problem(line, &problem);
	questions_interrupt(sink->questions, &sink->out);
	buf_adds(&sink->out, "  (not answered: ");
	plain_add(&sink->out, span_of(problem.message));
	buf_adds(&sink->out, ")\n");
}

int follower_visit(struct follower *f, struct store *store, struct sink *sink, enum until until,
		   struct sa_error *err)
{
	cleanup_server struct server server = {.key = 0};
	cleanup_session struct session session = {.id = NULL};
	f->is_due = false;
	if (store_get_server(store, f->server_key, &server, err) < 0 ||
	    launch_reap(store, &server, err) < 0)
		return -1;
	f->is_over = server.state != SERVER_RUNNING;
	if (f->session_id) {
		if (store_get_session(store, f->session_id, &session, err) < 0)
			return -1;
		f->is_over = f->is_over || session_state_is_over(session.state);
	}
	/* While the link lives, it brings all there is; at the end the store has the last word. */
	if ((f->link.fd < 0 || f->is_over) && follower_read_store(f, store, sink, err) < 0)
		return -1;
	f->is_due = false;
	judge(f, until);
	if (f->is_over && sink->questions)
		questions_drop(sink->questions, f, &sink->out);
	if (!f->is_done && f->link.fd < 0 && server.state == SERVER_RUNNING && !server.is_elsewhere)
		join(f, &server);
	return 0;
}

/* A line that is no record. 0: go on, 1: the link is of no use any more, -1: error. */
static int take_word(struct follower *f, struct store *store, struct sink *sink, struct span line,
		     struct sa_error *err)
{
	struct span type = json_get(line, "type");
	if (json_string_is(type, "behind")) {
		if (follower_read_store(f, store, sink, err) < 0)
			return -1;
		struct sa_error ignored = SA_ERROR_INIT;
		return attach(f, &ignored) < 0 ? 1 : 0;
	}
	bool is_problem = json_string_is(type, "problem");
	if (is_problem && sink->questions && json_get(line, "ref").p) {
		tell_refusal(sink, line);
		return 0;
	}
	return json_string_is(type, "bye") || is_problem;
}

int follower_read_link(struct follower *f, struct store *store, struct sink *sink, enum until until,
		       struct sa_error *err)
{
	while (f->link.fd >= 0 && sink->out.len < SINK_FULL_BYTES) {
		struct sa_error late = SA_ERROR_INIT;
		struct span line;
		int rc = link_next(&f->link, clock_monotonic_ms(), -1, &line, &late);
		if (rc < 0 && late.kind == PROBLEM_TIMEOUT)
			break;
		if (rc == 1 && span_starts_with(line, "{\"id\":"))
			take_record(f, sink, line);
		else if (rc == 1)
			rc = 1 - take_word(f, store, sink, line, err);
		if (rc == 2)
			return -1;
		if (rc <= 0) {
			link_close(&f->link);
			f->is_due = true;
		}
	}
	if (sink_flush(sink, err) < 0)
		return -1;
	if (f->link.fd < 0 || !f->link.has_rest) {
		f->is_over = false;
		judge(f, until);
	}
	return 0;
}
