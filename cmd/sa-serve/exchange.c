#include "exchange.h"

#include "answer.h"
#include "asks.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "children.h"
#include "conn.h"
#include "guard.h"
#include "http/value.h"
#include "http/websocket.h"
#include "match.h"
#include "ui.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void exchange_init(struct exchange *x)
{
	*x = (struct exchange){
	    .params = BUF_INIT(PARAMS_BYTES),
	    .headers = BUF_INIT(PARAMS_BYTES),
	    .body = BUF_INIT(BUF_MAX_OWN),
	    .body_fd = -1,
	    .file_fd = -1,
	    .minor_version = 1,
	};
}

void exchange_id(const struct conn *c, char *out)
{
	snprintf(out, REQUEST_ID_BYTES, "%s-%llu", c->front->id_prefix,
		 (unsigned long long)c->exchange.number);
}

/* --- the log ---------------------------------------------------------------------- */

static void note_for_log(struct conn *c, const struct http_request *r)
{
	struct exchange *x = &c->exchange;
	struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (!log_is_on(&c->front->log))
		return;
	buf_add_span(&text, r->method);
	buf_addc(&text, ' ');
	log_add_target(&text, r->target.text);
	x->log_text = buf_take(&text);
	if (!c->front->log.has_headers)
		return;
	json_open(&text, '{');
	for (size_t i = 0; i < r->header_count; i++) {
		cleanup_free char *name = xmemdup0(r->headers[i].name.p, r->headers[i].name.n);
		bool is_secret = r->headers[i].field == HTTP_AUTHORIZATION ||
				 r->headers[i].field == HTTP_WEBSOCKET_PROTOCOL;
		json_kv_span(&text, name, is_secret ? span_of("...") : r->headers[i].value);
	}
	json_close(&text, '}');
	x->log_headers = buf_take(&text);
}

static void write_log(struct conn *c)
{
	struct exchange *x = &c->exchange;
	char id[REQUEST_ID_BYTES];
	if (!x->log_text)
		return;
	exchange_id(c, id);
	size_t method = strcspn(x->log_text, " ");
	const struct log_entry entry = {
	    .at_ms = x->at_ms,
	    .id = id,
	    .method = {x->log_text, method},
	    .target = span_of(x->log_text + method + 1),
	    .headers = span_of(x->log_headers),
	    .status = x->status ? x->status : 499,
	    .duration_ms = clock_monotonic_ms() - x->started_ms,
	    .bytes = x->sent_bytes + c->out_bytes.len,
	};
	log_add(&c->front->log, &entry);
}

/* --- the end ------------------------------------------------------------------------ */

void exchange_clear(struct conn *c)
{
	struct exchange *x = &c->exchange;
	if (!x->is_open)
		return;
	write_log(c);
	metrics_count(c);
	/* An upload that did not end in its commit leaves nothing behind. */
	if (x->body_fd >= 0) {
		close(x->body_fd);
		asks_abort(c);
	}
	asks_forget(c);
	children_forget(c);
	if (x->file_fd >= 0)
		close(x->file_fd);
	c->front->buffered -= x->body.len;
	free(x->origin);
	free(x->socket_key);
	free(x->socket_protocol);
	free(x->log_text);
	free(x->log_headers);
	buf_free(&x->params);
	buf_free(&x->headers);
	buf_free(&x->body);
	exchange_init(x);
}

/* --- the beginning --------------------------------------------------------------------- */

static void take_head(struct conn *c, const struct http_request *r)
{
	struct exchange *x = &c->exchange;
	struct front *front = c->front;
	struct span origin = http_request_get(r, HTTP_ORIGIN);
	uint64_t most = front->options->requests;
	x->is_open = true;
	x->number = ++front->next_request;
	x->at_ms = clock_now_ms();
	x->started_ms = clock_monotonic_ms();
	x->minor_version = r->minor_version;
	x->is_head = span_is(r->method, "HEAD");
	x->is_keep_alive = r->is_keep_alive && !(most && c->requests >= most);
	x->expects_continue = r->expects_continue;
	x->has_body = http_request_has_body(r);
	x->is_chunked = r->is_chunked;
	x->left_bytes = r->content_length;
	x->use = USE_DROP;
	x->limit_bytes = SKIP_BYTES;
	if (guard_shares_with(front, origin))
		x->origin = xmemdup0(origin.p, origin.n);
	http_chunked_init(&x->chunked, UINT64_MAX);
	note_for_log(c, r);
}

