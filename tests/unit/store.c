/*
 * The one suite for every kind of store: runs on SANDBOX_AGENT_STORE, else on
 * a SQLite file of its own. tests/store-postgres.t runs it on PostgreSQL.
 */
#include "store/store.h"
#include "store/copy.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/procid.h"
#include "store/alive.h"
#include "tap.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sa_error err;

static void fill(struct server *server, const char *id)
{
	*server = (struct server){
	    .id = xstrdup(id),
	    .agent = xstrdup("mock"),
	    .command_json = xstrdup("[\"sa-mock-agent\",\"\\u0000 \\\" \\\\\"]"),
	    .cwd = xstrdup("/tmp"),
	    .socket_dir = xstrdup("/nowhere"),
	};
	procid_boot_id(server->boot_id);
	procid_of(getpid(), &server->supervisor);
}

static struct event event_of(int64_t index, struct span session, struct span payload)
{
	return (struct event){
	    .index = index,
	    .stream_index = index / 2,
	    .session_id = session,
	    .at_ms = 1700000000000 + index,
	    .sender = index % 2 ? SENDER_CLIENT : SENDER_AGENT,
	    .payload = payload,
	};
}

/* Append count events with the same payload to the server. */
static int append(struct store *store, struct server *server, int count, const char *session,
		  struct span payload)
{
	struct event *events = xcalloc((size_t)count, sizeof(*events));
	for (int i = 0; i < count; i++) {
		events[i] = event_of(++server->last_index, span_of(session), payload);
		server->last_stream_index = events[i].stream_index;
	}
	const struct store_batch batch = {
	    .server = server, .events = events, .event_count = (size_t)count};
	int rc = store_commit(store, &batch, &err);
	free(events);
	return rc;
}

static int put_session(struct store *store, const struct server *server, const char *id,
		       enum session_state state, int64_t created_ms)
{
	const struct session session = {
	    .id = (char *)(uintptr_t)id,
	    .server_key = server->key,
	    .agent = (char *)(uintptr_t) "mock",
	    .agent_session_id = (char *)(uintptr_t) "agent's \"own\" \\ id",
	    .cwd = (char *)(uintptr_t) "/tmp",
	    .state = state,
	    .title = (char *)(uintptr_t) "a title, with {braces} and \xc3\xbc",
	    .first_index = 1,
	    .created_ms = created_ms,
	    .updated_ms = created_ms,
	};
	const struct session *list[] = {&session};
	const struct store_batch batch = {.server = server, .sessions = list, .session_count = 1};
	return store_commit(store, &batch, &err);
}

struct seen {
	int count;
	int64_t first, last;
	bool has_gap;
	struct span want; /* NONE: any payload */
	int differing;
	int stop_after;
};

static int see(const struct event *event, void *arg)
{
	struct seen *seen = arg;
	if (seen->count++ == 0)
		seen->first = event->index;
	else if (event->index != seen->last + 1)
		seen->has_gap = true;
	seen->last = event->index;
	if (seen->want.p && !span_equal(event->payload, seen->want))
		seen->differing++;
	return seen->stop_after && seen->count == seen->stop_after ? 7 : 0;
}

/* --- servers ------------------------------------------------------------------------ */

static void test_claim(struct store *store)
{
	cleanup_server struct server a = {.key = 0};
	cleanup_server struct server b = {.key = 0};
	cleanup_server struct server found = {.key = 0};
	fill(&a, "claim");
	ok(store_claim_server(store, &a, &err) == 0, "a server is claimed: %s", err.message);
	ok(a.key > 0 && a.uid && a.created_ms > 0, "it has a key, a uid and a time");
	fill(&b, "claim");
	is_int(store_claim_server(store, &b, &err), -1, "while its supervisor lives it is taken");
	is_int(err.kind, PROBLEM_CONFLICT, "... which is a conflict");
	is_int(store_find_server(store, "claim", &found, &err), 0, "it is found by its id");
	is_str(found.uid, a.uid, "... the same");
	is_str(found.command_json, a.command_json, "the command is kept as it is");
	ok(server_is_alive(&found), "it lives, because we do");
	is_int(found.supervisor.pid, getpid(), "its supervisor is known");
	server_clear(&found);
	is_int(store_find_server_by_uid(store, span_of(a.uid), &found, &err), 0, "... by its uid");
	server_clear(&found);
	is_int(store_get_server(store, a.key, &found, &err), 0, "... by its key");
	is_str(found.id, "claim", "... the same");
	is_int(store_find_server(store, "nobody", &b, &err), -1, "another is not");
	is_int(err.kind, PROBLEM_NOT_FOUND, "... which is told");
}

