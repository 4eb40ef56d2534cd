/* The verbs list and show: the store as it is now. */
#include "base/num.h"
#include "follower.h"
#include "json/write.h"
#include "options_of.h"

#include <stdio.h>

struct listing {
	struct store *store;
	struct sa_error *err;
	struct buf out;
	bool is_text;
};

struct tally {
	int64_t count;
	int64_t last;
};

static int tally_event(const struct event *event, void *arg)
{
	struct tally *tally = arg;
	tally->count++;
	tally->last = event->index;
	return 0;
}

static int list_one(const struct session *session, void *arg)
{
	struct listing *l = arg;
	struct tally tally = {0, 0};
	cleanup_server struct server server = {.key = 0};
	if (store_get_server(l->store, session->server_key, &server, l->err) < 0 ||
	    store_each_event(l->store, &server, session->id, 0, 0, tally_event, &tally, l->err) < 0)
		return -1;
	if (l->is_text) {
		buf_addf(&l->out, "%-40s %8lld %8lld\n", session->id, (long long)tally.count,
			 (long long)tally.last);
		return 0;
	}
	json_open(&l->out, '{');
	json_kv_string(&l->out, "id", session->id);
	json_kv_int(&l->out, "events", tally.count);
	json_kv_int(&l->out, "lastIndex", tally.last);
	buf_adds(&l->out, "}\n");
	return 0;
}

int list_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_store struct store *store = store_open(err);
	cleanup_session struct session session = {.id = NULL};
	struct listing l = {.store = store, .err = err, .out = BUF_INIT(BUF_MAX_OWN)};
	if (!store)
		return -1;
	l.is_text = command_wants_text(&o->common);
	if (l.is_text)
		buf_addf(&l.out, "%-40s %8s %8s\n", "SESSION", "EVENTS", "LAST");
	int rc = argc == 0 ? store_each_session(store, 0, list_one, &l, err)
			   : store_find_session(store, argv[0], &session, err);
	if (rc == 0 && argc)
		rc = list_one(&session, &l);
	if (rc == 0)
		fwrite(l.out.data ? l.out.data : "", 1, l.out.len, stdout);
	buf_free(&l.out);
	return rc < 0 ? -1 : SA_EXIT_OK;
}

static int show_one(const struct event *event, void *arg)
{
	struct sink *sink = arg;
	struct buf line = BUF_INIT(BUF_MAX_OWN);
	struct view view;
	event_add_json(&line, event);
	view_read(buf_span(&line), &view);
	sink_add(sink, &view);
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
	cleanup_store struct store *store = store_open(err);
	if (!store || sink_init(&sink, &o->types, o->jq, command_wants_text(&o->common), err) < 0 ||
	    store_find_session(store, argv[0], &session, err) < 0 ||
	    store_get_server(store, session.server_key, &server, err) < 0)
		return -1;
	struct follower f = {.session_id = session.id, .server_key = server.key};
	f.position = o->since == UINT64_MAX ? 0 : (int64_t)o->since;
	int rc = 0;
	if (index)
		rc = store_each_event(store, &server, session.id, (int64_t)index - 1, 1, show_one,
				      &sink, err);
	else if (o->tail != UINT64_MAX)
		rc = store_tail_index(store, &server, session.id, (int64_t)o->tail, &f.position,
				      err);
	if (rc >= 0)
		rc = index ? sink_flush(&sink, err) : follower_read_store(&f, store, &sink, err);
	return sink.is_gone ? SA_EXIT_FAILED : rc;
}
