#include "server.h"

#include "acp/rpc.h"
#include "adapter/argv.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "codex.h"
#include "login.h"
#include "notes.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

void server_init(struct server *server)
{
	*server = (struct server){.next_id = 1, .held = BUF_INIT(BUF_MAX_OWN)};
	child_init(&server->child);
}

static void call_free(struct call *call)
{
	free(call->request);
	free(call);
}

void server_free(struct server *server)
{
	child_free(&server->child);
	for (struct call *call = server->calls, *next; call; call = next) {
		next = call->next;
		call_free(call);
	}
	server->calls = NULL;
	buf_free(&server->held);
}

/* --- requests ------------------------------------------------------------------------- */

static struct buf *out(struct codex *codex)
{
	struct server *server = &codex->server;
	return server->is_ready ? wire_queue(&server->child.wire) : &server->held;
}

struct buf *server_call_open(struct codex *codex, const char *method)
{
	rpc_request_open(out(codex), codex->server.next_id, method);
	return out(codex);
}

void server_call_close(struct codex *codex, call_fn *fn, struct session *session,
		       struct span request)
{
	rpc_close(out(codex));
	struct call *call = xcalloc(1, sizeof(*call));
	*call = (struct call){
	    .next = codex->server.calls,
	    .id = codex->server.next_id++,
	    .fn = fn,
	    .session = session,
	    .request = request.p ? xmemdup0(request.p, request.n) : NULL,
	};
	codex->server.calls = call;
}

void server_answer(struct codex *codex, struct span id, struct span result)
{
	rpc_result(out(codex), id, result);
}

void server_refuse(struct codex *codex, struct span id, const char *why)
{
	rpc_error(out(codex), id, RPC_METHOD_NOT_FOUND, span_of(why));
}

void server_forget(struct codex *codex, const struct session *session)
{
	for (struct call *call = codex->server.calls; call; call = call->next)
		if (call->session == session)
			call->session = NULL;
}

char *call_error(const struct envelope *envelope)
{
	char *text = envelope ? json_string_dup(json_get(envelope->error, "message"))
			      : xstrdup("Codex has ended");
	return text ? text : xstrdup("Codex gave no reason");
}

static void take_answer(struct codex *codex, const struct envelope *envelope)
{
	int64_t id = json_int_or(envelope->id, -1);
	for (struct call **link = &codex->server.calls; *link; link = &(*link)->next)
		if ((*link)->id == id) {
			struct call *call = *link;
			*link = call->next;
			call->fn(codex, call, envelope);
			call_free(call);
			return;
		}
}

/* --- the process ------------------------------------------------------------------------- */

void server_line(struct codex *codex, struct span line)
{
	struct envelope envelope;
	envelope_read(line, &envelope);
	switch (envelope.kind) {
	case ENVELOPE_RESPONSE:
		take_answer(codex, &envelope);
		break;
	case ENVELOPE_REQUEST:
		notes_request(codex, &envelope);
		break;
	case ENVELOPE_NOTIFICATION:
		notes_notification(codex, &envelope);
		break;
	case ENVELOPE_NOT_JSON:
	case ENVELOPE_OTHER:
		if (envelope.text.n)
			adapter_log(&codex->adapter, "Codex printed no message: %.*s",
				    (int)(envelope.text.n < 200 ? envelope.text.n : 200),
				    envelope.text.p);
		break;
	}
}

static void on_line(void *arg, struct span line)
{
	server_line(arg, line);
}

static void on_long(void *arg, struct span head, uint64_t bytes)
{
	struct codex *codex = arg;
	(void)head;
	adapter_log(&codex->adapter, "a line of %llu bytes of Codex was left out",
		    (unsigned long long)bytes);
}

static void on_exit_of_child(void *arg)
{
	struct codex *codex = arg;
	struct server *server = &codex->server;
	struct call *next, *call = server->calls;
	cleanup_free char *how = child_how_it_ended(&server->child);
	cleanup_free char *why = xasprintf("Codex %s", how);
	server->calls = NULL;
	server->is_ready = false;
	buf_clear(&server->held);
	for (struct session *s = codex->adapter.sessions; s; s = s->base.next)
		session_lost(s, why);
	for (; call; call = next) {
		next = call->next;
		call->fn(codex, call, NULL);
		call_free(call);
	}
}

static void on_models(struct codex *codex, const struct call *call, const struct envelope *envelope)
{
	(void)call;
	struct span models = envelope ? json_get(envelope->result, "data") : SPAN_NONE;
	if (json_type(models) == JSON_ARRAY) {
		buf_clear(&codex->models);
		buf_add_span(&codex->models, models);
	}
	codex->has_models = true;
	for (struct session *s = codex->adapter.sessions; s; s = s->base.next)
		session_check_opened(s);
}

static void on_initialized(struct codex *codex, const struct call *call,
			   const struct envelope *envelope)
{
	struct server *server = &codex->server;
	(void)call;
	if (!envelope)
		return;
	if (envelope->error.p) {
		cleanup_free char *why = call_error(envelope);
		adapter_log(&codex->adapter, "Codex refused initialize: %s", why);
	}
	server->is_ready = true;
	buf_adds(wire_queue(&server->child.wire),
		 "{\"jsonrpc\":\"2.0\",\"method\":\"initialized\"}\n");
	buf_add_span(wire_queue(&server->child.wire), buf_span(&server->held));
	buf_clear(&server->held);
}

static void send_initialize(struct codex *codex)
{
	struct buf *b = server_call_open(codex, "initialize");
	json_open(b, '{');
	json_key(b, "clientInfo");
	json_open(b, '{');
	json_kv_string(b, "name", "sa-acp-codex");
	json_kv_string(b, "title", "sandbox-agent");
	json_kv_string(b, "version", SA_VERSION);
	json_close(b, '}');
	json_kv_raw(b, "capabilities", SPAN_LIT("{\"experimentalApi\":true}"));
	json_close(b, '}');
	server_call_close(codex, on_initialized, NULL, SPAN_NONE);
	/* This one does not wait. */
	buf_add_span(wire_queue(&codex->server.child.wire), buf_span(&codex->server.held));
	buf_clear(&codex->server.held);
}

int server_start(struct codex *codex, struct sa_error *err)
{
	static const struct wire_events events = {on_line, on_long, NULL};
	struct server *server = &codex->server;
	if (child_is_alive(&server->child))
		return 0;
	cleanup_argv struct argv argv = {NULL, 0};
	if (sessions_add_program(&codex->adapter, &argv, err) < 0)
		return -1;
	argv_add(&argv, "app-server");
	login_add_arguments(&argv);
	struct spawn spawn = SPAWN_INIT;
	spawn.path = argv.words[0];
	spawn.argv = argv.words;
	server->is_ready = false;
	if (child_start(&server->child, &codex->adapter.loop, &spawn, codex->adapter.line_bytes,
			&events, on_exit_of_child, codex, err) < 0)
		return -1;
	send_initialize(codex);
	login_begin(codex);
	struct buf *b = server_call_open(codex, "model/list");
	json_add_raw(b, SPAN_LIT("{}"));
	server_call_close(codex, on_models, NULL, SPAN_NONE);
	return 0;
}
