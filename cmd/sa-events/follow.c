/* The verb follow: one loop over all links and standard input. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "follower.h"
#include "json/lines.h"
#include "json/scan.h"
#include "options_of.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { VISIT_MS = 200, INPUT_BYTES = 64 * 1024, RECORD_BYTES = 1 << 20 };

struct following {
	const struct options *options;
	struct store *store;
	struct sink sink;
	enum until until;
	struct follower **items;
	size_t count;
	struct lines input;
	bool has_input; /* session records may still come */
	int64_t next_visit;
};

static struct follower *add(struct following *g, const char *session_id, int64_t server_key)
{
	for (size_t i = 0; i < g->count; i++) {
		struct follower *f = g->items[i];
		if (session_id ? f->session_id && strcmp(f->session_id, session_id) == 0
			       : f->server_key == server_key)
			return NULL;
	}
	struct follower *f = xcalloc(1, sizeof(*f));
	f->session_id = xstrdup(session_id);
	f->server_key = server_key;
	f->link = LINK_INIT;
	f->is_due = true;
	g->items = xreallocarray(g->items, g->count + 1, sizeof(struct follower *));
	g->items[g->count++] = f;
	return f;
}

static int add_session(struct following *g, const char *reference, int64_t since,
		       struct sa_error *err)
{
	const struct options *o = g->options;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	if (store_find_session(g->store, reference, &session, err) < 0 ||
	    store_get_server(g->store, session.server_key, &server, err) < 0)
		return -1;
	struct follower *f = add(g, session.id, session.server_key);
	if (!f)
		return 0;
	if (o->tail != UINT64_MAX)
		return store_tail_index(g->store, &server, session.id, (int64_t)o->tail,
					&f->position, err);
	f->position = o->is_from_start ? 0 : since;
	if (o->since != UINT64_MAX)
		f->position = (int64_t)o->since;
	return 0;
}

static int add_server(const struct server *server, void *arg)
{
	struct following *g = arg;
	add(g, NULL, server->key);
	return 0;
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
	return add_session(g, id, since > 0 ? since : 0, err);
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

/* Wait for bytes, the next visit, or the reader's end. */
static int wait_for_news(struct following *g, struct sa_error *err)
{
	int64_t deadline = g->next_visit;
	struct pollfd *fds = xcalloc(g->count + 2, sizeof(*fds));
	fds[0] = (struct pollfd){.fd = STDOUT_FILENO};
	fds[1] = (struct pollfd){.fd = g->has_input ? STDIN_FILENO : -1, .events = POLLIN};
	for (size_t i = 0; i < g->count; i++) {
		fds[i + 2] = (struct pollfd){.fd = g->items[i]->link.fd, .events = POLLIN};
		if (!g->items[i]->is_done && (g->items[i]->is_due || g->items[i]->link.has_rest))
			deadline = 0;
	}
	poll(fds, g->count + 2, deadline_poll_ms(deadline));
	bool has_input = fds[1].revents != 0;
	g->sink.is_gone = (fds[0].revents & (POLLERR | POLLNVAL)) != 0;
	free(fds);
	if (g->sink.is_gone)
		return error_set(err, PROBLEM_FAILED, "nobody reads standard output");
	return has_input ? read_input(g, err) : 0;
}

static int serve(struct following *g, bool *ret_is_over, struct sa_error *err)
{
	bool is_visit = clock_monotonic_ms() >= g->next_visit;
	if (is_visit) {
		g->next_visit = clock_monotonic_ms() + VISIT_MS;
		if (g->options->is_all &&
		    store_each_server(g->store, true, add_server, g, err) < 0)
			return -1;
	}
	*ret_is_over = !g->has_input;
	for (size_t i = 0; i < g->count; i++) {
		struct follower *f = g->items[i];
		if (f->is_done)
			continue;
		if (follower_read_link(f, g->store, &g->sink, g->until, err) < 0)
			return -1;
		if (!f->is_done && (is_visit || f->is_due) &&
		    follower_visit(f, g->store, &g->sink, g->until, err) < 0)
			return -1;
		*ret_is_over = *ret_is_over && f->is_done;
	}
	if (g->until == UNTIL_NEVER)
		*ret_is_over = false;
	return 0;
}

static int begin(struct following *g, int argc, char **argv, struct sa_error *err)
{
	const char *until = g->options->until ? g->options->until
			    : g->options->is_all ? "never" : "end";
	if (strcmp(until, "end") == 0)
		g->until = UNTIL_END;
	else if (strcmp(until, "turn-end") == 0)
		g->until = UNTIL_TURN_END;
	else if (strcmp(until, "never") == 0)
		g->until = UNTIL_NEVER;
	else
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--until is turn-end, end or never, not '%s'", until);
	if (g->options->is_all)
		return argc ? error_set(err, PROBLEM_INVALID_REQUEST,
					"--all and sessions exclude each other")
			    : 0;
	g->has_input = argc == 0;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "-") == 0)
			g->has_input = true;
		else if (add_session(g, argv[i], 0, err) < 0)
			return -1;
	}
	if (argc == 0 && isatty(STDIN_FILENO))
		return error_set(err, PROBLEM_INVALID_REQUEST, "which session? or --all");
	return 0;
}

int follow_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	cleanup_store struct store *store = store_open(err);
	struct following g = {.options = arg, .store = store};
	bool is_over = false;
	if (!store)
		return -1;
	lines_init(&g.input, RECORD_BYTES);
	int rc = sink_init(&g.sink, &g.options->types, g.options->jq,
			   command_wants_text(&g.options->common), err);
	if (rc == 0)
		rc = begin(&g, argc, argv, err);
	while (rc == 0 && (rc = serve(&g, &is_over, err)) == 0 && !is_over)
		rc = wait_for_news(&g, err);
	bool is_gone = g.sink.is_gone;
	for (size_t i = 0; i < g.count; i++) {
		follower_free(g.items[i]);
		free(g.items[i]);
	}
	free(g.items);
	lines_free(&g.input);
	sink_free(&g.sink);
	return is_gone ? SA_EXIT_FAILED : rc;
}
