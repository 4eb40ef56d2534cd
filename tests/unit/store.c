/* Every kind of store: servers, their sessions, what a resume needs, queued prompts. */
#include "store_kit.h"

#include "store/alive.h"
#include "store/copy.h"

#include <sys/wait.h>

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

/* --- queued prompts ------------------------------------------------------------------------ */

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

int main(void)
{
	static suite_fn *const tests[] = {test_claim, test_death,   test_sessions, test_reopen,
					  test_setup, test_prompts, NULL};
	return suite_run(tests);
}
