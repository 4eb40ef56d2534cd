/*
 * The verb rpc: JSON-RPC messages from stdin to agents, their answers on
 * stdout as they come. With an operand all go to that connection, bare;
 * without one each line says where it goes: {"serverId"|"sessionId": ...,
 * "payload": MESSAGE}, and each answer says so too.
 *
 * Nothing here blocks but poll(): what a supervisor does not take yet waits
 * in the link's queue, and stdin is not read while much of that waits.
 */
#include "acp/envelope.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "connection.h"
#include "links.h"
#include "print.h"
#include "verbs.h"
#include "json/lines.h"
#include "json/problem.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	INPUT_BYTES = 64 * 1024,
	OPEN_MAX = 1024,	/* requests without an answer; then stdin waits */
	QUEUED_BYTES = 4 << 20, /* waiting for supervisors; likewise */
};

/* A message that is under way. */
struct message {
	struct server_link *link;
	int64_t ref;
	char *id;    /* JSON; NULL: no request */
	char *route; /* JSON member of the answer, "\"serverId\":\"x\""; NULL: bare */
	struct message *next;
};

struct rpc {
	struct links links;
	int64_t server_key; /* where all goes; 0: each line says it */
	struct lines input;
	char *chunk;
	bool has_input;
	bool is_json;
	int64_t number; /* of the line */
	struct message *messages;
	size_t open;
	int status;
};

/* --- answers ----------------------------------------------------------------------- */

static void print_payload(const char *route, struct span payload)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (route)
		buf_addf(&b, "{%s,\"payload\":", route);
	buf_add_span(&b, payload);
	buf_adds(&b, route ? "}\n" : "\n");
	fwrite(b.data, 1, b.len, stdout);
}

static int rpc_code(enum problem_kind kind)
{
	return kind == PROBLEM_INVALID_REQUEST ? RPC_INVALID_REQUEST : RPC_INTERNAL_ERROR;
}

/* A message that got nowhere: a request is answered, whatever else is told on stderr. */
static void fail(struct rpc *rpc, const char *route, const char *id, const struct sa_error *err)
{
	if (rpc->status == SA_EXIT_OK)
		rpc->status = problem_info(err->kind)->exit_status;
	if (!id) {
		command_print_error("sa-session rpc", err, rpc->is_json);
		return;
	}
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "jsonrpc", "2.0");
	json_kv_raw(&b, "id", span_of(id));
	json_key(&b, "error");
	json_open(&b, '{');
	json_kv_int(&b, "code", rpc_code(err->kind));
	json_kv_string(&b, "message", err->message);
	json_key(&b, "data");
	json_open(&b, '{');
	json_kv_string(&b, "kind", problem_info(err->kind)->name);
	buf_adds(&b, "}}}");
	print_payload(route, buf_span(&b));
}

static void message_free(struct rpc *rpc, struct message *message)
{
	struct message **at = &rpc->messages;
	while (*at != message)
		at = &(*at)->next;
	*at = message->next;
	message->link->open--;
	rpc->open--;
	free(message->id);
	free(message->route);
	free(message);
}

/* The connection is gone: so are the answers. */
static void lose(struct rpc *rpc, struct server_link *link)
{
	struct sa_error err = SA_ERROR_INIT;
	error_set(&err, PROBLEM_AGENT_PROCESS_EXITED,
		  "the connection to the supervisor of '%s' ended", link->server.id);
	for (struct message *m = rpc->messages, *next; m; m = next) {
		next = m->next;
		if (m->link != link)
			continue;
		fail(rpc, m->route, m->id, &err);
		message_free(rpc, m);
	}
	links_drop(&rpc->links, link);
}

static int keep(const struct event *event, void *arg)
{
	buf_add_span(arg, event->payload);
	return 1;
}

/* A large answer is in the store only. */
static void print_answer(struct rpc *rpc, const struct message *m, struct span payload,
			 int64_t index)
{
	cleanup_buf struct buf large = BUF_INIT(BUF_MAX_OWN);
	struct sa_error err = SA_ERROR_INIT;
	if (payload.p) {
		print_payload(m->route, payload);
	} else if (store_each_event(rpc->links.store, &m->link->server, NULL, index - 1, 1, keep,
				    &large, &err) < 0) {
		fail(rpc, m->route, m->id, &err);
	} else {
		print_payload(m->route, buf_span(&large));
	}
}