void exchange_refuse_bytes(struct conn *c, const struct http_refusal *refusal)
{
	struct exchange *x = &c->exchange;
	if (!x->is_open) {
		x->is_open = true;
		x->number = ++c->front->next_request;
		x->started_ms = clock_monotonic_ms();
		x->at_ms = clock_now_ms();
	}
	x->has_body = false;
	c->is_last = true;
	answer_problem(c,
		       &(struct http_problem){.kind = PROBLEM_INVALID_REQUEST,
					      .status = refusal->status,
					      .detail = span_of(refusal->why)},
		       SPAN_NONE);
}

static void answer_no_path(struct conn *c)
{
	answer_problem(c,
		       &(struct http_problem){.kind = PROBLEM_INVALID_REQUEST,
					      .status = 404,
					      .detail = span_of("endpoint not found")},
		       SPAN_NONE);
}

static void answer_no_method(struct conn *c, const struct http_request *r)
{
	cleanup_buf struct buf allow = BUF_INIT(1024);
	cleanup_buf struct buf fields = BUF_INIT(2048);
	match_allow(r, &allow);
	json_open(&fields, '{');
	json_kv_span(&fields, "allow", buf_span(&allow));
	json_close(&fields, '}');
	answer_problem(c,
		       &(struct http_problem){.kind = PROBLEM_INVALID_REQUEST,
					      .status = 405,
					      .detail = span_of("this path takes other methods")},
		       buf_span(&fields));
}

/* Is the body what the route takes, as far as the head tells? False: answered. */
static bool admits_body(struct conn *c, const struct http_request *r)
{
	const struct exchange *x = &c->exchange;
	const struct route *route = x->route;
	struct span type = http_request_get(r, HTTP_CONTENT_TYPE);
	bool wants_json =
	    route->body == BODY_JSON || (route->body == BODY_OPTIONAL && http_request_has_body(r));
	if (wants_json && !http_media_type_is(type, "application/json")) {
		answer_kind_message(c, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
				    "the body's Content-Type must be application/json");
		return false;
	}
	if (route->media && !http_media_type_is(type, route->media)) {
		cleanup_free char *text = xasprintf("Content-Type must be %s", route->media);
		answer_kind(c, PROBLEM_INVALID_REQUEST, text);
		return false;
	}
	if (route->accept && !http_request_accepts(r, route->accept)) {
		cleanup_free char *text = xasprintf(
		    "Accept does not admit %s, which is what this answers", route->accept);
		answer_kind_message(c, PROBLEM_NOT_ACCEPTABLE, text);
		return false;
	}
	if (!x->is_chunked && (uint64_t)x->left_bytes > x->limit_bytes) {
		answer_kind(c, PROBLEM_TOO_LARGE, "the body is over this route's limit");
		return false;
	}
	return true;
}

static void set_body_use(struct conn *c)
{
	struct exchange *x = &c->exchange;
	const struct front_options *o = c->front->options;
	static const enum body_use uses[] = {
	    [BODY_NONE] = USE_DROP,    [BODY_JSON] = USE_KEEP,	[BODY_OPTIONAL] = USE_KEEP,
	    [BODY_UPLOAD] = USE_WRITE, [BODY_STDIN] = USE_PIPE, [BODY_HELD] = USE_PIPE,
	};
	x->use = uses[x->route->body];
	x->is_small = x->use == USE_WRITE && !x->is_chunked && !x->expects_continue &&
		      x->left_bytes <= SMALL_UPLOAD_BYTES;
	if (x->is_small)
		x->use = USE_KEEP;
	x->limit_bytes = x->route->limit == LIMIT_BODY	    ? o->body_bytes
			 : x->route->limit == LIMIT_MESSAGE ? o->message_bytes
							    : UINT64_MAX;
	http_chunked_init(&x->chunked, x->limit_bytes);
}

void exchange_ask_for_body(struct conn *c)
{
	struct exchange *x = &c->exchange;
	c->state = CONN_BODY;
	if (x->expects_continue)
		http_continue_add(&c->out_bytes);
	x->expects_continue = false;
}

static void send_ask(struct conn *c, enum ask_stage stage)
{
	struct sa_error err = SA_ERROR_INIT;
	c->state = CONN_BUSY;
	if (asks_send(c, stage, &err) < 0) {
		answer_error(c, &err);
		return;
	}
	if (c->exchange.route->is_long)
		timer_start(&c->front->timers, &c->timer, TIMER_ADOPT);
}

