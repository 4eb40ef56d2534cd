/* What agents say when they do not run, and the way out that is told with it. */
#include "agent/advice.h"
#include "tap.h"

#include "base/cleanup.h"

int main(void)
{
	/* As real agents, loaders and providers print it. */
	static const struct {
		const char *said, *wanted;
	} cases[] = {
	    {"/usr/bin/env: \u2018node\u2019: No such file or directory", "Node is not on PATH"},
	    {"env: 'node': No such file or directory", "Node is not on PATH"},
	    {"npm WARN EBADENGINE Unsupported engine {", "newer Node"},
	    {"./claude: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found", "older version"},
	    {"sh: 1: ./claude: required file not found", "another C library"},
	    {"cannot execute binary file: Exec format error", "another kind of machine"},
	    {"--dangerously-skip-permissions cannot be used with root/sudo privileges for security "
	     "reasons",
	     "IS_SANDBOX=1"},
	    {"Do you trust the files in this folder?", "trusted"},
	    {"429 {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\"}}", "wait"},
	    {"API Error: 529 {\"type\":\"overloaded_error\"}", "overloaded"},
	    {"Authentication required", "no credentials"},
	    {"Invalid API key \u00b7 Please run /login", "no credentials"},
	    {"unexpected status 401 Unauthorized: Incorrect API key provided", "no credentials"},
	    {"connect ECONNREFUSED 127.0.0.1:9", "cannot reach its provider"},
	    {"ENOSPC: no space left on device, write", "disk is full"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *advice = advice_find(span_of(cases[i].said));
		ok(advice && strstr(advice, cases[i].wanted), "%s", cases[i].said);
	}
	ok(!advice_find(span_of("TypeError: x is undefined")), "nothing is known of anything else");
	ok(!advice_find(SPAN_NONE), "nor of nothing");

	struct sa_error err;
	error_set(&err, PROBLEM_AGENT_ERROR, "session/new: no");
	advice_add(&err, "codex", span_of("unauthorized"));
	ok(strstr(err.message, "session/new: no (") && strstr(err.message, "codex login"),
	   "for a login the agent's own way is told");
	ok(err.kind == PROBLEM_AGENT_ERROR, "the kind stays");
	error_set(&err, PROBLEM_AUTH_REQUIRED, "x");
	advice_add_methods(&err, span_of("[{\"id\":\"oauth\",\"name\":\"Log in\"},{\"id\":\"key\"}]"));
	is_str(err.message, "x; it offers to authenticate by oauth (Log in), key",
	       "the authMethods are named");
	advice_add_methods(&err, span_of("{}"));
	is_str(err.message, "x; it offers to authenticate by oauth (Log in), key", "if there are any");
	return done_testing();
}
