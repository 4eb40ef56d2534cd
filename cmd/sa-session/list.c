/* The verbs list, show, servers, pending: what the store has. */
#include "agent/launch.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "connection.h"
#include "print.h"
#include "store/alive.h"
#include "verbs.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>

enum { CELL_BYTES = 60 };

/* --- list ---------------------------------------------------------------------- */

int list_check_state(const char *name, struct sa_error *err)
{
	for (int state = SESSION_STARTING; state <= SESSION_INTERRUPTED; state++)
		if (!name || strcmp(session_state_name((enum session_state)state), name) == 0)
			return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "no state '%s'; there are starting, idle, running, waiting, closed, "
			 "interrupted",
			 name);
}

static void print_line(const struct session *s)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	print_add_plain(&b, span_of(s->id), CELL_BYTES * 2);
	buf_addf(&b, "%*s  %-11s  ", b.len < 16 ? (int)(16 - b.len) : 0, "",
		 session_state_name(s->state));
	size_t start = b.len;
	print_add_plain(&b, span_of(s->agent), CELL_BYTES);
	buf_addf(&b, "%*s  ", b.len - start < 10 ? (int)(10 - (b.len - start)) : 0, "");
	print_add_plain(&b, span_of(s->cwd ? s->cwd : ""), CELL_BYTES * 2);
	if (s->title) {
		buf_adds(&b, "  ");
		print_add_plain(&b, span_of(s->title), CELL_BYTES);
	}
	buf_addc(&b, '\n');
	print_buf(&b);
}

static int list_one(const struct session *session, void *arg)
{
	const struct options *o = arg;
	if ((o->state && strcmp(session_state_name(session->state), o->state) != 0) ||
	    (o->agent && strcmp(session->agent, o->agent) != 0))
		return 0;
	if (command_wants_text(&o->common))
		print_line(session);
	else
		print_session(session, -1, 0);
	return 0;
}

int verb_list(const void *arg, int argc, char **argv, struct sa_error *err)
{
	struct options o = *(const struct options *)arg;
	if (argc)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "list takes no operand, not '%s'; 'show' prints one session",
				 argv[0]);
	if (list_check_state(o.state, err) < 0)
		return -1;
	cleanup_store struct store *store = store_open(err);
	if (!store || launch_reap_all(store, err) < 0)
		return -1;
	return store_each_session(store, 0, list_one, &o, err);
}

/* --- show ---------------------------------------------------------------------- */

static int count_ask(const struct ask *ask, const struct server *server, struct span payload,
		     void *arg)
{
	(void)ask;
	(void)server;
	(void)payload;
	++*(int64_t *)arg;
	return 0;
}

static void show_json(const struct connection *c, int64_t pending, int64_t lag)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	session_open_json(&b, &c->session);
	if (server_is_alive(&c->server)) {
		json_kv_int(&b, "supervisorPid", c->server.supervisor.pid);
		json_kv_int(&b, "agentPid", c->server.agent_process.pid);
	}
	json_kv_int(&b, "eventIndex", c->server.last_index);
	json_kv_int(&b, "pending", pending);
	json_kv_int(&b, "lagEvents", lag);
	buf_adds(&b, "}\n");
	print_buf(&b);
}

static void show_words(const struct connection *c, int64_t pending, int64_t lag)
{
	const struct session *s = &c->session;
	print_field("session", s->id);
	print_field("state", session_state_name(s->state));
	print_field("reason", s->end_reason);
	print_field("title", s->title);
	print_field("agent", s->agent);
	print_field("model", s->model);
	print_field("mode", s->mode);
	print_field("folder", s->cwd);
	print_field("agent's id", s->agent_session_id);
	print_field("server", s->server_id);
	print_field("resumed by", s->resumed_by);
	if (s->parent_id) {
		cleanup_buf struct buf parent = BUF_INIT(BUF_MAX_OWN);
		buf_addf(&parent, "%s, event %lld", s->parent_id, (long long)s->parent_index);
		print_field("forked from", parent.data);
	}
	if (server_is_alive(&c->server)) {
		print_number("supervisor pid", c->server.supervisor.pid);
		print_number("agent pid", c->server.agent_process.pid);
	}
	print_number("last event", c->server.last_index);
	if (pending)
		print_number("waits for you", pending);
	if (lag)
		print_number("wait for store", lag);
}

/* The database is away: what this machine keeps for it meanwhile belongs to the message. */
static int tell_lag(struct store *store, struct sa_error *err)
{
	struct sa_error ignored = SA_ERROR_INIT;
	int64_t lag = 0;
	if (!store || !store_is_away(store) || store_lag(store, NULL, &lag, &ignored) < 0 || !lag)
		return -1;
	cleanup_free char *why = xstrdup(err->message);
	return error_set(err, err->kind, "%s; %lld events wait on this machine for it", why,
			 (long long)lag);
}