/* All of the body is there (or there is none). */
void exchange_go(struct conn *c)
{
	struct exchange *x = &c->exchange;
	struct span body = span_trim(buf_span(&x->body));
	struct sa_error err = SA_ERROR_INIT;
	bool is_json = x->route->body == BODY_JSON || (x->route->body == BODY_OPTIONAL && body.n);
	x->has_body = false;
	if (is_json && json_check(body, NULL) < 0) {
		answer_kind(c, PROBLEM_INVALID_REQUEST, "the body is not JSON");
		return;
	}
	if (x->use == USE_PIPE) {
		c->state = CONN_BUSY;
		children_end_input(c);
		return;
	}
	if (x->route->answer == ANSWER_STREAM && !x->route->op) {
		exchange_begin_stream(c);
		return;
	}
	if (x->use == USE_WRITE) {
		/* Once it is told to commit, the command owns what was written. */
		cleanup_close int fd = TAKE_FD(x->body_fd);
		c->state = CONN_BUSY;
		if (asks_send(c, ASK_COMMIT, &err) < 0) {
			x->body_fd = TAKE_FD(fd);
			answer_error(c, &err);
		}
		return;
	}
	/* Many small uploads at once: in two steps, which need no descriptor of ours on the way. */
	if (x->is_small && !asks_take_fd(c)) {
		x->is_small = false;
		x->use = USE_WRITE;
		send_ask(c, ASK_BEGIN);
		return;
	}
	send_ask(c, ASK_WHOLE);
}

static bool is_handshake(struct conn *c, const struct http_request *r)
{
	struct exchange *x = &c->exchange;
	struct http_refusal refusal;
	if (http_websocket_check(r, &refusal) == HTTP_OK) {
		struct span key = http_request_get(r, HTTP_WEBSOCKET_KEY);
		struct span chosen = http_websocket_choose(r, NULL, 0);
		x->socket_key = xmemdup0(key.p, key.n);
		bool is_secret = span_starts_with(chosen, GUARD_TOKEN_PROTOCOL);
		x->socket_protocol = chosen.p && !is_secret ? xmemdup0(chosen.p, chosen.n) : NULL;
		return true;
	}
	answer_problem(c,
		       &(struct http_problem){.kind = PROBLEM_INVALID_REQUEST,
					      .status = refusal.status,
					      .detail = span_of(refusal.why)},
		       refusal.status == 426 ? SPAN_LIT("{\"upgrade\":\"websocket\","
							"\"sec-websocket-version\":\"13\"}")
					     : SPAN_NONE);
	return false;
}

static void start_work(struct conn *c, const struct http_request *r)
{
	struct exchange *x = &c->exchange;
	const struct route *route = x->route;
	struct sa_error err = SA_ERROR_INIT;
	if (route->text) {
		answer_text(c, 200, "application/json", span_of(route->text), SPAN_NONE);
		return;
	}
	if (route->is_ui) {
		ui_answer(c, r);
		return;
	}
	if (match_params(route, r, &x->params, &err) < 0) {
		answer_error(c, &err);
		return;
	}
	match_headers(route, r, &x->headers);
	if (route->answer == ANSWER_SOCKET && !is_handshake(c, r))
		return;
	/* Now: once the head is out it is too late to refuse. */
	bool is_stream = route->answer == ANSWER_STREAM || route->answer == ANSWER_SOCKET;
	if (is_stream && children_check_room(c->front, &err) < 0) {
		answer_error(c, &err);
		return;
	}
	if (route->body == BODY_UPLOAD && !x->is_small) {
		send_ask(c, ASK_BEGIN);
		return;
	}
	if (x->use == USE_PIPE && children_start(c, &err) < 0) {
		answer_error(c, &err);
		return;
	}
	if (x->has_body)
		exchange_ask_for_body(c);
	else
		exchange_go(c);
}

void exchange_begin(struct conn *c, const struct http_request *r)
{
	struct exchange *x = &c->exchange;
	const struct route *route = NULL;
	enum match match = match_route(r, &route);
	take_head(c, r);
	x->has_error_list = match != MATCH_NO_PATH && route->has_error_list;
	if (!guard_admits_site(c, r, match == MATCH_FOUND ? route : NULL))
		return;
	if (span_is(r->method, "OPTIONS")) {
		answer_options(c);
		return;
	}
	if (match == MATCH_NO_PATH) {
		answer_no_path(c);
		return;
	}
	if (!guard_admits_token(c, r, route))
		return;
	if (match == MATCH_NO_METHOD) {
		answer_no_method(c, r);
		return;
	}
	x->route = route;
	set_body_use(c);
	if (admits_body(c, r))
		start_work(c, r);
}
