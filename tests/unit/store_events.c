/* Every kind of store: events that are written, counted, read, copied to another store, heard of.
 */
#include "store_kit.h"

#include "store/copy.h"

#include <poll.h>

/* --- events --------------------------------------------------------------------------- */

/* What a walk over the counts saw of one server's sessions. */
struct counts {
	int64_t server_key, sessions, events, last;
};

static int add_count(struct span session_id, int64_t server_key, int64_t events, int64_t last,
		     void *arg)
{
	struct counts *c = arg;
	if (server_key == c->server_key && span_is(session_id, "one"))
		*c = (struct counts){server_key, c->sessions + 1, events, last};
	return 0;
}

static void test_events(struct store *store)
{
	cleanup_server struct server server = {.key = 0};
	fill(&server, "events");
	is_int(store_claim_server(store, &server, &err), 0, "a server for events");
	static const char payload[] =
	    "{\"a\":12345678901234567890,\"b\":1.50,\"c\":\"\\ud800 \\u0000 \\\\ \\\" '\xc3\xbc\","
	    "\"d\":[null,\"{NULL,x}\"]}";
	ok(append(store, &server, 700, "one", span_of(payload)) == 0, "700 events: %s",
	   err.message);
	struct seen seen = {.want = span_of(payload)};
	is_int(store_each_event(store, &server, NULL, 0, 0, see, &seen, &err), 0, "all are read");
	is_int(seen.count, 700, "... each once");
	is_int(seen.differing, 0, "... byte for byte");
	ok(seen.first == 1 && seen.last == 700 && !seen.has_gap, "... in order, without a gap");
	seen = (struct seen){.count = 0};
	store_each_event(store, &server, NULL, 690, 5, see, &seen, &err);
	ok(seen.first == 691 && seen.last == 695, "a part is read");
	seen = (struct seen){.stop_after = 3};
	is_int(store_each_event(store, &server, NULL, 0, 0, see, &seen, &err), 7,
	       "a visitor stops the walk with its own value");
	seen = (struct seen){.count = 0};
	is_int(store_each_event(store, &server, "other", 0, 0, see, &seen, &err), 0,
	       "of another session");
	is_int(seen.count, 0, "... there are none");
	int64_t value = -1;
	is_int(store_count_events(store, &server, NULL, &value, NULL, &err), 0,
	       "events are counted");
	is_int(value, 700, "... all");
	struct counts counts = {server.key, 0, 0, 0};
	is_int(store_each_count(store, add_count, &counts, &err), 0,
	       "events of all sessions are counted at once");
	int64_t of_one, last_of_one;
	store_count_events(store, &server, "one", &of_one, &last_of_one, &err);
	ok(counts.sessions == 1 && counts.events == of_one && counts.last == last_of_one &&
	       of_one > 0,
	   "... as each alone");
	is_int(store_tail_index(store, &server, "one", 10, &value, &err), 0, "the tail is found");
	is_int(value, 690, "... before its events");
	store_tail_index(store, &server, NULL, 9999, &value, &err);
	is_int(value, 0, "a tail longer than the story is all of it");
	is_int(store_index_of_stream(store, &server, 100, &value, &err), 0,
	       "a place in the stream is found");
	is_int(value, 201, "... the last event at it");
	store_index_of_stream(store, &server, 0, &value, &err);
	is_int(value, 1, "... the first one");
	store_index_of_stream(store, &server, 99999, &value, &err);
	is_int(value, 700, "... behind the end");
}

static int see_raw(const struct event *event, void *arg)
{
	*(bool *)arg = event->raw.n == 5 && memcmp(event->raw.p, "\xff\0\\x\n", 5) == 0 &&
		       span_is(event->answers, "session/prompt");
	return 0;
}

static void test_raw_and_large(struct store *store)
{
	cleanup_server struct server server = {.key = 0};
	bool is_same = false;
	fill(&server, "raw");
	store_claim_server(store, &server, &err);
	struct event event = event_of(++server.last_index, SPAN_NONE, SPAN_LIT("{}"));
	event.raw = (struct span){"\xff\0\\x\n", 5};
	event.answers = SPAN_LIT("session/prompt");
	struct store_batch batch = {.server = &server, .events = &event, .event_count = 1};
	ok(store_commit(store, &batch, &err) == 0, "an event with raw bytes: %s", err.message);
	store_each_event(store, &server, NULL, 0, 0, see_raw, &is_same, &err);
	ok(is_same, "raw bytes come back as they were");
	size_t size = 5 << 20;
	char *large = xmalloc(size + 2);
	memset(large, '\\', size + 2);
	large[0] = large[size + 1] = '"';
	event = event_of(++server.last_index, SPAN_NONE, (struct span){large, size + 2});
	ok(store_commit(store, &batch, &err) == 0, "an event of 5 MiB: %s", err.message);
	struct seen seen = {.want = {large, size + 2}};
	store_each_event(store, &server, NULL, 1, 0, see, &seen, &err);
	ok(seen.count == 1 && seen.differing == 0, "it comes back as it was");
	free(large);
	event = event_of(server.last_index, SPAN_NONE, SPAN_LIT("{}"));
	int rc = store_commit(store, &batch, &err);
	seen = (struct seen){.count = 0};
	store_each_event(store, &server, NULL, 0, 0, see, &seen, &err);
	ok(seen.count == 2, "an index that is taken adds nothing (%d)", rc);
}

