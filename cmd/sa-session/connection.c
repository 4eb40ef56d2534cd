#include "connection.h"

#include "agent/launch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "json/scan.h"
#include "json/write.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A supervisor that closed its socket is about to end. */
enum { SUPERVISOR_EXIT_MS = 5000 };
/* What the supervisor does itself, stopping an agent that resists included. */
enum { OP_MS = 30000 };

void connection_close(struct connection *c)
{
	link_close(&c->link);
	server_clear(&c->server);
	session_clear(&c->session);
	store_close(c->store);
	c->store = NULL;
}

/* The id in the first line of stdin. NULL with err. */
static char *read_record(struct sa_error *err)
{
	cleanup_free char *line = NULL;
	size_t room = 0;
	ssize_t n = getline(&line, &room, stdin);
	struct span text = {line, n > 0 ? (size_t)n : 0};
	if (n > 0 && json_check(text, NULL) == 0) {
		char *id = json_string_dup(json_get(text, "id"));
		if (id)
			return id;
	}
	error_set(err, PROBLEM_INVALID_REQUEST,
		  "standard input has no session record; pipe 'sa-session new' or 'show' into it");
	return NULL;
}

int connection_find(struct connection *c, const char *reference, struct sa_error *err)
{
	cleanup_free char *id = NULL;
	if (strcmp(reference, "-") == 0) {
		id = read_record(err);
		if (!id)
			return -1;
		reference = id;
	}
	if (!c->store)
		c->store = store_open(err);
	if (!c->store || store_find_session(c->store, reference, &c->session, err) < 0 ||
	    store_get_server(c->store, c->session.server_key, &c->server, err) < 0)
		return -1;
	enum server_state before = c->server.state;
	if (launch_reap(c->store, &c->server, err) < 0)
		return -1;
	if (before == c->server.state)
		return 0;
	cleanup_free char *exact = c->session.id;
	c->session.id = NULL;
	session_clear(&c->session);
	return store_get_session(c->store, exact, &c->session, err);
}

int connection_look_again(struct connection *c, struct sa_error *err)
{
	cleanup_free char *id = TAKE_PTR(c->session.id);
	session_clear(&c->session);
	server_clear(&c->server);
	return connection_find(c, id, err);
}

void connection_await_end(const struct connection *c)
{
	struct pollfd end = {.events = POLLIN};
	end.fd = (int)syscall(SYS_pidfd_open, c->server.supervisor.pid, 0);
	if (end.fd < 0)
		return;
	if (procid_is_alive(c->server.supervisor))
		poll(&end, 1, SUPERVISOR_EXIT_MS);
	close(end.fd);
}

static int tell_over(const struct connection *c, struct sa_error *err)
{
	const char *reason = c->session.end_reason;
	/* "is closed: closed" would say it twice. */
	bool has_reason = reason && strcmp(reason, session_state_name(c->session.state)) != 0;
	return error_set(err, PROBLEM_CONFLICT,
			 "session '%s' is %s%s%s; 'sa-session resume %s' brings it back",
			 c->session.id, session_state_name(c->session.state),
			 has_reason ? ": " : "", has_reason ? reason : "", c->session.id);
}

int connection_link(struct connection *c, struct sa_error *err)
{
	if (session_state_is_over(c->session.state))
		return tell_over(c, err);
	if (link_open(&c->link, &c->server, err) == 0)
		return 0;
	if (c->server.is_elsewhere)
		return -1;
	/* It was there when we looked: has it died since? */
	struct sa_error why = SA_ERROR_INIT;
	connection_await_end(c);
	if (connection_look_again(c, &why) == 0 && session_state_is_over(c->session.state))
		return tell_over(c, err);
	return -1;
}

/* Send an op that ends with its ref's line of type wanted. 0, or -1. */
static int send_and_wait(struct connection *c, struct span op, int64_t ref, const char *wanted,
			 struct sa_error *err)
{
	struct link_answer answer = {.session_id = NULL};
	if (link_send(&c->link, op, err) < 0)
		return -1;
	int rc = link_wait(&c->link, c->store, &c->server, ref, wanted, deadline_after(OP_MS), -1,
			   &answer, err);
	link_answer_clear(&answer);
	if (rc < 0 && err->kind == PROBLEM_TIMEOUT)
		error_set(err, PROBLEM_STREAM_ERROR,
			  "the supervisor of server '%s' (pid %d) has not answered for %d s",
			  c->server.id, (int)c->server.supervisor.pid, OP_MS / 1000);
	return rc;
}

int connection_tie(struct connection *c, bool is_tied, struct sa_error *err)
{
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	int64_t ref = ++c->link.next_ref;
	json_open(&op, '{');
	json_kv_string(&op, "op", "tie");
	json_kv_int(&op, "ref", ref);
	json_kv_bool(&op, "tied", is_tied);
	json_close(&op, '}');
	return send_and_wait(c, buf_span(&op), ref, "settled", err);
}

int connection_unqueue(struct connection *c, struct sa_error *err)
{
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	int64_t ref = ++c->link.next_ref;
	json_open(&op, '{');
	json_kv_string(&op, "op", "unqueue");
	json_kv_int(&op, "ref", ref);
	json_kv_string(&op, "sessionId", c->session.id);
	json_close(&op, '}');
	return send_and_wait(c, buf_span(&op), ref, "settled", err);
}

int connection_cancel(struct connection *c, struct sa_error *err)
{
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	int64_t ref = ++c->link.next_ref;
	buf_addf(&op, "{\"op\":\"send\",\"ref\":%lld,\"payload\":", (long long)ref);
	buf_adds(&op, "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":{");
	json_kv_string(&op, "sessionId", c->session.agent_session_id);
	buf_adds(&op, "}}}");
	return send_and_wait(c, buf_span(&op), ref, "accepted", err);
}

int connection_stop_server(struct connection *c, const char *outcome, const char *reason,
			   struct sa_error *err)
{
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	int64_t ref = ++c->link.next_ref;
	json_open(&op, '{');
	json_kv_string(&op, "op", "stop");
	json_kv_int(&op, "ref", ref);
	json_kv_string(&op, "outcome", outcome);
	json_kv_string(&op, "reason", reason);
	json_close(&op, '}');
	return send_and_wait(c, buf_span(&op), ref, "stopped", err);
}

struct other_search {
	const char *id;
	bool has_other;
};

static int note_other(const struct session *session, void *arg)
{
	struct other_search *search = arg;
	search->has_other |=
	    !session_state_is_over(session->state) && strcmp(session->id, search->id) != 0;
	return 0;
}

int connection_close_session(struct connection *c, struct sa_error *err)
{
	struct other_search search = {c->session.id, false};
	if (store_each_session(c->store, c->server.key, note_other, &search, err) < 0)
		return -1;
	if (!search.has_other)
		return connection_stop_server(c, "closed", "closed", err);
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	struct link_answer answer = {.session_id = NULL};
	json_open(&params, '{');
	json_kv_string(&params, "sessionId", c->session.agent_session_id);
	json_close(&params, '}');
	int rc = link_call(&c->link, c->store, &c->server, "session/close", buf_span(&params), NULL,
			   DEADLINE_NEVER, &answer, err);
	link_answer_clear(&answer);
	return rc;
}
