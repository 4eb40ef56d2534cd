#include "agent/provision.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/spawn.h"
#include "json/scan.h"
#include "json/write.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SERVERS_BYTES = 8 << 20, SAID_BYTES = 4096, WORDS_MAX = 12 };

/* --- asking sa-config ------------------------------------------------------------- */

/* Run it; what it prints is appended to out, what it says to said. Its wait status, or -1. */
static int run(char *const *argv, struct buf *out, struct buf *said, struct sa_error *err)
{
	int pipes[2][2] = {{-1, -1}, {-1, -1}};
	if (pipe2(pipes[0], O_CLOEXEC) < 0 || pipe2(pipes[1], O_CLOEXEC) < 0)
		return error_set(err, PROBLEM_STREAM_ERROR, "no descriptor left for sa-config");
	cleanup_close int out_fd = pipes[0][0], said_fd = pipes[1][0];
	struct spawn spawn = SPAWN_INIT;
	cleanup_free char *path = dirs_find_sibling(argv[0]);
	spawn.path = path ? path : argv[0];
	spawn.argv = argv;
	spawn.fds[1] = pipes[0][1];
	spawn.fds[2] = pipes[1][1];
	pid_t pid = spawn_start(&spawn, err);
	close(pipes[0][1]);
	close(pipes[1][1]);
	if (pid < 0)
		return -1;
	/* It says little, and that at its end: no more than a pipe holds. */
	int rc = io_read_all(out_fd, out, "sa-config", err);
	struct sa_error ignored;
	io_read_all(said_fd, said, "sa-config", &ignored);
	int status = spawn_wait(pid);
	return rc < 0 ? -1 : status;
}

/* The problem document that it left, as err. Returns -1. */
static int take_problem(struct span said, struct sa_error *err)
{
	cleanup_free char *detail = NULL, *type = NULL;
	if (json_check(said, NULL) == 0) {
		detail = json_string_dup(json_get(said, "detail"));
		type = json_string_dup(json_get(said, "type"));
	}
	const char *kind = type ? strrchr(type, ':') : NULL;
	return error_set(err, kind ? problem_kind_of_name(kind + 1) : PROBLEM_FAILED, "%s",
			 detail ? detail : "sa-config failed");
}

/* Ask sa-config about cwd, if that has a configuration of this kind. 1 with its answer in out, 0
 * without, -1 with what it said. */
