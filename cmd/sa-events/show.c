/* The verbs list and show: the store as it is now. */
#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "cli/plain.h"
#include "follower.h"
#include "json/write.h"
#include "options_of.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of one session: events of it stand with one server, but an id may have been in another's. */
struct tally {
	char *session_id;
	int64_t server_key, events, last;
};

struct listing {
	struct buf out;
	bool is_text;
	struct tally *tallies; /* sorted by bytes of the id, then by key */
	size_t count;
};

static int tally_order(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	int order = strcmp(x->session_id, y->session_id);
	return order ? order : (x->server_key > y->server_key) - (x->server_key < y->server_key);
}

static int add_tally(struct span session_id, int64_t server_key, int64_t events, int64_t last,
		     void *arg)
{
	struct listing *l = arg;
	if ((l->count & (l->count - 1)) == 0) /* full at each power of two */
		l->tallies = xreallocarray(l->tallies, l->count ? l->count * 2 : 1,
					   sizeof(*l->tallies));
	l->tallies[l->count++] =
	    (struct tally){xmemdup0(session_id.p, session_id.n), server_key, events, last};
	return 0;
}

static void add_line(struct listing *l, const char *id, int64_t events, int64_t last)
{
	if (l->is_text) {
		cleanup_buf struct buf name = BUF_INIT(BUF_MAX_OWN);
		plain_add(&name, span_of(id));
		buf_addc(&name, 0);
		/* A row is one line, whatever an id has in it. */
		name.data[strcspn(name.data, "\n")] = 0;
		buf_addf(&l->out, "%-40s %8lld %8lld\n", name.data, (long long)events,
			 (long long)last);
		return;
	}
	json_open(&l->out, '{');
	json_kv_string(&l->out, "id", id);
	json_kv_int(&l->out, "events", events);
	json_kv_int(&l->out, "lastIndex", last);
	buf_adds(&l->out, "}\n");
}

static int list_one(const struct session *session, void *arg)
{
	struct listing *l = arg;
	const struct tally wanted = {session->id, session->server_key, 0, 0};
	const struct tally *t =
	    l->count ? bsearch(&wanted, l->tallies, l->count, sizeof(wanted), tally_order) : NULL;
	add_line(l, session->id, t ? t->events : 0, t ? t->last : 0);
	return 0;
}

static int list_all(struct listing *l, struct store *store, struct sa_error *err)
{
	int rc = store_each_count(store, add_tally, l, err);
	if (rc == 0 && l->count)
		qsort(l->tallies, l->count, sizeof(*l->tallies), tally_order);
	if (rc == 0)
		rc = store_each_session(store, 0, list_one, l, err);
	for (size_t i = 0; i < l->count; i++)
		free(l->tallies[i].session_id);
	free(l->tallies);
	return rc;
}

static int list_named(struct listing *l, struct store *store, const char *reference,
		      struct sa_error *err)
{
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	int64_t events = 0, last = 0;
	if (store_find_session(store, reference, &session, err) < 0 ||
	    store_get_server(store, session.server_key, &server, err) < 0 ||
	    store_count_events(store, &server, session.id, &events, &last, err) < 0)
		return -1;
	add_line(l, session.id, events, last);
	return 0;
}

int list_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_store struct store *store = store_open(err);
	struct listing l = {.out = BUF_INIT(BUF_MAX_OWN)};
	if (argc > 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "wants one SESSION, or none");
	if (!store)
		return -1;
	l.is_text = command_wants_text(&o->common);
	if (l.is_text)
		buf_addf(&l.out, "%-40s %8s %8s\n", "SESSION", "EVENTS", "LAST");
	int rc = argc ? list_named(&l, store, argv[0], err) : list_all(&l, store, err);
	if (rc == 0)
		fwrite(l.out.data ? l.out.data : "", 1, l.out.len, stdout);
	buf_free(&l.out);
	return rc < 0 ? -1 : SA_EXIT_OK;
}

struct wanted {
	struct sink *sink;
	int64_t index;
	bool is_found;
};

/* The first event from the wanted index on: it, or one behind it. */
static int show_one(const struct event *event, void *arg)
{
	struct wanted *wanted = arg;
	if (event->index != wanted->index)
		return 1;
	wanted->is_found = true;
	struct buf line = BUF_INIT(BUF_MAX_OWN);
	struct view view;
	event_add_json(&line, event);
	view_read(span_trim(buf_span(&line)), &view);
	sink_add(wanted->sink, &view);
	buf_free(&line);
	return 1;
}

int show_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	cleanup_sink struct sink sink = {.is_text = false};
	uint64_t index = 0;
	if (argc < 1 || argc > 2 ||
	    (argc == 2 && (num_parse_u64(span_of(argv[1]), INT64_MAX, &index) < 0 || !index)))
		return error_set(err, PROBLEM_INVALID_REQUEST, "wants SESSION [INDEX]");
	if (options_check_start(o, err) < 0)
		return -1;
	if (index && (o->since != UINT64_MAX || o->tail != UINT64_MAX))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "either INDEX, or --since or --tail");
	cleanup_store struct store *store = store_open(err);
	if (!store || sink_init(&sink, o, err) < 0 ||
	    store_find_session(store, argv[0], &session, err) < 0 ||
	    store_get_server(store, session.server_key, &server, err) < 0)
		return -1;
	struct follower f = {.session_id = session.id, .server_key = server.key};
	f.position = o->since == UINT64_MAX ? 0 : (int64_t)o->since;
	int rc = 0;
	struct wanted wanted = {&sink, (int64_t)index, false};
	if (index)
		rc = store_each_event(store, &server, session.id, (int64_t)index - 1, 1, show_one,
				      &wanted, err);
	else if (o->tail != UINT64_MAX)
		rc = store_tail_index(store, &server, session.id, (int64_t)o->tail, &f.position,
				      err);
	if (rc >= 0 && index && !wanted.is_found)
		return error_set(err, PROBLEM_NOT_FOUND, "session '%s' has no event %s", session.id,
				 argv[1]);
	if (rc >= 0)
		rc = index ? sink_flush(&sink, err) : follower_read_store(&f, store, &sink, err);
	return sink.is_gone ? SA_EXIT_FAILED : rc;
}
