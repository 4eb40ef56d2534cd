/* The verb follow: one loop over all links and standard input. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "follower.h"
#include "options_of.h"
#include "questions.h"
#include "json/lines.h"
#include "json/scan.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How often the store is looked at: when it has news or cannot tell of any, and when it is silent. */
enum { VISIT_MS = 200, SILENT_VISIT_MS = 5000, RETRY_MS = 1000, INPUT_BYTES = 64 * 1024, RECORD_BYTES = 1 << 20 };

struct following {
	const struct options *options;
	struct store *store;
	struct sink sink;
	enum until until;
	struct follower **items;
	size_t count;
	struct lines input;
	struct questions questions;
	struct sa_error *err; /* for visitors of the store */
	bool has_input;	      /* session records may still come */
	bool is_first_look;   /* --all: these servers were there before */
	int news_fd;	      /* of the store; -1: it does not tell */
	int64_t last_visit, next_visit;
	bool is_cut_off; /* the database is out of reach: all wait for it */
};

static struct follower *find(const struct following *g, const char *session_id, int64_t server_key)
{
	for (size_t i = 0; i < g->count; i++) {
		struct follower *f = g->items[i];
		if (session_id ? f->session_id && strcmp(f->session_id, session_id) == 0
			       : f->server_key == server_key)
			return f;
	}
	return NULL;
}

static struct follower *add(struct following *g, const char *session_id, int64_t server_key)
{
	struct follower *f = xcalloc(1, sizeof(*f));
	f->session_id = xstrdup(session_id);
	f->server_key = server_key;
	f->link = LINK_INIT;
	f->is_due = true;
	g->items = xreallocarray(g->items, g->count + 1, sizeof(struct follower *));
	g->items[g->count++] = f;
	return f;
}

/* From which eventIndex on: what the options say, else after. */
static int start(struct following *g, struct follower *f, const struct server *server,
		 int64_t after, struct sa_error *err)
{
	const struct options *o = g->options;
	f->position = o->is_from_start ? 0 : after;
	if (o->since != UINT64_MAX)
		f->position = (int64_t)o->since;
	return o->tail == UINT64_MAX ? 0
				     : store_tail_index(g->store, server, f->session_id,
							(int64_t)o->tail, &f->position, err);
}

static int add_session(struct following *g, const char *reference, int64_t since, int64_t turns,
		       struct sa_error *err)
{
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	if (store_find_session(g->store, reference, &session, err) < 0 ||
	    store_get_server(g->store, session.server_key, &server, err) < 0)
		return -1;
	/* Named twice is followed once. */
	if (find(g, session.id, session.server_key))
		return 0;
	struct follower *f = add(g, session.id, session.server_key);
	f->awaited_turns = turns;
	return start(g, f, &server, since, err);
}

/* --all: from now on and what waits for an answer, unless the options say from where; servers that
 * come later from their start. */
static int add_server(const struct server *server, void *arg)
{
	struct following *g = arg;
	const struct options *o = g->options;
	bool has_start = o->is_from_start || o->since != UINT64_MAX || o->tail != UINT64_MAX;
	struct follower *f = find(g, NULL, server->key);
	if (f) {
		/* Dead ones are many, and cost nothing as long as nothing happens to them. */
		f->is_due = f->is_due || server->last_index > f->position ||
			    server->state == SERVER_RUNNING;
		f->is_due = f->is_due && f->link.fd < 0;
		return 0;
	}
	f = add(g, NULL, server->key);
	if (!g->is_first_look || has_start)
		return start(g, f, server, 0, g->err);
	return follower_show_open(f, server, g->store, &g->sink, g->err);
}

static int add_record(struct following *g, struct span line, struct sa_error *err)
{
	line = span_trim(line);
	if (line.n == 0)
		return 0;
	cleanup_free char *id = NULL;
	if (json_check(line, NULL) == 0)
		id = json_string_dup(json_get(line, "id"));
	if (!id)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "standard input: a line that is no session record");
	int64_t since = json_int_or(json_get(line, "since"), 0);
	int64_t turns = json_int_or(json_get(line, "turns"), 0);
	return add_session(g, id, since > 0 ? since : 0, turns > 0 ? turns : 0, err);
}

static int read_input(struct following *g, struct sa_error *err)
{
	cleanup_free char *chunk = xmalloc(INPUT_BYTES);
	struct span line;
	ssize_t n = read(STDIN_FILENO, chunk, INPUT_BYTES);
	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0) {
		g->has_input = false;
		if (lines_end(&g->input, &line) == LINES_LINE)
			return add_record(g, line, err);
		return 0;
	}
	lines_feed(&g->input, (struct span){chunk, (size_t)n});
	enum lines_result result;
	while ((result = lines_next(&g->input, &line)) != LINES_MORE)
		if (result == LINES_LINE && add_record(g, line, err) < 0)
			return -1;
	return 0;
}