static void take_line(struct rpc *rpc, struct server_link *link, struct span line)
{
	static const char *const names[] = {"type", "ref", "eventIndex", "payload"};
	struct span f[4];
	struct sa_error err = SA_ERROR_INIT;
	struct message *m = rpc->messages;
	json_members(line, names, f, 4);
	int64_t ref = json_int_or(f[1], 0);
	while (m && (m->link != link || m->ref != ref))
		m = m->next;
	if (json_read_problem(line, &err) && !ref) {
		/* The store refuses: the supervisor holds on to everything until it does not. */
		command_print_error("sa-session rpc", &err, rpc->is_json);
		return;
	}
	if (!m)
		return;
	if (json_string_is(f[0], "problem"))
		fail(rpc, m->route, m->id, &err);
	else if (json_string_is(f[0], "answer"))
		print_answer(rpc, m, f[3], json_int_or(f[2], 0));
	else if (m->id || !(json_string_is(f[0], "accepted") || json_string_is(f[0], "settled")))
		return;
	message_free(rpc, m);
}

/* What the link has now. The link may be gone after. */
static void read_link(struct rpc *rpc, struct server_link *link)
{
	struct sa_error err = SA_ERROR_INIT;
	struct span line;
	int rc = links_flush(link, &err);
	while (rc == 0 &&
	       (rc = link_next(&link->link, clock_monotonic_ms(), -1, &line, &err)) == 1) {
		take_line(rpc, link, line);
		rc = 0;
	}
	bool is_silent = rc < 0 && err.kind == PROBLEM_TIMEOUT;
	if (!is_silent)
		lose(rpc, link);
}

/* --- messages ------------------------------------------------------------------------ */

/* The server that a line names. 0, or -1. */
static int find_target(struct rpc *rpc, struct span line, int64_t *ret_key, char **ret_route,
		       struct sa_error *err)
{
	struct span session = json_get(line, "sessionId");
	struct span server = json_get(line, "serverId");
	cleanup_free char *id = json_string_dup(session.p ? session : server);
	if (!id)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "says not where it goes: a sessionId or a serverId is wanted");
	*ret_route = xasprintf("\"%s\":%.*s", session.p ? "sessionId" : "serverId",
			       SPAN_ARG(session.p ? session : server));
	if (session.p) {
		cleanup_session struct session found = {.id = NULL};
		if (store_find_session(rpc->links.store, id, &found, err) < 0)
			return -1;
		*ret_key = found.server_key;
		return 0;
	}
	cleanup_server struct server found = {.key = 0};
	if (store_find_server(rpc->links.store, id, &found, err) < 0)
		return -1;
	*ret_key = found.key;
	return 0;
}

static int submit(struct rpc *rpc, int64_t key, const char *route, const struct envelope *e,
		  struct sa_error *err)
{
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	struct server_link *link = links_get(&rpc->links, key, err);
	if (!link)
		return -1;
	struct message *m = xcalloc(1, sizeof(*m));
	*m = (struct message){
	    .link = link,
	    .ref = ++link->link.next_ref,
	    .id = e->kind == ENVELOPE_REQUEST ? xmemdup0(e->id.p, e->id.n) : NULL,
	    .route = xstrdup(route),
	    .next = rpc->messages,
	};
	rpc->messages = m;
	rpc->open++;
	link->open++;
	buf_addf(&op, "{\"op\":\"send\",\"ref\":%lld,\"payload\":", (long long)m->ref);
	buf_add_span(&op, e->text);
	buf_addc(&op, '}');
	struct sa_error lost;
	if (links_send(link, buf_span(&op), &lost) < 0)
		lose(rpc, link);
	return 0;
}

static void take_message(struct rpc *rpc, struct span line)
{
	struct sa_error err = SA_ERROR_INIT;
	struct envelope e;
	size_t bad = 0;
	int64_t key = rpc->server_key;
	cleanup_free char *route = NULL;
	rpc->number++;
	line = span_trim(line);
	if (line.n == 0)
		return;
	if (json_check(line, &bad) < 0) {
		error_set(&err, PROBLEM_INVALID_REQUEST,
			  "standard input, line %lld: not JSON at byte %zu", (long long)rpc->number,
			  bad + 1);
		fail(rpc, NULL, NULL, &err);
		return;
	}
	struct span message = key ? line : json_get(line, "payload");
	envelope_read(message.p ? message : SPAN_LIT("null"), &e);
	cleanup_free char *id = e.kind == ENVELOPE_REQUEST ? xmemdup0(e.id.p, e.id.n) : NULL;
	int rc = key ? 0 : find_target(rpc, line, &key, &route, &err);
	if (rc == 0 && json_type(message) != JSON_OBJECT)
		rc = error_set(&err, PROBLEM_INVALID_REQUEST, "has no payload that is an object");
	if (rc == 0)
		rc = submit(rpc, key, route, &e, &err);
	if (rc == 0)
		return;
	error_prefix(&err, "standard input, line %lld", (long long)rpc->number);
	fail(rpc, route, id, &err);
}

