#include "agent/link.h"
#include "base/clock.h"
#include "store_kit.h"

#include <sys/socket.h>

/* What a client hears whose connection ends before it was answered. */
static void end_is(struct store *store, const struct server *server, const char *want,
		   const char *name)
{
	cleanup_link struct link link = LINK_INIT;
	struct link_answer answer;
	int pair[2];
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
	link.fd = pair[0];
	link.chunk = xmalloc(128 * 1024);
	lines_init(&link.lines, BUF_MAX_OWN);
	close(pair[1]);
	is_int(link_wait(&link, store, server, 1, "answer", DEADLINE_NEVER, -1, &answer, &err), -1,
	       "no answer comes");
	is_int(err.kind, PROBLEM_AGENT_PROCESS_EXITED, "... any more");
	ok(strstr(err.message, want) != NULL, "%s: %s", name, err.message);
}

static void test_end(struct store *store)
{
	cleanup_server struct server server = {.key = 0};
	fill(&server, "quick");
	is_int(store_claim_server(store, &server, &err), 0, "a server");
	end_is(store, &server, "the connection to the supervisor of 'quick' ended",
	       "without last words");
	store_set_server_state(store, server.key, SERVER_ENDED,
			       "agent 'false' exited with status 1", &err);
	end_is(store, &server, "agent 'false' exited with status 1",
	       "as the supervisor has left it");
}

int main(void)
{
	static suite_fn *const tests[] = {test_end, NULL};
	return suite_run(tests);
}
