/* sa-serve: the thin HTTP front; see front.h and routes.h. */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/words.h"
#include "front.h"
#include "listen.h"
#include "os/io.h"
#include "policy/policy.h"
#include "routes.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOKEN_BYTES_MAX = 4096, DEFAULT_PORT = 2468 };

struct options {
	struct common_options common;
	struct front_options front;
	const char *token;
	const char *token_file;
	const char *fs_root;
	bool is_no_token;
	bool is_no_telemetry;
	const char *policy;
	const char *on_ask;
};

#define AT(field) offsetof(struct options, field)

static const struct option option_table[] = {
    OPTIONS_COMMON,
    {"host", 'H', OPTION_STRING, AT(front.host), "HOST", "listen on (127.0.0.1)", NULL},
    {"port", 'p', OPTION_U64, AT(front.port), "PORT", "listen on (2468; 0: any)", NULL},
    {"unix", 0, OPTION_STRING, AT(front.unix_path), "PATH", "listen on a unix socket",
     COMPLETE_FILES},
    {"inetd", 0, OPTION_FLAG, AT(front.is_inetd), NULL, "one connection on standard input", NULL},
    {"token", 't', OPTION_STRING, AT(token), "TOKEN", "what clients must present", NULL},
    {"token-file", 0, OPTION_STRING, AT(token_file), "FILE", "the same, out of a file",
     COMPLETE_FILES},
    {"no-token", 'n', OPTION_FLAG, AT(is_no_token), NULL, "serve everybody", NULL},
    {"fs-root", 0, OPTION_STRING, AT(fs_root), "DIR", "files and configuration beneath DIR only",
     COMPLETE_DIRECTORIES},
    {"keep-sessions", 0, OPTION_FLAG, AT(front.is_keeping_sessions), NULL,
     "do not end sessions when stopped", NULL},
    {"policy", 0, OPTION_STRING, AT(policy), "NAME|FILE",
     "answers what agents ask, where a session has none", COMPLETE_FILES},
    {"on-ask", 0, OPTION_STRING, AT(on_ask), "COMMAND",
     "decides before people do, where a session has none", NULL},
    {"cors-allow-origin", 'O', OPTION_LIST, AT(front.cors_origins), "ORIGIN",
     "whose pages may ask; repeatable", NULL},
    {"cors-allow-method", 'M', OPTION_LIST, AT(front.cors_methods), "METHOD",
     "and with what; repeatable", NULL},
    {"cors-allow-header", 'A', OPTION_LIST, AT(front.cors_headers), "HEADER",
     "and with these; repeatable", NULL},
    {"cors-allow-credentials", 'C', OPTION_FLAG, AT(front.is_cors_credentials), NULL,
     "and with cookies", NULL},
    {"allow-host", 0, OPTION_LIST, AT(front.hosts), "HOST", "a name of this server; repeatable",
     NULL},
    {"ui", 0, OPTION_STRING, AT(front.ui), "DIR", "the inspector's files", COMPLETE_FILES},
    {"access-log", 0, OPTION_STRING, AT(front.access_log), "FILE",
     "a JSON line per request; - is stderr", COMPLETE_FILES},
    {"header-limit", 0, OPTION_SIZE, AT(front.header_bytes), "BYTES", "of a request's head (64K)",
     NULL},
    {"body-limit", 0, OPTION_SIZE, AT(front.body_bytes), "BYTES", "of a JSON body (2M)", NULL},
    {"message-limit", 0, OPTION_SIZE, AT(front.message_bytes), "BYTES", "of an ACP message (64M)",
     NULL},
    {"buffer-limit", 0, OPTION_SIZE, AT(front.buffer_bytes), "BYTES",
     "of all bodies together (256M)", NULL},
    {"max-connections", 0, OPTION_U64, AT(front.connections), "N", "at once (2048)", NULL},
    {"max-requests", 0, OPTION_U64, AT(front.requests), "N", "on one connection (0: no limit)",
     NULL},
    {"max-waiting", 0, OPTION_U64, AT(front.waiting), "N",
     "requests with one command at once (4096)", NULL},
    {"max-commands", 0, OPTION_U64, AT(front.commands), "N", "spawned at once, streams too (1024)",
     NULL},
    {"header-timeout", 0, OPTION_DURATION, AT(front.header_ms), "TIME", "for a head (10s)", NULL},
    {"body-timeout", 0, OPTION_DURATION, AT(front.body_ms), "TIME", "for each 4K of a body (30s)",
     NULL},
    {"write-timeout", 0, OPTION_DURATION, AT(front.write_ms), "TIME",
     "for a client that takes nothing (60s)", NULL},
    {"idle-timeout", 0, OPTION_DURATION, AT(front.idle_ms), "TIME", "between requests (75s)", NULL},
    {"stop-timeout", 0, OPTION_DURATION, AT(front.stop_ms), "TIME", "for an orderly stop (4s)",
     NULL},
    {"no-telemetry", 0, OPTION_FLAG, AT(is_no_telemetry), NULL,
     "taken for compatibility; there is none", NULL},
    OPTIONS_END,
};

