/* Which variables an agent sees. */
#include "agent/hygiene.h"
#include "tap.h"

#include <stdlib.h>

static bool passes(const char *name)
{
	return hygiene_passes(span_of("[\"MINE_*\",\"YOURS\",7]"), span_of(name));
}

int main(void)
{
	static const char *const keys[] = {"ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN",
					   "ANTHROPIC_AUTH_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"};
	static const char *const others[] = {"PATH", "GITHUB_TOKEN", "_API_KEY", "API_KEY_FILE",
					     ""};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		ok(hygiene_is_key(span_of(keys[i])), "%s is a provider's key", keys[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		ok(!hygiene_is_key(span_of(others[i])), "'%s' is none", others[i]);

	struct span own = span_of("[\"A_API_KEY\"]"), all = span_of("[\"*\"]");
	ok(hygiene_is_secret(span_of("HF_TOKEN"), "x") &&
	       hygiene_is_secret(span_of("A_API_KEY"), "x"),
	   "a secret by its name");
	ok(hygiene_is_secret(span_of("DB"), "postgres://me:word@host/db"), "by its value");
	ok(!hygiene_is_secret(span_of("DB"), "postgres://me@host:5432/a:b@c"),
	   "a port is no password");
	ok(!hygiene_is_secret(span_of("TOKEN_COUNT"), "7"),
	   "nor is all that has such a word in it");
	ok(hygiene_takes_key(own, span_of("A_API_KEY")), "an agent takes its own key");
	ok(!hygiene_takes_key(own, span_of("B_API_KEY")), "and no other");
	ok(!hygiene_takes_key(own, span_of("A_API")), "not even one that begins so");
	ok(hygiene_takes_key(all, span_of("B_API_KEY")), "* takes any");
	ok(!hygiene_takes_key(SPAN_NONE, span_of("A_API_KEY")), "an unknown agent takes none");

	ok(hygiene_is_own(span_of("SANDBOX_AGENT_STORE")), "our variables are ours");
	ok(hygiene_is_own(span_of("SANDBOX_AGENT_TOKEN")), "the token too");
	ok(!hygiene_is_own(span_of("SANDBOX_AGENT_BIN")),
	   "but the reference's launchers find us by SANDBOX_AGENT_BIN");
	ok(!hygiene_is_own(span_of("SANDBOX")), "a shorter name is not ours");

	unsetenv("SANDBOX_AGENT_ENV");
	unsetenv("SANDBOX_AGENT_PASS_ENV");
	ok(!passes("DATABASE_URL") && !passes("GITHUB_TOKEN"), "what nobody names stays outside");
	ok(passes("PATH") && passes("LC_TIME") && passes("https_proxy") &&
	       passes("SSH_AUTH_SOCK") && passes("XDG_DATA_HOME") && passes("VIRTUAL_ENV"),
	   "what programs need passes");
	ok(passes("MINE_URL") && passes("YOURS") && !passes("YOURS_TOO"),
	   "and what its record lists");
	setenv("SANDBOX_AGENT_ENV", "inherit", 1);
	ok(passes("DATABASE_URL"), "SANDBOX_AGENT_ENV=inherit passes all");
	setenv("SANDBOX_AGENT_ENV", "minimal", 1);
	ok(!passes("PATH2") && !passes("LC"), "by whole names, or what stands before a star");
	setenv("SANDBOX_AGENT_PASS_ENV", "GO*,JAVA_HOME", 1);
	ok(passes("GOPATH") && passes("JAVA_HOME") && !passes("JAVA_HOME2"),
	   "SANDBOX_AGENT_PASS_ENV adds names");
	return done_testing();
}