/* --- copies ------------------------------------------------------------------------------- */

static void test_import(struct store *store)
{
	cleanup_server struct server server = {.key = 0};
	cleanup_server struct server found = {.key = 0};
	cleanup_session struct session session = {.id = NULL};
	char path[] = "/tmp/sa-store-XXXXXX";
	fill(&server, "travels");
	store_claim_server(store, &server, &err);
	append(store, &server, 600, "t1", SPAN_LIT("{\"x\":1.0}"));
	put_session(store, &server, "t1", SESSION_CLOSED, 77);
	cleanup_free char *dir = xstrdup(mkdtemp(path));
	cleanup_free char *url = xasprintf("sqlite:%s/copy.db", dir);
	cleanup_free char *here = xstrdup(getenv("SANDBOX_AGENT_STORE"));
	setenv("SANDBOX_AGENT_STORE", url, 1);
	struct store *copy = store_open(&err);
	setenv("SANDBOX_AGENT_STORE", here, 1);
	struct store_copy job = {.from = store, .to = copy, .server = &server};
	ok(store_copy_server(&job, &err) == 0, "copied to another store: %s", err.message);
	ok(store_copy_server(&job, &err) == 0, "... twice: %s", err.message);
	is_int(store_find_server_by_uid(copy, span_of(server.uid), &found, &err), 0, "it is there");
	struct seen seen = {.want = SPAN_LIT("{\"x\":1.0}")};
	store_each_event(copy, &found, NULL, 0, 0, see, &seen, &err);
	ok(seen.count == 600 && !seen.has_gap && !seen.differing, "all events, each once");
	is_int(store_find_session(copy, "t1", &session, &err), 0, "the session is there");
	is_int(session.updated_ms, 77, "... with its times");
	/* And back, into a store that has lost it. */
	store_delete_session(store, &session, &err);
	struct store_copy back = {.from = copy, .to = store, .server = &found};
	ok(store_copy_server(&back, &err) == 0, "copied back: %s", err.message);
	server_clear(&server);
	is_int(store_find_server_by_uid(store, span_of(found.uid), &server, &err), 0, "found");
	seen = (struct seen){.want = SPAN_LIT("{\"x\":1.0}")};
	store_each_event(store, &server, NULL, 0, 0, see, &seen, &err);
	ok(seen.count == 600 && !seen.has_gap && !seen.differing, "all events are back");
	store_close(copy);
	cleanup_free char *rm = xasprintf("%s/copy.db", dir);
	unlink(rm);
	rmdir(dir);
}

/* --- news --------------------------------------------------------------------------------- */

static void see_news(int64_t key, void *arg)
{
	int64_t *news = arg;
	news[0]++;
	news[1] = key;
}

/* What one handle commits, another hears of: on an fd, without asking again and again. */
static void test_news(struct store *store)
{
	cleanup_server struct server server = {.key = 0};
	cleanup_store struct store *other = store_open(&err);
	int64_t news[2] = {0, -1};
	fill(&server, "news");
	store_claim_server(store, &server, &err);
	struct pollfd p = {.fd = store_listen(other, &err), .events = POLLIN};
	ok(p.fd >= 0, "a store can be listened to: %s", err.message);
	is_int(store_heard(other, see_news, news, &err), 0, "what there is already is no news");
	news[0] = 0;
	is_int(poll(&p, 1, 0), 0, "nothing is committed, nothing is heard");
	put_session(store, &server, "news-1", SESSION_IDLE, 1);
	is_int(poll(&p, 1, 10000), 1, "a commit is heard");
	is_int(store_heard(other, see_news, news, &err), 0, "... and read");
	ok(news[0] >= 1, "... as news");
	ok(news[1] == 0 || news[1] == server.key, "... of that server, or of any");
	is_int(poll(&p, 1, 0), 0, "once");
	put_session(store, &server, "news-2", SESSION_IDLE, 1);
	cleanup_session struct session found = {.id = NULL};
	is_int(store_find_session(other, "news-2", &found, &err), 0, "it is read in between");
	news[0] = 0;
	for (int tries = 0; tries < 100 && news[0] == 0; tries++)
		if (store_heard(other, see_news, news, &err) < 0 || poll(&p, 1, 100) < 0)
			break;
	ok(news[0] >= 1, "news that come together with an answer are not missed");
}

int main(void)
{
	static suite_fn *const tests[] = {test_events, test_raw_and_large, test_import, test_news,
					  NULL};
	return suite_run(tests);
}