static void read_input(struct rpc *rpc)
{
	struct span line;
	enum lines_result result;
	ssize_t n = read(STDIN_FILENO, rpc->chunk, INPUT_BYTES);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		lines_feed(&rpc->input, (struct span){rpc->chunk, (size_t)n});
	while ((result = n > 0 ? lines_next(&rpc->input, &line) : lines_end(&rpc->input, &line)) !=
	       LINES_MORE) {
		if (result == LINES_LINE) {
			take_message(rpc, line);
			continue;
		}
		struct sa_error err = SA_ERROR_INIT;
		rpc->number++;
		error_set(&err, PROBLEM_TOO_LARGE, "standard input, line %lld is too long",
			  (long long)rpc->number);
		fail(rpc, NULL, NULL, &err);
	}
	rpc->has_input = n > 0;
}

/* --- the loop ------------------------------------------------------------------------- */

static int run(struct rpc *rpc, int64_t deadline, struct sa_error *err)
{
	while (rpc->has_input || rpc->open) {
		bool is_full =
		    rpc->open >= OPEN_MAX || links_queued_bytes(&rpc->links) > QUEUED_BYTES;
		size_t count = rpc->links.count;
		cleanup_free struct pollfd *fds = xcalloc(count + 1, sizeof(*fds));
		fds[count] = (struct pollfd){.fd = rpc->has_input && !is_full ? STDIN_FILENO : -1,
					     .events = POLLIN};
		for (size_t i = 0; i < count; i++) {
			const struct server_link *link = rpc->links.items[i];
			short events = link->out.len ? POLLIN | POLLOUT : POLLIN;
			fds[i] = (struct pollfd){.fd = link->link.fd, .events = events};
		}
		int n = poll(fds, count + 1, deadline_poll_ms(deadline));
		if (n == 0 && deadline_poll_ms(deadline) == 0)
			return error_set(err, PROBLEM_TIMEOUT, "%zu messages had no answer in time",
					 rpc->open);
		/* From behind: a link that is lost is replaced by the last one. */
		for (size_t i = count; i-- > 0;)
			if (fds[i].revents)
				read_link(rpc, rpc->links.items[i]);
		if (fds[count].revents)
			read_input(rpc);
		if (command_flush(err) < 0)
			return -1;
	}
	return rpc->status;
}

/* A session, or the id of a server. 0, or -1. */
static int find_server(struct store *store, const char *reference, int64_t *ret_key,
		       struct sa_error *err)
{
	cleanup_connection struct connection c = CONNECTION_INIT;
	cleanup_server struct server server = {.key = 0};
	struct sa_error other;
	if (strcmp(reference, "-") == 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "standard input has the messages: name the session or server");
	if (connection_find(&c, reference, err) == 0) {
		*ret_key = c.server.key;
		return 0;
	}
	if (err->kind != PROBLEM_SESSION_NOT_FOUND ||
	    store_find_server(store, reference, &server, &other) < 0)
		return -1;
	*ret_key = server.key;
	return 0;
}

int verb_rpc(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_store struct store *store = store_open(err);
	struct rpc rpc = {.links = LINKS_INIT, .has_input = true, .is_json = o->common.is_json};
	rpc.links.store = store;
	if (!store)
		return -1;
	if (argc > 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "rpc wants one session or server");
	if (argc == 1 && (find_server(store, argv[0], &rpc.server_key, err) < 0 ||
			  !links_get(&rpc.links, rpc.server_key, err))) {
		links_free(&rpc.links);
		return -1;
	}
	rpc.chunk = xmalloc(INPUT_BYTES);
	lines_init(&rpc.input, LINES_LIMIT_DEFAULT);
	int rc = run(&rpc, deadline_after(o->create.timeout_ms), err);
	while (rpc.messages)
		message_free(&rpc, rpc.messages);
	links_free(&rpc.links);
	lines_free(&rpc.input);
	free(rpc.chunk);
	return rc;
}
