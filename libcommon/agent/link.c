#include "agent/link.h"

#include "acp/envelope.h"
#include "agent/advice.h"
#include "agent/catalog.h"
#include "agent/rundir.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "os/io.h"
#include "os/sock.h"
#include "json/problem.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK_BYTES = 128 * 1024 };

int link_open(struct link *link, const struct server *server, struct sa_error *err)
{
	*link = LINK_INIT;
	if (!server->socket_dir)
		return error_set(err, PROBLEM_STREAM_ERROR, "server '%s' has no supervisor",
				 server->id);
	int fd = sock_connect(server->socket_dir, RUNDIR_SOCKET, err);
	if (fd < 0)
		return error_prefix(err, "reach the supervisor of server '%s'", server->id);
	link->fd = fd;
	link->chunk = xmalloc(CHUNK_BYTES);
	/* An event record is longer than the message in it. */
	lines_init(&link->lines, BUF_MAX_OWN);
	return 0;
}

void link_close(struct link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	if (link->chunk)
		lines_free(&link->lines);
	free(link->chunk);
	*link = LINK_INIT;
}

int link_send(struct link *link, struct span op, struct sa_error *err)
{
	/* One write for the line and its newline, and no SIGPIPE for a supervisor that is gone. */
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	buf_add_span(&line, op);
	/* Between the tokens of somebody's JSON a newline is white space. */
	for (char *p; line.len && (p = memchr(line.data, '\n', line.len));)
		*p = ' ';
	buf_addc(&line, '\n');
	for (size_t done = 0; done < line.len;) {
		ssize_t n = send(link->fd, line.data + done, line.len - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return error_set_errno(err, PROBLEM_STREAM_ERROR, errno,
					       "talk to the supervisor");
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Wait for bytes. 1: there are some, 2: wake_fd, -1: time-out or error. */
static int wait_readable(struct link *link, int64_t deadline, int wake_fd, struct sa_error *err)
{
	for (;;) {
		struct pollfd fds[2] = {{.fd = link->fd, .events = POLLIN},
					{.fd = wake_fd, .events = POLLIN}};
		int n = poll(fds, 2, deadline_poll_ms(deadline));
		if (n < 0 && errno != EINTR)
			return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "wait");
		if (n == 0 && deadline_poll_ms(deadline) == 0)
			return error_set(err, PROBLEM_TIMEOUT, "no answer in time");
		if (n > 0 && fds[1].revents)
			return 2;
		if (n > 0 && fds[0].revents)
			return 1;
	}
}

int link_next(struct link *link, int64_t deadline, int wake_fd, struct span *ret_line,
	      struct sa_error *err)
{
	for (;;) {
		if (link->has_rest && lines_next(&link->lines, ret_line) == LINES_LINE)
			return 1;
		link->has_rest = false;
		if (link->is_at_end)
			return 0;
		/* A wake_fd is looked at each time; without one, only when there is nothing. */
		int rc = wake_fd >= 0 ? wait_readable(link, deadline, wake_fd, err) : 1;
		if (rc != 1)
			return rc;
		ssize_t n = recv(link->fd, link->chunk, CHUNK_BYTES, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN) {
			rc = wait_readable(link, deadline, wake_fd, err);
			if (rc != 1)
				return rc;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			link->is_at_end = true;
			continue;
		}
		lines_feed(&link->lines, (struct span){link->chunk, (size_t)n});
		link->has_rest = true;
	}
}

void link_answer_clear(struct link_answer *answer)
{
	buf_free(&answer->payload);
	free(answer->session_id);
	free(answer->prompt_id);
	answer->session_id = answer->prompt_id = NULL;
}

static int keep_payload(const struct event *event, void *arg)
{
	struct link_answer *answer = arg;
	buf_add_span(&answer->payload, event->payload);
	return 1;
}

static int take_answer(struct span *f, struct store *store, const struct server *server,
		       struct link_answer *ret, struct sa_error *err)
{
	buf_init(&ret->payload, BUF_MAX_OWN);
	ret->event_index = json_int_or(f[2], 0);
	ret->is_queued = json_string_is(f[0], "queued");
	ret->turns = json_int_or(f[5], 0);
	ret->session_id = json_string_dup(f[3]);
	ret->prompt_id = json_string_dup(f[6]);
	if (f[4].p) {
		buf_add_span(&ret->payload, f[4]);
		return 0;
	}
	int rc = json_string_is(f[0], "answer")
		     ? store_each_event(store, server, NULL, ret->event_index - 1, 1, keep_payload,
					ret, err)
		     : 0;
	return rc < 0 ? -1 : 0;
}

/* Is type (a JSON string) one of the words between the bars? */
static bool is_one_of(struct span type, const char *wanted)
{
	struct span text = json_string_plain(type);
	for (; text.p; wanted++) {
		size_t n = strcspn(wanted, "|");
		if (span_equal(text, (struct span){wanted, n}))
			return true;
		wanted += n;
		if (!*wanted)
			break;
	}
	return false;
}

/* The connection has ended: as its row says, if the supervisor has left its last words there. */
static int tell_end(struct store *store, const struct server *server, struct sa_error *err)
{
	cleanup_server struct server now = {.key = 0};
	struct sa_error ignored;
	if (store_get_server(store, server->key, &now, &ignored) == 0 &&
	    now.state != SERVER_RUNNING && now.end_reason)
		return error_set(err, PROBLEM_AGENT_PROCESS_EXITED, "%s", now.end_reason);
	return error_set(err, PROBLEM_AGENT_PROCESS_EXITED,
			 "the connection to the supervisor of '%s' ended", server->id);
}

int link_wait(struct link *link, struct store *store, const struct server *server, int64_t ref,
	      const char *wanted, int64_t deadline, int wake_fd, struct link_answer *ret,
	      struct sa_error *err)
{
	static const char *const names[] = {"type",    "ref",	"eventIndex", "sessionId",
					    "payload", "turns", "promptId"};
	struct span line, f[7];
	for (;;) {
		int rc = link_next(link, deadline, wake_fd, &line, err);
		if (rc < 0 || rc == 2)
			return rc;
		if (rc == 0)
			return tell_end(store, server, err);
		json_members(line, names, f, 7);
		int64_t line_ref = json_int_or(f[1], 0);
		/* A problem without ref is about everything: the store refuses. */
		if (json_string_is(f[0], "problem") && (line_ref == ref || line_ref == 0)) {
			json_read_problem(line, err);
			return -1;
		}
		if (line_ref == ref && is_one_of(f[0], wanted))
			return take_answer(f, store, server, ret, err);
	}
}

/* Gemini CLI hands its provider's status on as the code. */
enum { HTTP_UNAUTHORIZED = 401 };

int link_judge(struct span response, const char *method, struct sa_error *err)
{
	struct envelope e;
	envelope_read(response, &e);
	if (e.kind == ENVELOPE_RESPONSE && !e.error.p)
		return 0;
	cleanup_free char *message = json_string_dup(json_get(e.error, "message"));
	cleanup_free char *kind_name = json_string_dup(json_path(e.error, "data.kind"));
	const char *text = message ? message : "answered with an error that has no message";
	int64_t code = json_int_or(json_get(e.error, "code"), 0);
	if (kind_name && problem_kind_of_name(kind_name) == PROBLEM_AGENT_PROCESS_EXITED)
		error_set(err, PROBLEM_AGENT_PROCESS_EXITED, "%s", text);
	else if (code == RPC_AUTH_REQUIRED ||
		 ((code == RPC_INTERNAL_ERROR || code == HTTP_UNAUTHORIZED) &&
		  advice_is_login(e.error)))
		error_set(err, PROBLEM_AUTH_REQUIRED, "%s: the agent wants a login first: %s",
			  method, text);
	else {
		/* Some agents put what matters into data. */
		cleanup_free char *details = json_string_dup(json_path(e.error, "data.details"));
		error_set(err, PROBLEM_AGENT_ERROR,
			  "%s: the agent answered with error %lld: %s%s%s", method, (long long)code,
			  text, details ? ": " : "", details ? details : "");
	}
	advice_add(err, NULL, e.error);
	return -1;
}

/* How this agent is logged in to: its record's words, and what it offered itself. */
static void add_login(struct store *store, const struct server *server, struct sa_error *err)
{
	struct server now = {.key = 0};
	struct sa_error ignored;
	cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
	if (err->kind != PROBLEM_AUTH_REQUIRED)
		return;
	if (catalog_find(server->agent, &record, &ignored) == 0) {
		cleanup_free char *login = json_string_dup(agent_record_get(&record, "login"));
		cleanup_free char *message = xstrdup(err->message);
		if (login)
			error_set(err, err->kind, "%s; %s", message, login);
	}
	/* It answered initialize after the row at hand was read. */
	if (store_get_server(store, server->key, &now, &ignored) == 0 && now.initialize_json)
		advice_add_methods(err, json_get(span_of(now.initialize_json), "authMethods"));
	server_clear(&now);
}

int link_call(struct link *link, struct store *store, const struct server *server,
	      const char *method, struct span params, const char *extra, int64_t deadline,
	      struct link_answer *ret, struct sa_error *err)
{
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	int64_t ref = ++link->next_ref;
	buf_addf(&op, "{\"op\":\"send\",\"ref\":%lld", (long long)ref);
	if (extra)
		buf_addf(&op, ",%s", extra);
	buf_addf(&op, ",\"payload\":{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"%s\"",
		 (long long)ref, method);
	json_kv_raw(&op, "params", params);
	buf_adds(&op, "}}");
	*ret = (struct link_answer){.session_id = NULL};
	if (link_send(link, buf_span(&op), err) < 0)
		return -1;
	int rc = link_wait(link, store, server, ref, "answer", deadline, -1, ret, err);
	if (rc < 0)
		return err->kind == PROBLEM_TIMEOUT ? error_prefix(err, "%s", method) : -1;
	if (link_judge(buf_span(&ret->payload), method, err) == 0)
		return 0;
	link_answer_clear(ret);
	add_login(store, server, err);
	return -1;
}