int verb_show(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	int64_t pending = 0, lag = 0;
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (argc != 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "show wants one session");
	if (connection_find(&c, argv[0], err) < 0 ||
	    store_each_ask(c.store, c.session.id, false, count_ask, &pending, err) < 0 ||
	    store_lag(c.store, &c.server, &lag, err) < 0)
		return tell_lag(c.store, err);
	if (command_wants_text(&o->common))
		show_words(&c, pending, lag);
	else
		show_json(&c, pending, lag);
	return SA_EXIT_OK;
}

/* --- servers ------------------------------------------------------------------- */

static int server_one(const struct server *server, void *arg)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	bool is_alive = server_is_alive(server);
	if (!command_wants_text(arg)) {
		server_add_json(&b, server, is_alive);
		print_buf(&b);
		return 0;
	}
	print_add_plain(&b, span_of(server->id), CELL_BYTES);
	buf_addf(&b, "  %-8s  ", server_state_name(server->state));
	print_add_plain(&b, span_of(server->agent), CELL_BYTES);
	if (is_alive)
		buf_addf(&b, "  supervisor %d, agent %d", (int)server->supervisor.pid,
			 (int)server->agent_process.pid);
	buf_addc(&b, '\n');
	print_buf(&b);
	return 0;
}

int verb_servers(const void *arg, int argc, char **argv, struct sa_error *err)
{
	struct options o = *(const struct options *)arg;
	if (argc)
		return error_set(err, PROBLEM_INVALID_REQUEST, "servers takes no operand, not '%s'",
				 argv[0]);
	cleanup_store struct store *store = store_open(err);
	if (!store || launch_reap_all(store, err) < 0)
		return -1;
	return store_each_server(store, o.is_all, server_one, &o.common, err);
}

/* --- pending ------------------------------------------------------------------- */

/* What is asked, in words: a permission's tool call, a question's message. */
static struct span ask_title(struct span params)
{
	struct span title = json_path(params, "toolCall.title");
	return title.p ? title : json_get(params, "message");
}

static void add_choices(struct buf *b, struct span options)
{
	struct json_iter it = json_iter(options);
	struct span option;
	while (json_next(&it, NULL, &option)) {
		cleanup_free char *id = json_string_dup(json_get(option, "optionId"));
		cleanup_free char *name = json_string_dup(json_get(option, "name"));
		buf_adds(b, "    ");
		print_add_plain(b, span_of(id ? id : "?"), CELL_BYTES);
		buf_adds(b, "  ");
		print_add_plain(b, span_of(name ? name : ""), CELL_BYTES);
		buf_addc(b, '\n');
	}
}

static int pending_one(const struct ask *ask, const struct server *server, struct span payload,
		       void *arg)
{
	const struct options *o = arg;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (o->is_settled && ask->state == ASK_OPEN)
		return 0;
	if (!command_wants_text(&o->common)) {
		ask_add_json(&b, ask, server, payload);
		print_buf(&b);
		return 0;
	}
	struct span params = json_get(payload, "params");
	cleanup_free char *title = json_string_dup(ask_title(params));
	event_id_add(&b, server->uid, ask->index);
	buf_adds(&b, "  ");
	print_add_plain(&b, span_of(ask->session_id ? ask->session_id : "-"), CELL_BYTES * 2);
	buf_addf(&b, "  %s  ", ask_state_name(ask->state));
	print_add_plain(&b, span_of(ask->method), CELL_BYTES);
	buf_adds(&b, "  ");
	print_add_plain(&b, span_of(title ? title : ""), CELL_BYTES * 4);
	if (ask->settled_by) {
		buf_adds(&b, "  by ");
		print_add_plain(&b, span_of(ask->settled_by), CELL_BYTES);
	}
	if (ask->reason) {
		buf_adds(&b, ": ");
		print_add_plain(&b, span_of(ask->reason), CELL_BYTES * 4);
	}
	buf_addc(&b, '\n');
	if (ask->state == ASK_OPEN)
		add_choices(&b, json_get(params, "options"));
	print_buf(&b);
	return 0;
}

int verb_pending(const void *arg, int argc, char **argv, struct sa_error *err)
{
	struct options o = *(const struct options *)arg;
	o.is_all |= o.is_settled;
	cleanup_store struct store *store = store_open(err);
	if (!store || launch_reap_all(store, err) < 0)
		return -1;
	if (argc == 0)
		return store_each_ask(store, NULL, o.is_all, pending_one, &o, err);
	for (int i = 0; i < argc; i++) {
		cleanup_connection struct connection c = CONNECTION_INIT;
		if (connection_find(&c, argv[i], err) < 0 ||
		    store_each_ask(c.store, c.session.id, o.is_all, pending_one, &o, err) < 0)
			return -1;
	}
	return SA_EXIT_OK;
}
