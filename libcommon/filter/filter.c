#include "filter/filter.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "http/response.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- requests ----------------------------------------------------------------- */

int filter_parse(struct span line, struct filter_request *ret, struct sa_error *err)
{
	enum { REF, OP, PARAMS, HEADERS, BODY, FD, COUNT };
	static const char *const names[COUNT] = {"ref", "op", "params", "headers", "body", "fd"};
	struct span v[COUNT];
	*ret = (struct filter_request){.ref = SPAN_NONE};
	if (json_check(line, NULL) < 0 || json_type(span_trim(line)) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "a request is one JSON object a line: {\"ref\":1,\"op\":...}");
	json_members(span_trim(line), names, v, COUNT);
	*ret = (struct filter_request){
	    .ref = v[REF],
	    .op = json_string_plain(v[OP]),
	    .params = v[PARAMS],
	    .headers = v[HEADERS],
	    .body = v[BODY],
	    .has_fd = json_bool_or(v[FD], false),
	};
	if (!ret->op.p)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the request has no \"op\"");
	return 0;
}

char *filter_param(const struct filter_request *request, const char *name)
{
	struct span value = json_get(request->params, name);
	struct buf text = BUF_INIT(BUF_MAX_OWN);
	switch (json_type(value)) {
	case JSON_STRING:
		return json_string_dup(value);
	case JSON_NUMBER:
	case JSON_TRUE:
	case JSON_FALSE:
		buf_add_span(&text, value);
		return buf_take(&text);
	default:
		return NULL;
	}
}

char *filter_param_wanted(const struct filter_request *request, const char *name,
			  struct sa_error *err)
{
	char *text = filter_param(request, name);
	if (!text)
		error_set(err, PROBLEM_INVALID_REQUEST, "parameter '%s' is missing", name);
	return text;
}

int filter_param_bool(const struct filter_request *request, const char *name, bool *ret,
		      struct sa_error *err)
{
	cleanup_free char *text = filter_param(request, name);
	if (!text)
		return 0;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "parameter '%s' is true or false, not '%s'", name, text);
	*ret = text[0] == 't';
	return 0;
}

int filter_param_int(const struct filter_request *request, const char *name, int64_t least,
		     int64_t most, int64_t *ret, struct sa_error *err)
{
	cleanup_free char *text = filter_param(request, name);
	int64_t value;
	if (!text)
		return 0;
	if (num_parse_i64(span_of(text), least, most, &value) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "parameter '%s' is a whole number from %lld to %lld, not '%s'",
				 name, (long long)least, (long long)most, text);
	*ret = value;
	return 0;
}

/* --- answers ------------------------------------------------------------------ */

static void begin_answer(struct buf *line, struct span ref)
{
	json_open(line, '{');
	json_kv_raw(line, "ref", ref);
}

void filter_answer(struct channel *c, struct span ref, const struct filter_reply *reply)
{
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	bool has_body = reply->result.p || (reply->fd >= 0 && reply->length >= 0);
	begin_answer(&line, ref);
	json_kv_int(&line, "status", reply->status ? reply->status : has_body ? 200 : 204);
	json_kv_raw(&line, "headers", reply->headers);
	if (reply->fd >= 0)
		json_kv_bool(&line, "fd", true);
	if (reply->fd >= 0 && reply->length >= 0) {
		json_key(&line, "file");
		json_open(&line, '{');
		json_kv_int(&line, "offset", reply->offset);
		json_kv_int(&line, "length", reply->length);
		json_close(&line, '}');
	}
	if (reply->result.p) {
		json_key(&line, "result");
		json_add_raw_line(&line, reply->result);
	}
	json_close(&line, '}');
	if (channel_add(c, buf_span(&line), reply->fd) == 0)
		return;
	struct sa_error err = SA_ERROR_INIT;
	error_set(&err, PROBLEM_INVALID_REQUEST,
		  "this op answers with a descriptor: standard output must be a unix socket");
	filter_answer_problem(c, ref, &err, SPAN_NONE);
}

