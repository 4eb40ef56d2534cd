#include "attach.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "draft.h"
#include "http/token.h"
#include "ids.h"
#include "os/dirs.h"
#include "os/spawn.h"
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PORT_DEFAULT = 2468, PORT_MAX = 65535, WORDS_MAX = 16 };

void attach_set_defaults(void *arg)
{
	struct attach_options *o = arg;
	o->host = "127.0.0.1";
	o->port = PORT_DEFAULT;
}

/* OpenCode itself; the caller frees. NULL with err. */
static char *find_program(struct sa_error *err)
{
	const char *named = getenv("GIGACODE_OPENCODE_BIN");
	if (named && *named) {
		char *path = dirs_find_on_path(named);
		if (!path)
			error_set(err, PROBLEM_AGENT_NOT_INSTALLED,
				  "GIGACODE_OPENCODE_BIN names no program: %s", named);
		return path;
	}
	char *path = dirs_find_on_path("opencode");
	cleanup_free char *data = path ? NULL : dirs_data();
	cleanup_free char *ours = data ? xasprintf("%s/bin/opencode", data) : NULL;
	if (ours && access(ours, X_OK) == 0)
		path = TAKE_PTR(ours);
	if (!path)
		error_set(
		    err, PROBLEM_AGENT_NOT_INSTALLED,
		    "OpenCode is not installed: run 'sandbox-agent install-agent opencode', or "
		    "'npm install -g opencode-ai'");
	return path;
}

static int start_daemon(const struct attach_options *o, struct sa_error *err)
{
	cleanup_free char *path = dirs_find_sibling("sa-daemon");
	cleanup_free char *port = xasprintf("%llu", (unsigned long long)o->port);
	const char *words[WORDS_MAX] = {"sa-daemon", "start", "--host", o->host, "--port", port};
	size_t n = 6;
	if (!path)
		return error_set(err, PROBLEM_NOT_FOUND, "no program 'sa-daemon'");
	if (o->token_file) {
		words[n++] = "--token-file";
		words[n++] = o->token_file;
	} else if (o->is_no_token && !o->token) {
		words[n++] = "--no-token";
	}
	struct spawn spawn = SPAWN_INIT;
	spawn.path = path;
	spawn.argv = (char *const *)words;
	spawn.fds[2] = STDERR_FILENO;
	pid_t pid = spawn_start(&spawn, err);
	int status = pid < 0 ? -1 : spawn_wait(pid);
	if (pid < 0)
		return -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, PROBLEM_FAILED, "the server could not be started");
	return 0;
}

/* A session to begin with; its id, which the caller frees, or NULL. */
static char *make_session(const char *title, struct sa_error *err)
{
	cleanup_store struct store *store = store_open(err);
	cleanup_free char *cwd = realpath(".", NULL);
	int64_t now = clock_now_ms();
	char *id = id_of_session(now);
	const struct session session = {
	    .id = id,
	    .agent = (char *)"mock",
	    .cwd = cwd,
	    .title = (char *)title,
	    .state = SESSION_STARTING,
	    .created_ms = now,
	};
	if (store && cwd && draft_write(store, &session, err) == 0)
		return id;
	free(id);
	return NULL;
}

/* Secrets go by the environment: OpenCode sends its password with each request. */
static int publish_token(const struct attach_options *o, struct sa_error *err)
{
	cleanup_token char *token = NULL;
	bool is_wanted = o->token || o->token_file || !o->is_no_token;
	if (is_wanted && token_find(o->token, o->token_file, &token, err) < 0)
		return -1;
	if (token) {
		setenv("SANDBOX_AGENT_TOKEN", token, 1);
		setenv("OPENCODE_SERVER_PASSWORD", token, 1);
	}
	return 0;
}

int attach_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct attach_options *o = arg;
	if (o->port < 1 || o->port > PORT_MAX || !*o->host)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--host and --port want an address");
	if (argc > WORDS_MAX / 2)
		return error_set(err, PROBLEM_INVALID_REQUEST, "too many operands");
	cleanup_free char *program = find_program(err);
	if (!program || publish_token(o, err) < 0 || start_daemon(o, err) < 0)
		return -1;
	cleanup_free char *session = o->title ? make_session(o->title, err) : NULL;
	if (o->title && !session)
		return -1;
	bool is_v6 = strchr(o->host, ':') && *o->host != '[';
	cleanup_free char *url = xasprintf("http://%s%s%s:%llu/opencode", is_v6 ? "[" : "", o->host,
					   is_v6 ? "]" : "", (unsigned long long)o->port);
	const char *words[WORDS_MAX] = {"opencode", "attach", url};
	size_t n = 3;
	if (session) {
		words[n++] = "--session";
		words[n++] = session;
	}
	for (int i = 0; i < argc; i++)
		words[n++] = argv[i];
	execv(program, (char *const *)words);
	return error_set_errno(err, PROBLEM_FAILED, errno, "run %s", program);
}