enum { SLOT_OUT, SLOT_IN, SLOT_TERMINAL, SLOT_NEWS, SLOT_LINKS };

/* When the store must be looked at again: who has a connection hears of everything. */
static int64_t next_deadline(const struct following *g)
{
	int64_t deadline = g->options->is_all ? g->next_visit : DEADLINE_NEVER;
	for (size_t i = 0; i < g->count; i++) {
		const struct follower *f = g->items[i];
		if (f->is_done)
			continue;
		if (f->is_due || f->link.has_rest)
			return 0;
		if (f->link.fd < 0 && !g->options->is_all)
			deadline = g->next_visit;
	}
	return deadline;
}

/* Wait for bytes, the next visit, or the reader's end. */
static int wait_for_news(struct following *g, struct sa_error *err)
{
	struct pollfd *fds = xcalloc(g->count + SLOT_LINKS, sizeof(*fds));
	fds[SLOT_OUT] = (struct pollfd){.fd = STDOUT_FILENO};
	fds[SLOT_IN] = (struct pollfd){.fd = g->has_input ? STDIN_FILENO : -1, .events = POLLIN};
	fds[SLOT_TERMINAL] = (struct pollfd){.fd = g->questions.fd, .events = POLLIN};
	fds[SLOT_NEWS] = (struct pollfd){.fd = g->news_fd, .events = POLLIN};
	for (size_t i = 0; i < g->count; i++)
		fds[i + SLOT_LINKS] = (struct pollfd){.fd = g->items[i]->link.fd, .events = POLLIN};
	poll(fds, g->count + SLOT_LINKS, deadline_poll_ms(next_deadline(g)));
	for (size_t i = 0; i < g->count; i++)
		g->items[i]->is_readable = fds[i + SLOT_LINKS].revents != 0;
	bool has_input = fds[SLOT_IN].revents != 0;
	bool has_typed = fds[SLOT_TERMINAL].revents != 0;
	g->sink.is_gone = (fds[SLOT_OUT].revents & (POLLERR | POLLNVAL)) != 0;
	free(fds);
	if (g->sink.is_gone)
		return error_set(err, PROBLEM_FAILED, "nobody reads standard output");
	if (has_typed)
		questions_read(&g->questions, &g->sink.out);
	return has_input ? read_input(g, err) : 0;
}

/* Who has a link hears of everything by that. */
static void on_news(int64_t key, void *arg)
{
	struct following *g = arg;
	bool is_known = false;
	for (size_t i = 0; key && i < g->count; i++) {
		struct follower *f = g->items[i];
		if (f->server_key != key)
			continue;
		is_known = true;
		f->is_due = f->is_due || (f->link.fd < 0 && !f->is_done);
	}
	if (!is_known && g->next_visit > g->last_visit + VISIT_MS)
		g->next_visit = g->last_visit + VISIT_MS;
}

/* Before anything is looked at, so that nothing is missed in between. */
static void listen_to_store(struct following *g)
{
	struct sa_error ignored = SA_ERROR_INIT;
	bool had_news = g->news_fd >= 0;
	if (had_news && store_heard(g->store, on_news, g, &ignored) < 0) {
		g->news_fd = -1;
		g->next_visit = g->last_visit + VISIT_MS;
	}
	if (g->news_fd < 0 && clock_monotonic_ms() >= g->next_visit) {
		g->news_fd = store_listen(g->store, &ignored);
		/* What was committed while nobody listened. */
		on_news(0, g);
	}
}

static int serve(struct following *g, bool *ret_is_over, struct sa_error *err)
{
	listen_to_store(g);
	bool is_visit = clock_monotonic_ms() >= g->next_visit, is_all = g->options->is_all;
	if (is_visit) {
		g->last_visit = clock_monotonic_ms();
		g->next_visit = g->last_visit + (g->news_fd < 0 ? VISIT_MS : SILENT_VISIT_MS);
		if (is_all && store_each_server(g->store, true, add_server, g, err) < 0)
			return -1;
		g->is_first_look = false;
	}
	*ret_is_over = !g->has_input;
	for (size_t i = 0; i < g->count; i++) {
		struct follower *f = g->items[i];
		if (f->is_done)
			continue;
		if ((f->is_readable || f->link.has_rest) &&
		    follower_read_link(f, g->store, &g->sink, g->until, err) < 0)
			return -1;
		if (!f->is_done && (f->is_due || (is_visit && f->link.fd < 0 && !is_all)) &&
		    follower_visit(f, g->store, &g->sink, g->until, err) < 0)
			return -1;
		*ret_is_over = *ret_is_over && f->is_done;
	}
	if (g->until == UNTIL_NEVER)
		*ret_is_over = false;
	return 0;
}