void filter_answer_problem(struct channel *c, struct span ref, const struct sa_error *err,
			   struct span extensions)
{
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf problem = BUF_INIT(BUF_MAX_OWN);
	http_problem_add(&problem, &(struct http_problem){.kind = err->kind,
							  .detail = span_of(err->message),
							  .extensions = extensions});
	begin_answer(&line, ref);
	json_kv_raw(&line, "problem", buf_span(&problem));
	json_close(&line, '}');
	channel_add(c, buf_span(&line), -1);
}

/* --- serving ------------------------------------------------------------------ */

static filter_fn *find_op(const struct filter_op *ops, struct span name)
{
	for (; ops->name; ops++)
		if (span_is(name, ops->name))
			return ops->fn;
	return NULL;
}

void filter_dispatch(struct channel *c, const struct filter_op *ops, void *arg, struct span line)
{
	struct sa_error err = SA_ERROR_INIT;
	struct filter_request request;
	struct filter_reply reply = FILTER_REPLY_INIT;
	cleanup_buf struct buf scratch = BUF_INIT(BUF_MAX_OWN);
	int rc = filter_parse(line, &request, &err);
	int fd = request.has_fd ? channel_take_fd(c) : -1;
	filter_fn *fn = rc == 0 ? find_op(ops, request.op) : NULL;
	if (fn) {
		rc = fn(arg, &request, fd, &scratch, &reply, &err);
	} else {
		if (fd >= 0)
			close(fd);
		if (rc == 0)
			rc = error_set(&err, PROBLEM_INVALID_REQUEST, "unknown op '%.*s'",
				       SPAN_ARG(request.op));
	}
	if (rc < 0)
		filter_answer_problem(c, request.ref, &err, reply.extensions);
	else
		filter_answer(c, request.ref, &reply);
}

/* Handle the lines that one read brought. 0, or -1 with errno when the other side is gone. */
static int serve_lines(struct channel *c, const struct filter_op *ops, void *arg)
{
	struct span line;
	for (;;) {
		enum lines_result result = channel_next(c, &line);
		if (result == LINES_MORE)
			return channel_flush(c) < 0 ? -1 : 0;
		if (result == LINES_LINE && span_trim(line).n > 0)
			filter_dispatch(c, ops, arg, line);
		if (result == LINES_TOO_LONG) {
			struct sa_error err = SA_ERROR_INIT;
			error_set(&err, PROBLEM_TOO_LARGE, "a request of %llu bytes is too long",
				  (unsigned long long)c->lines.skipped_bytes);
			filter_answer_problem(c, SPAN_NONE, &err, SPAN_NONE);
		}
	}
}

/* Wait for a descriptor that the other side made non-blocking. */
static void wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	poll(&p, 1, -1);
}

int filter_serve(const struct filter_op *ops, void *arg, struct sa_error *err)
{
	struct channel c;
	int rc;
	channel_init(&c, 0, 1, LINES_LIMIT_DEFAULT);
	for (;;) {
		rc = channel_read(&c);
		if (rc < 0 && errno == EAGAIN) {
			wait_for(0, POLLIN);
			continue;
		}
		if (rc <= 0)
			break;
		rc = serve_lines(&c, ops, arg);
		while (rc == 0 && c.out.len && (rc = channel_flush(&c)) == 1) {
			wait_for(1, POLLOUT);
			rc = 0;
		}
		if (rc < 0)
			break;
	}
	struct span rest;
	if (rc == 0 && lines_end(&c.lines, &rest) == LINES_LINE) {
		filter_dispatch(&c, ops, arg, rest);
		while ((rc = channel_flush(&c)) == 1)
			wait_for(1, POLLOUT);
	}
	bool is_gone = rc < 0 && (errno == EPIPE || errno == ECONNRESET);
	if (rc < 0 && !is_gone)
		error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "serve requests");
	channel_free(&c);
	return rc < 0 && !is_gone ? -1 : SA_EXIT_OK;
}