static void set_defaults(void *arg)
{
	struct options *o = arg;
	o->front.port = DEFAULT_PORT;
	o->front.header_bytes = HTTP_HEAD_BYTES;
	o->front.body_bytes = 2 << 20;
	o->front.message_bytes = 64 << 20;
	o->front.buffer_bytes = 256 << 20;
	o->front.connections = 2048;
	o->front.waiting = 4096;
	o->front.commands = 1024;
	o->front.header_ms = 10000;
	o->front.body_ms = 30000;
	o->front.write_ms = 60000;
	o->front.idle_ms = 75000;
	o->front.stop_ms = 4000;
}

/* A copy of a secret that others can see where it stands; that place is wiped. */
static char *move_secret(const char *text)
{
	char *copy = xstrdup(text);
	explicit_bzero((char *)(uintptr_t)text, strlen(text));
	return copy;
}

static char *read_token(const char *path, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(TOKEN_BYTES_MAX);
	if (io_read_file(path, &text, err) < 0) {
		error_prefix(err, "--token-file");
		return NULL;
	}
	struct span token = span_trim(buf_span(&text));
	return xmemdup0(token.p, token.n);
}

/* --token, --token-file, the environment, in this order. *ret: NULL when there is none. */
static int find_token(const struct options *o, char **ret, struct sa_error *err)
{
	const char *named = getenv("SANDBOX_AGENT_TOKEN");
	/* No child needs it. */
	cleanup_free char *from_environment = named ? move_secret(named) : NULL;
	unsetenv("SANDBOX_AGENT_TOKEN");
	if (o->token) {
		*ret = move_secret(o->token);
	} else if (o->token_file) {
		*ret = read_token(o->token_file, err);
		if (!*ret)
			return -1;
	} else if (!o->is_no_token && from_environment && *from_environment) {
		*ret = TAKE_PTR(from_environment);
	}
	if (*ret && (!**ret || strpbrk(*ret, " \t\r\n")))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "the token is empty or has white space in it");
	return 0;
}

static int check(const struct front_options *f, int argc, char **argv, struct sa_error *err)
{
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no operand is wanted, not '%s'",
				 argv[0]);
	if (f->port > UINT16_MAX)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--port is at most 65535");
	if (f->connections < 1 || f->connections > 65536)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--max-connections is 1 to 65536");
	if (f->waiting < 1 || f->commands < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--max-waiting and --max-commands are at least 1");
	if (f->header_bytes < 1024 || f->header_bytes > (1 << 20))
		return error_set(err, PROBLEM_INVALID_REQUEST, "--header-limit is 1K to 1M");
	if (f->message_bytes > BUF_MAX_OWN / 4 || f->body_bytes > BUF_MAX_OWN / 4)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--body-limit and --message-limit are at most 256M");
	for (size_t i = 0; i < f->cors_origins.count; i++)
		if (f->is_cors_credentials && strcmp(f->cors_origins.items[i], "*") == 0)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "--cors-allow-credentials wants the origins by name, "
					 "not '*'");
	return 0;
}