/* A child takes the server and dies without a word. */
static void claim_and_die(const char *id)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct store *store = store_open(&err);
		struct server server;
		fill(&server, id);
		if (!store || store_claim_server(store, &server, &err) < 0 ||
		    append(store, &server, 3, "dies", SPAN_LIT("{}")) < 0 ||
		    put_session(store, &server, "dies", SESSION_RUNNING, 5) < 0)
			_exit(1);
		const struct ask ask = {.index = 2,
					.session_id = (char *)(uintptr_t) "dies",
					.method = (char *)(uintptr_t) "session/request_permission",
					.rpc_id = (char *)(uintptr_t) "0",
					.settled_by = (char *)(uintptr_t) "policy",
					.reason = (char *)(uintptr_t) "rule 1 of a",
					.deadline_ms = INT64_C(1) << 41};
		const struct ask *list[] = {&ask};
		const struct store_batch batch = {.server = &server, .asks = list, .ask_count = 1};
		_exit(store_commit(store, &batch, &err) < 0 ? 2 : 0);
	}
	int status;
	waitpid(pid, &status, 0);
	is_int(status, 0, "a supervisor takes a server, writes, and dies");
}

static int see_ask(const struct ask *ask, const struct server *server, struct span payload,
		   void *arg)
{
	int *states = arg;
	(void)server;
	if (ask->index == 2 && ask->session_id && strcmp(ask->session_id, "dies") == 0 &&
	    span_is(payload, "{}") && ask->settled_by && strcmp(ask->settled_by, "policy") == 0 &&
	    ask->reason && strcmp(ask->reason, "rule 1 of a") == 0 &&
	    ask->deadline_ms == INT64_C(1) << 41)
		states[ask->state]++;
	return 0;
}

static void test_death(struct store *store)
{
	cleanup_server struct server dead = {.key = 0};
	cleanup_server struct server next = {.key = 0};
	cleanup_session struct session session = {.id = NULL};
	int states[4] = {0};
	claim_and_die("mortal");
	is_int(store_find_server(store, "mortal", &dead, &err), 0, "its row is there");
	ok(dead.state == SERVER_RUNNING && !server_is_alive(&dead), "it says running; it is dead");
	is_int(store_each_ask(store, "dies", false, see_ask, states, &err), 0, "requests listed");
	is_int(states[ASK_OPEN], 1, "its request is open");
	is_int(store_mark_dead(store, &dead, &err), 0, "it is marked as dead");
	is_int(store_mark_dead(store, &dead, &err), 0, "... twice, which changes nothing");
	is_int(store_find_session(store, "dies", &session, &err), 0, "its session is there");
	is_int(session.state, SESSION_INTERRUPTED, "... and interrupted");
	ok(session.end_reason != NULL, "... with a reason");
	memset(states, 0, sizeof(states));
	store_each_ask(store, "dies", true, see_ask, states, &err);
	is_int(states[ASK_LOST], 1, "its request is lost");
	fill(&next, "mortal");
	is_int(store_claim_server(store, &next, &err), 0, "another supervisor goes on with it");
	is_str(next.uid, dead.uid, "... under the same uid");
	is_int(next.last_index, 3, "... behind the last event");
	cleanup_server struct server other = {.key = 0};
	next.supervisor = (struct procid){0, 0};
	next.state = SERVER_ENDED;
	const struct store_batch batch = {.server = &next};
	store_commit(store, &batch, &err);
	fill(&other, "mortal");
	free(other.agent);
	other.agent = xstrdup("codex");
	is_int(store_claim_server(store, &other, &err), -1, "another agent may not take it");
	is_int(store_set_server_state(store, next.key, SERVER_CLOSED, "enough", &err), 0,
	       "it is closed");
	is_int(store_claim_server(store, &other, &err), 0, "then its id is free for a new one");
	ok(other.key != next.key && strcmp(other.uid, next.uid) != 0, "... which is another");
}

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
	is_int(store_count_events(store, &server, NULL, &value, NULL, &err), 0, "events are counted");
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

/* --- sessions --------------------------------------------------------------------------- */

static int count_session(const struct session *session, void *arg)
{
	(void)session;
	++*(int *)arg;
	return 0;
}

