/* What came of an exchange: the answers of commands, as HTTP. */
#include "answer.h"
#include "asks.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "conn.h"
#include "http/websocket.h"
#include "json/scan.h"
#include "json/write.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

enum member { M_STATUS, M_HEADERS, M_FILE, M_RESULT, M_PROBLEM, M_SENT, M_COUNT };
static const char *const member_names[M_COUNT] = {"status", "headers", "file",
						  "result", "problem", "sent"};

/* The command has written the answer itself (asks_adopt). */
static void take_sent(struct conn *c, const struct span *m, int status)
{
	struct exchange *x = &c->exchange;
	int64_t bytes = json_int_or(m[M_SENT], 0);
	x->status = status;
	x->is_answered = true;
	if (bytes <= 0) {
		conn_close(c);
		return;
	}
	x->sent_bytes += (uint64_t)bytes;
	c->is_last = !x->is_keep_alive;
	conn_answered(c);
}

/* The upload may begin: fd is where its bytes go. */
static void take_handle(struct conn *c, const struct span *m, int fd)
{
	struct exchange *x = &c->exchange;
	struct span handle = json_get(m[M_RESULT], "handle");
	if (!handle.p || fd < 0) {
		answer_kind(c, PROBLEM_STREAM_ERROR, "the command took no upload");
		return;
	}
	json_kv_raw(&x->params, "handle", handle);
	x->has_handle = true;
	x->body_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (x->body_fd < 0)
		answer_kind(c, PROBLEM_STREAM_ERROR, "no descriptor is left for the upload");
	else if (x->body.len && exchange_write_body(c, buf_span(&x->body)) < 0)
		return;
	else if (x->has_body)
		exchange_ask_for_body(c);
	else
		exchange_go(c);
}

void exchange_begin_stream(struct conn *c)
{
	answer_head(c, 200, HTTP_BODY_CLOSE, 0, "text/event-stream",
		    SPAN_LIT("{\"cache-control\":\"no-cache\"}"));
	c->is_last = true;
	if (c->exchange.is_head)
		conn_answered(c);
	else
		c->is_hanging = true;
}

static void begin_socket(struct conn *c)
{
	struct exchange *x = &c->exchange;
	cleanup_buf struct buf accept = BUF_INIT(128);
	cleanup_buf struct buf fields = BUF_INIT(BUF_MAX_OWN);
	if (c->in_fd != c->out_fd) {
		answer_kind(c, PROBLEM_INVALID_REQUEST, "a WebSocket needs a socket, not pipes");
		return;
	}
	http_websocket_accept_add(&accept, span_of(x->socket_key));
	json_open(&fields, '{');
	json_kv_string(&fields, "upgrade", "websocket");
	json_kv_span(&fields, "sec-websocket-accept", buf_span(&accept));
	json_kv_string(&fields, "sec-websocket-protocol", x->socket_protocol);
	json_close(&fields, '}');
	answer_head(c, 101, HTTP_BODY_NONE, 0, NULL, buf_span(&fields));
	c->is_last = true;
	c->is_hanging = true;
}

static void begin_file(struct conn *c, const struct span *m, int status, int fd)
{
	struct exchange *x = &c->exchange;
	int64_t offset = json_int_or(json_get(m[M_FILE], "offset"), 0);
	int64_t length = json_int_or(json_get(m[M_FILE], "length"), -1);
	if (fd < 0 || offset < 0 || length < 0) {
		answer_kind(c, PROBLEM_STREAM_ERROR, "the command sent no file");
		return;
	}
	enum http_body how = answer_head(c, status, HTTP_BODY_LENGTH, (uint64_t)length,
					 "application/octet-stream", m[M_HEADERS]);
	if (how == HTTP_BODY_NONE || length == 0) {
		conn_answered(c);
		return;
	}
	x->file_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	x->file_at = offset;
	x->file_left = length;
	if (x->file_fd < 0)
		conn_close(c);
	else
		c->state = CONN_FILE;
}

static void answer_result(struct conn *c, const struct span *m, int status)
{
	answer_text(c, status, "application/json", m[M_RESULT], m[M_HEADERS]);
}

static void answer_metrics(struct conn *c, const struct span *m)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	bool has_text = json_string_add(&text, json_get(m[M_RESULT], "text")) == 0;
	metrics_answer(c, has_text ? buf_span(&text) : SPAN_NONE);
}

void exchange_on_answer(struct conn *c, struct span line, int fd)
{
	struct exchange *x = &c->exchange;
	const struct route *route = x->route;
	cleanup_close int owned = fd;
	struct span m[M_COUNT];
	json_members(span_trim(line), member_names, m, M_COUNT);
	int status = (int)json_int_or(m[M_STATUS], m[M_RESULT].p ? 200 : 204);
	if (status < 200 || status > 599)
		status = 500;
	if (x->is_adopted && m[M_SENT].p)
		take_sent(c, m, status);
	else if (route->answer == ANSWER_METRICS)
		answer_metrics(c, m);
	else if (m[M_PROBLEM].p)
		answer_document(c, m[M_PROBLEM], m[M_HEADERS]);
	else if (route->body == BODY_UPLOAD && !x->is_small && !x->has_handle)
		take_handle(c, m, owned);
	else if (route->answer == ANSWER_STREAM && status < 300)
		exchange_begin_stream(c);
	else if (route->answer == ANSWER_SOCKET && status < 300)
		begin_socket(c);
	else if (m[M_FILE].p)
		begin_file(c, m, status, owned);
	else
		answer_result(c, m, status);
}

void exchange_on_lost(struct conn *c, const struct sa_error *err)
{
	/* What it has written to the client by itself cannot be known. */
	if (c->exchange.is_adopted)
		conn_close(c);
	else if (c->exchange.route && c->exchange.route->answer == ANSWER_METRICS)
		metrics_answer(c, SPAN_NONE);
	else
		answer_error(c, err);
}

/* The last line that is a problem document, or NONE. */
static struct span find_problem(struct span text)
{
	for (text = span_trim(text); text.n;) {
		const char *start = text.p + text.n;
		while (start > text.p && start[-1] != '\n')
			start--;
		struct span line = {start, (size_t)(text.p + text.n - start)};
		if (json_check(line, NULL) == 0 && json_get(line, "status").p)
			return span_trim(line);
		text = span_trim((struct span){text.p, (size_t)(start - text.p)});
	}
	return SPAN_NONE;
}

void exchange_on_output(struct conn *c, int wait_status, struct span out, struct span errors)
{
	out = span_trim(out);
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0 &&
	    (out.n == 0 || json_check(out, NULL) == 0)) {
		answer_text(c, out.n ? 200 : 204, "application/json", out.n ? out : SPAN_NONE,
			    SPAN_NONE);
		return;
	}
	struct span problem = find_problem(errors);
	if (problem.p)
		answer_document(c, problem, SPAN_NONE);
	else
		answer_kind(c, PROBLEM_STREAM_ERROR,
			    "the command failed without saying why in a way to pass on");
}
