#include "adapter/adapter.h"

#include "acp/rpc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"
#include "os/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* How long the client gets to take what is queued when the adapter ends. */
enum { ADAPTER_SETTLE_MS = 1000 };
/* How much of a foreign line a complaint quotes, bytes. */
enum { ADAPTER_LOG_BYTES = 2048 };

void adapter_log(const struct adapter *adapter, const char *fmt, ...)
{
	cleanup_buf struct buf b = BUF_INIT(ADAPTER_LOG_BYTES);
	va_list ap;
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "%s: %.*s\n", adapter->name, (int)b.len, b.data ? b.data : "");
}

/* --- answers and requests ------------------------------------------------------ */

void adapter_result(struct adapter *adapter, struct span id, struct span result)
{
	rpc_result(adapter_out(adapter), id, result);
}

void adapter_error(struct adapter *adapter, struct span id, int64_t code, const char *fmt, ...)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	va_list ap;
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	rpc_error(adapter_out(adapter), id, code, buf_span(&text));
}

void adapter_refuse(struct adapter *adapter, struct span id, const struct sa_error *err)
{
	int64_t code = err->kind == PROBLEM_SESSION_NOT_FOUND ? RPC_RESOURCE_NOT_FOUND
		       : err->kind == PROBLEM_INVALID_REQUEST ||
			       err->kind == PROBLEM_NOT_FOUND /* the working directory */
			   ? RPC_INVALID_PARAMS
			   : RPC_INTERNAL_ERROR;
	adapter_error(adapter, id, code, "%s", err->message);
}

struct buf *adapter_result_open(struct adapter *adapter, struct span id)
{
	rpc_result_open(adapter_out(adapter), id);
	return adapter_out(adapter);
}

void adapter_result_close(struct adapter *adapter)
{
	rpc_close(adapter_out(adapter));
}

struct buf *adapter_ask_open(struct adapter *adapter, const char *method)
{
	rpc_request_open(adapter_out(adapter), adapter->next_id, method);
	return adapter_out(adapter);
}

int64_t adapter_ask_close(struct adapter *adapter, adapter_answer_fn *fn, void *arg)
{
	rpc_close(adapter_out(adapter));
	struct adapter_ask *ask = xcalloc(1, sizeof(*ask));
	*ask = (struct adapter_ask){adapter->asks, adapter->next_id++, fn, arg};
	adapter->asks = ask;
	return ask->id;
}

static struct adapter_ask *take_ask(struct adapter *adapter, int64_t id)
{
	for (struct adapter_ask **link = &adapter->asks; *link; link = &(*link)->next)
		if ((*link)->id == id) {
			struct adapter_ask *ask = *link;
			*link = ask->next;
			return ask;
		}
	return NULL;
}

void adapter_ask_cancel(struct adapter *adapter, int64_t id)
{
	struct adapter_ask *ask = take_ask(adapter, id);
	if (!ask)
		return;
	free(ask);
	struct buf *b = adapter_out(adapter);
	rpc_notify_open(b, "$/cancel_request");
	json_open(b, '{');
	json_kv_int(b, "requestId", id);
	json_close(b, '}');
	rpc_close(b);
}

static void take_answer(struct adapter *adapter, const struct envelope *envelope)
{
	struct adapter_ask *ask = take_ask(adapter, json_int_or(envelope->id, -1));
	if (!ask)
		return; /* cancelled meanwhile, or never asked */
	ask->fn(ask->arg, envelope);
	free(ask);
}

/* --- updates -------------------------------------------------------------------- */

struct buf *adapter_update_open(struct adapter *adapter, const char *session_id, const char *kind)
{
	struct buf *b = adapter_out(adapter);
	rpc_notify_open(b, "session/update");
	json_open(b, '{');
	json_kv_string(b, "sessionId", session_id);
	json_key(b, "update");
	json_open(b, '{');
	json_kv_string(b, "sessionUpdate", kind);
	return b;
}

void adapter_update_close(struct adapter *adapter)
{
	struct buf *b = adapter_out(adapter);
	json_close(b, '}');
	json_close(b, '}');
	rpc_close(b);
}

void adapter_update_text(struct adapter *adapter, const char *session_id, const char *kind,
			 struct span text, const char *message_id)
{
	struct buf *b = adapter_update_open(adapter, session_id, kind);
	json_key(b, "content");
	json_open(b, '{');
	json_kv_string(b, "type", "text");
	json_kv_span(b, "text", text);
	json_close(b, '}');
	json_kv_string(b, "messageId", message_id);
	adapter_update_close(adapter);
}

void adapter_update_block(struct adapter *adapter, const char *session_id, const char *kind,
			  struct span block)
{
	struct buf *b = adapter_update_open(adapter, session_id, kind);
	json_kv_raw(b, "content", block);
	adapter_update_close(adapter);
}

/* --- what comes ------------------------------------------------------------------- */

static void note_client(struct adapter *adapter, const struct envelope *envelope)
{
	struct span can = json_get(envelope->params, "clientCapabilities");
	adapter->client_can = (struct adapter_client){
	    .has_forms = json_type(json_path(can, "elicitation.form")) == JSON_OBJECT,
	    .can_read_files = json_bool_or(json_path(can, "fs.readTextFile"), false),
	};
}