static void test_sessions(struct store *store)
{
	cleanup_server struct server server = {.key = 0};
	cleanup_session struct session session = {.id = NULL};
	int count = 0;
	fill(&server, "sessions");
	store_claim_server(store, &server, &err);
	append(store, &server, 4, "alpha-1", SPAN_LIT("{}"));
	append(store, &server, 2, "alpha-2", SPAN_LIT("{}"));
	put_session(store, &server, "alpha-1", SESSION_IDLE, 4000000000000);
	put_session(store, &server, "alpha-2", SESSION_IDLE, 4000000000001);
	put_session(store, &server, "Alpha_%", SESSION_IDLE, 10);
	is_int(store_find_session(store, "alpha-1", &session, &err), 0, "found by its id");
	is_str(session.agent_session_id, "agent's \"own\" \\ id", "the agent's id is kept");
	is_str(session.title, "a title, with {braces} and \xc3\xbc", "the title is kept");
	is_str(session.server_id, "sessions", "the server's id is known");
	session_clear(&session);
	is_int(store_find_session(store, "alpha-", &session, &err), -1, "a prefix of two");
	is_int(err.kind, PROBLEM_INVALID_REQUEST, "... is refused");
	is_int(store_find_session(store, "Alp", &session, &err), 0, "a prefix of one is enough");
	session_clear(&session);
	is_int(store_find_session(store, "a%", &session, &err), -1, "wildcards mean nothing");
	is_int(err.kind, PROBLEM_SESSION_NOT_FOUND, "... and find nothing");
	is_int(store_find_session(store, "@last", &session, &err), 0, "the newest");
	is_str(session.id, "alpha-2", "... is the one made last");
	session_clear(&session);
	store_each_session(store, server.key, count_session, &count, &err);
	is_int(count, 3, "the sessions of one server");
	put_session(store, &server, "alpha-1", SESSION_RUNNING, 4000000000000);
	is_int(store_set_session_state(store, "alpha-1", SESSION_CLOSED, "done", &err), 0,
	       "its state is set");
	store_find_session(store, "alpha-1", &session, &err);
	ok(session.state == SESSION_CLOSED && strcmp(session.end_reason, "done") == 0,
	   "... with its reason");
	is_int(store_delete_session(store, &session, &err), 0, "it is deleted");
	struct seen seen = {.count = 0};
	store_each_event(store, &server, "alpha-1", 0, 0, see, &seen, &err);
	is_int(seen.count, 0, "... with its events");
	store_each_event(store, &server, "alpha-2", 0, 0, see, &seen, &err);
	is_int(seen.count, 2, "... and the others stay");
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
	put_session(store, &server, "t1", SESSION_IDLE, 77);
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

/* --- what a resume needs --------------------------------------------------------------- */

static void test_reopen(struct store *store)
{
	cleanup_server struct server a = {.key = 0};
	cleanup_server struct server b = {.key = 0};
	fill(&a, "reopen");
	a.credentials = xstrdup("none");
	store_claim_server(store, &a, &err);
	append(store, &a, 3, NULL, SPAN_LIT("{}"));
	store_set_server_state(store, a.key, SERVER_CLOSED, "closed", &err);
	fill(&b, "reopen");
	b.uid = xstrdup(a.uid);
	ok(store_claim_server(store, &b, &err) == 0, "a closed server is continued by its uid: %s",
	   err.message);
	is_int(b.key, a.key, "it is the same");
	is_int(b.last_index, 3, "its numbers go on");
	is_str(b.credentials, "none", "how it gets its keys is kept");
	store_set_server_state(store, a.key, SERVER_CLOSED, "closed", &err);
	cleanup_server struct server newer = {.key = 0};
	fill(&newer, "reopen");
	store_claim_server(store, &newer, &err);
	ok(newer.key != a.key, "without a uid a closed one is left alone");
	cleanup_server struct server again = {.key = 0};
	fill(&again, "reopen");
	again.uid = xstrdup(a.uid);
	is_int(store_claim_server(store, &again, &err), -1,
	       "an id that is in use is not given twice");
	is_int(err.kind, PROBLEM_CONFLICT, "... which is a conflict");
}

static void test_setup(struct store *store)
{
	cleanup_server struct server server = {.key = 0};
	cleanup_session struct session found = {.id = NULL};
	fill(&server, "setup");
	store_claim_server(store, &server, &err);
	char id[] = "setup-1", agent[] = "mock", modes[] = "[{\"id\":\"a\"}]",
	     open[] = "{\"cwd\":\"/\"}";
	struct session session = {.id = id,
				  .agent = agent,
				  .server_key = server.key,
				  .modes_json = modes,
				  .open_json = open};
	const struct session *list[] = {&session};
	const struct store_batch batch = {.server = &server, .sessions = list, .session_count = 1};
	store_commit(store, &batch, &err);
	char way[] = "transcript", parent[] = "setup-0";
	session.modes_json = session.open_json = NULL;
	session.resumed_by = way;
	session.parent_id = parent;
	session.parent_index = 7;
	session.options_json = modes;
	is_int(store_commit(store, &batch, &err), 0, "a session is written twice");
	store_find_session(store, id, &found, &err);
	is_str(found.modes_json, modes, "what the second time does not know stays");
	is_str(found.open_json, open, "... so does what opened it");
	is_str(found.options_json, modes, "what it knows is there");
	is_str(found.models_json, NULL, "and nothing else");
	is_str(found.resumed_by, "transcript", "how it was resumed is kept");
	is_str(found.parent_id, "setup-0", "so is what it was forked from");
	is_int(found.parent_index, 7, "... and where");
}

static int see_prompt(const struct prompt *prompt, void *arg)
{
	if (*prompt->payload)
		buf_addf(arg, "%lld %s %s;", (long long)prompt->number, prompt->session_id,
			 prompt->payload);
	return 0;
}

static void prompts_are(struct store *store, int64_t key, const char *want, const char *name)
{
	cleanup_buf struct buf list = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&list, "");
	is_int(store_each_prompt(store, key, see_prompt, &list, &err), 0, "prompts are read");
	is_str(list.data, want, name);
}