/* As serve(), but a database that is away is waited for: everybody goes on where he was. */
static int serve_patiently(struct following *g, bool *ret_is_over, struct sa_error *err)
{
	bool was_cut_off = g->is_cut_off;
	*ret_is_over = false;
	if (was_cut_off && clock_monotonic_ms() < g->next_visit)
		return 0;
	for (size_t i = 0; was_cut_off && i < g->count; i++)
		g->items[i]->is_due = !g->items[i]->is_done;
	g->is_cut_off = false;
	if (serve(g, ret_is_over, err) == 0)
		return 0;
	if (g->sink.is_gone || !store_is_away(g->store))
		return -1;
	if (!was_cut_off)
		fprintf(stderr, "sa-events follow: %s (waiting)\n", err->message);
	for (size_t i = 0; i < g->count; i++) {
		link_close(&g->items[i]->link);
		g->items[i]->is_due = false;
	}
	g->is_cut_off = true;
	g->news_fd = -1;
	g->next_visit = clock_monotonic_ms() + RETRY_MS;
	*ret_is_over = false;
	return 0;
}

/* Nothing is left to print: ask what is open. */
static int ask(struct following *g, struct sa_error *err)
{
	if (g->questions.fd >= 0 && g->questions.first && next_deadline(g) != 0) {
		render_end(&g->sink.render, &g->sink.out);
		questions_prompt(&g->questions, &g->sink.out);
	}
	return sink_flush(&g->sink, err);
}

static int begin(struct following *g, int argc, char **argv, struct sa_error *err)
{
	const char *until = g->options->until	 ? g->options->until
			    : g->options->is_all ? "never"
						 : "end";
	if (strcmp(until, "end") == 0)
		g->until = UNTIL_END;
	else if (strcmp(until, "turn-end") == 0)
		g->until = UNTIL_TURN_END;
	else if (strcmp(until, "never") == 0)
		g->until = UNTIL_NEVER;
	else
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--until is turn-end, end or never, not '%s'", until);
	if (g->options->is_interactive) {
		if (g->options->jq)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "--interactive and --jq exclude each other");
		if (questions_open(&g->questions, err) < 0)
			return -1;
		g->sink.questions = &g->questions;
	}
	if (g->options->is_all)
		return argc ? error_set(err, PROBLEM_INVALID_REQUEST,
					"--all and sessions exclude each other")
			    : 0;
	g->has_input = argc == 0;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "-") == 0)
			g->has_input = true;
		else if (add_session(g, argv[i], 0, 0, err) < 0)
			return -1;
	}
	if (argc == 0 && isatty(STDIN_FILENO))
		return error_set(err, PROBLEM_INVALID_REQUEST, "which session? or --all");
	return 0;
}

static int follow(struct following *g, int argc, char **argv, struct sa_error *err)
{
	bool is_over = false;
	lines_init(&g->input, RECORD_BYTES);
	if (options_check_start(g->options, err) < 0 ||
	    sink_init(&g->sink, g->options, err) < 0 || begin(g, argc, argv, err) < 0)
		return -1;
	for (;;) {
		if (serve_patiently(g, &is_over, err) < 0 || ask(g, err) < 0)
			return -1;
		if (is_over)
			return 0;
		if (wait_for_news(g, err) < 0)
			return -1;
	}
}

int follow_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	cleanup_store struct store *store = store_open(err);
	struct following g = {
	    .options = arg, .store = store, .err = err, .is_first_look = true, .news_fd = -1,
	    .questions.fd = -1};
	if (!store)
		return -1;
	/* A reader that leaves is the end of the work, not a failure of it. */
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigaction(SIGPIPE, &ignore, NULL);
	int rc = follow(&g, argc, argv, err);
	bool is_gone = g.sink.is_gone;
	questions_close(&g.questions);
	for (size_t i = 0; i < g.count; i++) {
		follower_free(g.items[i]);
		free(g.items[i]);
	}
	free(g.items);
	lines_free(&g.input);
	sink_free(&g.sink);
	return is_gone ? SA_EXIT_OK : rc;
}