static void call(struct adapter *adapter, const struct envelope *envelope)
{
	if (envelope_is(envelope, "initialize"))
		note_client(adapter, envelope);
	for (const struct adapter_method *m = adapter->methods; m->name; m++)
		if (envelope_is(envelope, m->name)) {
			m->fn(adapter, envelope);
			return;
		}
	adapter_error(adapter, envelope->id, RPC_METHOD_NOT_FOUND, "Method not found: %.*s",
		      (int)(envelope->method.n < 100 ? envelope->method.n : 100),
		      envelope->method.p);
}

void adapter_line(struct adapter *adapter, struct span line)
{
	struct envelope envelope;
	envelope_read(line, &envelope);
	switch (envelope.kind) {
	case ENVELOPE_REQUEST:
	case ENVELOPE_NOTIFICATION:
		call(adapter, &envelope);
		break;
	case ENVELOPE_RESPONSE:
		take_answer(adapter, &envelope);
		break;
	case ENVELOPE_NOT_JSON:
		if (span_trim(line).n)
			adapter_error(adapter, SPAN_LIT("null"), RPC_PARSE_ERROR,
				      "not JSON at byte %zu", envelope.bad_offset);
		break;
	case ENVELOPE_OTHER:
		adapter_error(adapter, SPAN_LIT("null"), RPC_INVALID_REQUEST,
			      "neither a request nor an answer");
		break;
	}
}

static void on_line(void *arg, struct span line)
{
	adapter_line(arg, line);
}

static void on_long(void *arg, struct span head, uint64_t bytes)
{
	struct adapter *adapter = arg;
	(void)head;
	adapter_error(adapter, SPAN_LIT("null"), RPC_INVALID_REQUEST,
		      "a line of %llu bytes is above the limit of %zu", (unsigned long long)bytes,
		      adapter->line_bytes);
}

static void begin_end(struct adapter *adapter)
{
	if (adapter->is_ending)
		return;
	adapter->is_ending = true;
	adapter->hooks->end(adapter);
}

static void on_end(void *arg)
{
	begin_end(arg);
}

static void on_signal(void *arg, uint32_t events)
{
	struct adapter *adapter = arg;
	(void)events;
	while (signals_take(adapter->signals.fd))
		begin_end(adapter);
}

/* --- the loop ------------------------------------------------------------------------ */

static int watch_signals(struct adapter *adapter)
{
	/* A lost reader is an errno. */
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	int fd = signals_open((const int[]){SIGTERM, SIGINT, SIGHUP, 0});
	return fd < 0
		   ? -1
		   : loop_watch(&adapter->loop, &adapter->signals, fd, EPOLLIN, on_signal, adapter);
}

int adapter_init(struct adapter *adapter, const char *name, size_t line_bytes,
		 const struct adapter_method *methods, const struct adapter_hooks *hooks, void *arg,
		 struct sa_error *err)
{
	static const struct wire_events events = {on_line, on_long, on_end};
	*adapter = (struct adapter){
	    .name = name,
	    .loop = {.fd = -1},
	    .signals = WATCH_INIT,
	    .methods = methods,
	    .hooks = hooks,
	    .arg = arg,
	    .next_id = 1,
	    .line_bytes = line_bytes,
	};
	for (int fd = 0; fd < 2; fd++)
		adapter->old_flags[fd] = fcntl(fd, F_GETFL);
	if (loop_init(&adapter->loop) < 0 || watch_signals(adapter) < 0 ||
	    wire_init(&adapter->client, &adapter->loop, fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3),
		      fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), line_bytes, &events, adapter) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch standard input");
	return 0;
}

/* The client takes too little: let the native agents wait, or go on. */
static void balance(struct adapter *adapter)
{
	bool is_busy = wire_is_busy(&adapter->client);
	if (is_busy == adapter->is_paused)
		return;
	adapter->is_paused = is_busy;
	adapter->hooks->pause(adapter, is_busy);
}

/* Give the client what is left, for a while. */
static void settle(struct adapter *adapter)
{
	int64_t deadline = deadline_after(ADAPTER_SETTLE_MS);
	for (;;) {
		wire_flush(&adapter->client);
		if (wire_unsent(&adapter->client) == 0 || deadline_poll_ms(deadline) == 0)
			return;
		struct pollfd fd = {STDOUT_FILENO, POLLOUT, 0};
		if (poll(&fd, 1, deadline_poll_ms(deadline)) < 0 && errno != EINTR)
			return;
	}
}

int adapter_run(struct adapter *adapter, struct sa_error *err)
{
	for (;;) {
		int64_t deadline = adapter->hooks->tick(adapter);
		wire_flush(&adapter->client);
		if (adapter->client.is_broken)
			begin_end(adapter);
		balance(adapter);
		if (adapter->is_ending && adapter->hooks->is_ended(adapter))
			break;
		int wait_ms = adapter->client.is_in_file ? 0 : deadline_poll_ms(deadline);
		if (loop_once(&adapter->loop, wait_ms) < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "wait for events");
		if (adapter->client.is_in_file)
			wire_read(&adapter->client);
	}
	settle(adapter);
	return 0;
}

void adapter_free(struct adapter *adapter)
{
	for (struct adapter_ask *ask = adapter->asks, *next; ask; ask = next) {
		next = ask->next;
		free(ask);
	}
	adapter->asks = NULL;
	for (int fd = 0; fd < 2; fd++)
		if (adapter->old_flags[fd] >= 0)
			fcntl(fd, F_SETFL, adapter->old_flags[fd]);
	loop_close(&adapter->loop, &adapter->signals);
	wire_free(&adapter->client);
	loop_free(&adapter->loop);
}