static int put_prompts(struct store *store, const struct server *server, const char *payload,
		       int64_t first, int64_t gone)
{
	char id[] = "q1";
	const struct prompt a = {first, id, (char *)(uintptr_t)payload, 5};
	const struct prompt b = {first + 1, id, (char *)(uintptr_t)payload, 5};
	const struct prompt *list[] = {&a, &b};
	const struct store_batch batch = {.server = server,
					  .prompts = list,
					  .prompt_count = 2,
					  .gone_prompts = &gone,
					  .gone_prompt_count = gone > 0};
	return store_commit(store, &batch, &err);
}

static void test_prompts(struct store *store)
{
	cleanup_server struct server server = {.key = 0};
	cleanup_server struct server there = {.key = 0};
	fill(&server, "queue");
	store_claim_server(store, &server, &err);
	put_session(store, &server, "q1", SESSION_RUNNING, 1);
	is_int(put_prompts(store, &server, "{\"a\":1.0}", 1, 0), 0, "prompts are queued");
	is_int(put_prompts(store, &server, "{}", 3, 2), 0, "one leaves the queue");
	prompts_are(store, server.key, "1 q1 {\"a\":1.0};3 q1 {};4 q1 {};", "the queue, in order");

	char dir[] = "/tmp/sa-spool-XXXXXX";
	cleanup_free char *url = xasprintf("sqlite:%s/spool.db", mkdtemp(dir));
	cleanup_free char *before = xstrdup(getenv("SANDBOX_AGENT_STORE"));
	setenv("SANDBOX_AGENT_STORE", url, 1);
	struct store *spool = store_open(&err);
	setenv("SANDBOX_AGENT_STORE", before, 1);
	int64_t key, gone[] = {1, 3};
	const struct store_batch batch = {
	    .server = &server, .gone_prompts = gone, .gone_prompt_count = 2};
	is_int(store_import(spool, &batch, &key, &err), 0, "two leave while the store is away");
	store_find_server_by_uid(spool, span_of(server.uid), &there, &err);
	const struct store_copy back = {.from = spool, .to = store, .server = &there};
	is_int(store_copy_server(&back, &err), 0, "the spool is copied");
	store_close(spool);
	prompts_are(store, server.key, "4 q1 {};", "and they are gone here too");
	is_int(store_set_session_state(store, "q1", SESSION_CLOSED, "closed", &err), 0, "closed");
	prompts_are(store, server.key, "", "a closed session has no queue");
	cleanup_free char *file = xasprintf("%s/spool.db", dir);
	unlink(file);
	rmdir(dir);
}

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
	char folder[] = "/tmp/sa-store-XXXXXX";
	cleanup_free char *own = NULL;
	if (!getenv("SANDBOX_AGENT_STORE")) {
		own = xasprintf("%s/store.db", mkdtemp(folder));
		cleanup_free char *url = xasprintf("sqlite:%s", own);
		setenv("SANDBOX_AGENT_STORE", url, 1);
	}
	struct store *store = store_open(&err);
	ok(store != NULL, "the store opens: %s", err.message);
	if (store) {
		test_claim(store);
		test_death(store);
		test_events(store);
		test_raw_and_large(store);
		test_sessions(store);
		test_import(store);
		test_reopen(store);
		test_setup(store);
		test_prompts(store);
		test_news(store);
	}
	store_close(store);
	if (own) {
		unlink(own);
		rmdir(folder);
	}
	return done_testing();
}