static int ask(const char *cwd, const char *kind, char **words, size_t count, struct buf *out,
	       struct sa_error *err)
{
	cleanup_free char *file = xasprintf("%s/.sandbox-agent/config/%s.json", cwd, kind);
	cleanup_free char *directory = xasprintf("--directory=%s", cwd);
	cleanup_free char *second = xstrdup(kind);
	char *argv[WORDS_MAX] = {(char[]){"sa-config"}, second, (char[]){"--json"}, directory};
	if (access(file, F_OK) < 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		argv[4 + i] = words[i];
	cleanup_buf struct buf said = BUF_INIT(SAID_BYTES);
	int status = run(argv, out, &said, err);
	if (status < 0)
		return -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return take_problem(span_trim(buf_span(&said)), err);
	/* What was left out, and why. */
	io_write_all(STDERR_FILENO, buf_span(&said));
	return 1;
}

int provision_servers(const char *cwd, bool can_http, bool can_sse, struct buf *ret,
		      struct sa_error *err)
{
	char no_http[] = "--without=http", no_sse[] = "--without=sse";
	char *words[4] = {(char[]){"servers"}, (char[]){"--names"}};
	size_t count = 2;
	if (!can_http)
		words[count++] = no_http;
	if (!can_sse)
		words[count++] = no_sse;
	cleanup_buf struct buf out = BUF_INIT(SERVERS_BYTES);
	int rc = ask(cwd, "mcp", words, count, &out, err);
	if (rc > 0)
		buf_add_span(ret, span_trim(buf_span(&out)));
	else if (rc == 0)
		buf_adds(ret, "[]");
	return rc < 0 ? -1 : 0;
}

int provision_skills(const char *cwd, const char *agent, bool is_fetching, struct sa_error *err)
{
	cleanup_free char *who = agent ? xasprintf("--agent=%s", agent) : NULL;
	char cached[] = "--cached";
	char *words[3] = {(char[]){"sync"}};
	size_t count = 1;
	if (who)
		words[count++] = who;
	if (!is_fetching)
		words[count++] = cached;
	cleanup_buf struct buf out = BUF_INIT(SERVERS_BYTES);
	return ask(cwd, "skills", words, count, &out, err) < 0 ? -1 : 0;
}

/* The folder's servers for a session/new that has none of its own: the message is rewritten. */
static int add_servers(struct buf *message, struct span params, const char *cwd,
		       struct sa_error *err)
{
	struct span servers = json_get(params, "mcpServers"), item;
	struct json_iter it = json_iter(servers);
	cleanup_buf struct buf ours = BUF_INIT(SERVERS_BYTES), whole = BUF_INIT(BUF_MAX_OWN);
	if (json_type(servers) == JSON_ARRAY && json_next(&it, NULL, &item))
		return 0;
	/* What the agent can use is not known here; all but a few take both. */
	if (provision_servers(cwd, true, true, &ours, err) < 0)
		return -1;
	if (ours.len <= 2)
		return 0;
	const char *at = servers.p ? servers.p : params.p + 1;
	const char *end = message->data + message->len;
	buf_add(&whole, message->data, (size_t)(at - message->data));
	if (!servers.p)
		buf_adds(&whole, "\"mcpServers\":");
	buf_add_span(&whole, buf_span(&ours));
	if (!servers.p &&
	    span_trim((struct span){at, (size_t)(params.p + params.n - at)}).p[0] != '}')
		buf_addc(&whole, ',');
	at += servers.n;
	buf_add(&whole, at, (size_t)(end - at));
	buf_clear(message);
	buf_add_span(message, buf_span(&whole));
	return 1;
}

int provision_mend(struct buf *message, const char *agent, struct sa_error *err)
{
	struct span text = span_trim(buf_span(message)), params = json_get(text, "params");
	if (!json_string_is(json_get(text, "method"), "session/new"))
		return 0;
	cleanup_free char *cwd = json_string_dup(json_get(params, "cwd"));
	if (!cwd || cwd[0] != '/')
		return 0;
	return provision_skills(cwd, agent, false, err) < 0
		   ? -1
		   : add_servers(message, params, cwd, err);
}

/* --- variables --------------------------------------------------------------------- */

static size_t name_length(const char *p, const char *end)
{
	size_t n = 0;
	while (p + n < end && (p[n] == '_' || (p[n] >= 'A' && p[n] <= 'Z') ||
			       (p[n] >= 'a' && p[n] <= 'z') || (n && p[n] >= '0' && p[n] <= '9')))
		n++;
	return n;
}

/* p stands at "${". 0 with *ret_after behind the "}" and what it stands for appended; 1 when it is
 * no variable; -1 when that is not set. */
static int expand_one(const char *p, const char *end, struct buf *ret, const char **ret_after,
		      struct sa_error *err)
{
	size_t n = name_length(p + 2, end);
	const char *after = p + 2 + n;
	const char *close = memchr(p, '}', (size_t)(end - p));
	bool has_default = close && close - after >= 2 && after[0] == ':' && after[1] == '-';
	if (n == 0 || !close || (after != close && !has_default))
		return 1;
	cleanup_free char *name = xmemdup0(p + 2, n);
	const char *value = getenv(name);
	if (value && *value)
		buf_adds(ret, value);
	else if (has_default)
		buf_add(ret, after + 2, (size_t)(close - after - 2));
	else
		return error_set(err, PROBLEM_INVALID_REQUEST, "variable %s is not set", name);
	*ret_after = close + 1;
	return 0;
}

static int expand_text(struct span text, struct buf *ret, struct sa_error *err)
{
	for (const char *p = text.p, *end = p + text.n; p < end;) {
		int rc =
		    *p == '$' && end - p > 2 && p[1] == '{' ? expand_one(p, end, ret, &p, err) : 1;
		if (rc < 0)
			return -1;
		if (rc > 0)
			buf_addc(ret, *p++);
	}
	if (ret->is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE, "a value is over %d bytes",
				 PROVISION_VALUE_BYTES);
	/* It may become a header. */
	if (ret->len && (memchr(ret->data, '\n', ret->len) || memchr(ret->data, '\r', ret->len)))
		return error_set(err, PROBLEM_INVALID_REQUEST, "a value has a line end");
	return 0;
}

/* A string value, expanded when it has something to expand; what else there is as it is. */
static int add_value(struct span value, struct buf *ret, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(PROVISION_VALUE_BYTES);
	cleanup_buf struct buf expanded = BUF_INIT(PROVISION_VALUE_BYTES);
	if (json_type(value) != JSON_STRING || !memchr(value.p, '$', value.n)) {
		buf_add_span(ret, value);
		return 0;
	}
	if (json_string_add(&text, value) < 0 || expand_text(buf_span(&text), &expanded, err) < 0)
		return -1;
	json_add_string(ret, buf_span(&expanded));
	return 0;
}

typedef int member_fn(struct span key, struct span value, struct buf *ret, struct sa_error *err);

/* An object, each value through fn. */
static int add_object(struct span object, member_fn *fn, struct buf *ret, struct sa_error *err)
{
	struct span key, value;
	json_open(ret, '{');
	for (struct json_iter it = json_iter(object); json_next(&it, &key, &value);) {
		if (ret->data[ret->len - 1] != '{')
			buf_addc(ret, ',');
		buf_add_span(ret, key);
		buf_addc(ret, ':');
		if (fn(key, value, ret, err) < 0)
			return -1;
	}
	json_close(ret, '}');
	return 0;
}

/* An array, each object in it through fn. */
static int add_array(struct span array, member_fn *fn, struct buf *ret, struct sa_error *err)
{
	struct span item;
	json_open(ret, '[');
	for (struct json_iter it = json_iter(array); json_next(&it, NULL, &item);) {
		if (json_type(item) != JSON_OBJECT)
			json_add_raw(ret, item);
		else if (add_object(item, fn, ret, err) < 0)
			return -1;
	}
	json_close(ret, ']');
	return 0;
}

static int add_pair_member(struct span key, struct span value, struct buf *ret,
			   struct sa_error *err)
{
	if (json_string_is(key, "value"))
		return add_value(value, ret, err);
	buf_add_span(ret, value);
	return 0;
}

static int add_server_member(struct span key, struct span value, struct buf *ret,
			     struct sa_error *err)
{
	if (json_string_is(key, "url"))
		return add_value(value, ret, err);
	bool is_pairs = json_string_is(key, "env") || json_string_is(key, "headers");
	if (is_pairs && json_type(value) == JSON_ARRAY)
		return add_array(value, add_pair_member, ret, err);
	buf_add_span(ret, value);
	return 0;
}

int provision_expand(struct span servers, struct buf *ret, struct sa_error *err)
{
	struct span server;
	if (json_type(servers) != JSON_ARRAY) {
		buf_add_span(ret, servers);
		return 0;
	}
	json_open(ret, '[');
	for (struct json_iter it = json_iter(servers); json_next(&it, NULL, &server);) {
		if (json_type(server) != JSON_OBJECT) {
			json_add_raw(ret, server);
		} else if (add_object(server, add_server_member, ret, err) < 0) {
			cleanup_free char *name = json_string_dup(json_get(server, "name"));
			return error_prefix(err, "MCP server '%s'", name ? name : "");
		}
	}
	json_close(ret, ']');
	return 0;
}

int provision_add_expanded(struct span request, struct buf *ret, struct sa_error *err)
{
	struct span servers = json_path(request, "params.mcpServers");
	if (!servers.p) {
		buf_add_span(ret, request);
		return 0;
	}
	const char *after = servers.p + servers.n;
	cleanup_buf struct buf expanded = BUF_INIT(BUF_MAX_OWN);
	if (provision_expand(servers, &expanded, err) < 0)
		return -1;
	buf_add(ret, request.p, (size_t)(servers.p - request.p));
	buf_add_span(ret, buf_span(&expanded));
	buf_add(ret, after, (size_t)(request.p + request.n - after));
	return 0;
}