/* Supervisors find it in the environment. A broken one is told now, not with each session. */
static int set_policy(const char *name, struct sa_error *err)
{
	struct policy *policy = name ? policy_open(name, err) : NULL;
	if (!name)
		return 0;
	if (!policy)
		return -1;
	cleanup_free char *path = policy_is_named(name) ? NULL : realpath(name, NULL);
	policy_free(policy);
	setenv("SANDBOX_AGENT_POLICY", path ? path : name, 1);
	return 0;
}

/* Supervisors find it in the environment too, and start in other folders. */
static int set_on_ask(const char *command, struct sa_error *err)
{
	char **words = command ? words_of_command(command, err) : NULL;
	if (!words)
		return command ? error_prefix(err, "--on-ask") : 0;
	cleanup_free char *text = words_join(words);
	words_free(words);
	setenv("SANDBOX_AGENT_ON_ASK", text, 1);
	return 0;
}

/* The commands that touch files read it from the environment. */
static int set_fs_root(const char *directory, struct sa_error *err)
{
	struct stat st;
	cleanup_free char *path = realpath(directory, NULL);
	if (!path || stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return error_set(err, PROBLEM_INVALID_REQUEST, "--fs-root wants a folder, not '%s'",
				 directory);
	/* Clients name paths as the folder was named here. */
	setenv("SANDBOX_AGENT_FS_ROOT", directory[0] == '/' ? directory : path, 1);
	return 0;
}

/* Are descriptors 0 and 1 the same socket? */
static bool is_one_socket(void)
{
	struct stat in, out;
	return fstat(STDIN_FILENO, &in) == 0 && fstat(STDOUT_FILENO, &out) == 0 &&
	       S_ISSOCK(in.st_mode) && in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

static int run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	struct front_options f = o->front;
	cleanup_free char *token = NULL;
	if (check(&f, argc, argv, err) < 0 || find_token(o, &token, err) < 0 ||
	    set_policy(o->policy, err) < 0 || set_on_ask(o->on_ask, err) < 0)
		return -1;
	if (o->fs_root && set_fs_root(o->fs_root, err) < 0)
		return -1;
	f.token = token;
	f.is_open = o->is_no_token;
	bool is_named = f.host || f.unix_path || f.port != DEFAULT_PORT;
	f.is_inetd = f.is_inetd || (!is_named && listen_is_inetd());
	f.is_one_fd = is_one_socket();
	if (!f.host && f.port != DEFAULT_PORT)
		f.host = "127.0.0.1";
	io_open_standard_fds();
	return front_run(&f, err);
}

static const char *const examples[] = {
    "sa-serve --port 0",
    "sa-serve --host 0.0.0.0 --token-file token --cors-allow-origin https://app.example",
    NULL,
};

/* For the test that compares the table with openapi.json: METHOD, pattern, condition. */
static int dump_routes(void)
{
	for (size_t i = 0; i < route_count; i++)
		printf("%s\t%s\t%s\n", routes[i].method, routes[i].pattern,
		       routes[i].condition ? routes[i].condition : "-");
	return fflush(stdout) ? SA_EXIT_FAILED : SA_EXIT_OK;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--dump-routes") == 0)
		return dump_routes();
	static const struct verb verbs[] = {
	    {
		.operands = "",
		.summary = "serve sessions, files and processes over HTTP",
		.options = option_table,
		.options_bytes = sizeof(struct options),
		.set_defaults = set_defaults,
		.run = run,
		.examples = examples,
	    },
	    {.run = NULL},
	};
	static const struct command command = {
	    .name = "sa-serve",
	    .summary = "serve sessions, files and processes over HTTP",
	    .verbs = verbs,
	};
	return command_main(&command, argc, argv);
}
