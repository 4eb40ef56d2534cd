#include "filter/filter.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "filter/aside.h"
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
	if (!line.p)
		return error_set(err, PROBLEM_TOO_LARGE, "a request is too long for a line");
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

static void answer_problem(struct channel *c, struct span ref, const struct sa_error *err,
			   struct span extensions, struct span headers)
{
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf problem = BUF_INIT(BUF_MAX_OWN);
	http_problem_add(&problem, &(struct http_problem){.kind = err->kind,
							  .detail = span_of(err->message),
							  .extensions = extensions});
	begin_answer(&line, ref);
	json_kv_raw(&line, "headers", headers);
	json_kv_raw(&line, "problem", buf_span(&problem));
	json_close(&line, '}');
	channel_add(c, buf_span(&line), -1);
}

void filter_answer_problem(struct channel *c, struct span ref, const struct sa_error *err,
			   struct span extensions)
{
	answer_problem(c, ref, err, extensions, SPAN_NONE);
}

/* --- serving ------------------------------------------------------------------ */

static filter_fn *find_op(const struct filter_op *ops, struct span name)
{
	for (; ops->name; ops++)
		if (span_is(name, ops->name))
			return ops->fn;
	return NULL;
}

/* Run the op of a request and queue its answer. FILTER_LONG: neither is done. */
static int answer(struct channel *c, const struct filter_op *ops, void *arg,
		  const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	struct filter_reply reply = FILTER_REPLY_INIT;
	cleanup_buf struct buf scratch = BUF_INIT(BUF_MAX_OWN);
	filter_fn *fn = find_op(ops, request->op);
	int rc;
	if (fn) {
		rc = fn(arg, request, fd, &scratch, &reply, &err);
	} else {
		if (fd >= 0)
			close(fd);
		rc = error_set(&err, PROBLEM_INVALID_REQUEST, "unknown op '%.*s'",
			       SPAN_ARG(request->op));
	}
	if (rc < 0)
		answer_problem(c, request->ref, &err, reply.extensions, reply.headers);
	else if (rc != FILTER_LONG)
		filter_answer(c, request->ref, &reply);
	return rc;
}

/* Parse a line; one that is no request is answered. False: that. */
static bool take_request(struct channel *c, struct span line, struct filter_request *ret,
			 int *ret_fd)
{
	struct sa_error err = SA_ERROR_INIT;
	int rc = filter_parse(line, ret, &err);
	*ret_fd = ret->has_fd ? channel_take_fd(c) : -1;
	if (rc == 0)
		return true;
	if (*ret_fd >= 0)
		close(*ret_fd);
	filter_answer_problem(c, ret->ref, &err, SPAN_NONE);
	return false;
}

void filter_dispatch(struct channel *c, const struct filter_op *ops, void *arg, struct span line)
{
	struct filter_request request;
	int fd;
	if (!take_request(c, line, &request, &fd))
		return;
	request.is_aside = true;
	answer(c, ops, arg, &request, fd);
}

struct serving {
	const struct filter_op *ops;
	void *arg;
	struct channel channel;
	struct asides asides;
	bool is_polling; /* descriptor 0 is non-blocking */
	bool has_ended;	 /* no request comes any more */
};

/* In a process of its own: one answer into fd. */
static _Noreturn void answer_aside(struct serving *s, const struct filter_request *request, int fd)
{
	struct channel own;
	channel_init(&own, -1, fd, LINES_LIMIT_DEFAULT);
	answer(&own, s->ops, s->arg, request, -1);
	_exit(channel_flush(&own) == 0 ? 0 : 1);
}

static void dispatch(void *arg, struct span line)
{
	struct serving *s = arg;
	struct filter_request request;
	int fd;
	if (!take_request(&s->channel, line, &request, &fd) ||
	    answer(&s->channel, s->ops, s->arg, &request, fd) != FILTER_LONG)
		return;
	request.is_aside = true;
	fd = aside_fork(&s->asides, &s->channel, request.ref);
	if (fd >= 0)
		answer_aside(s, &request, fd);
	if (fd == -2)
		answer(&s->channel, s->ops, s->arg, &request, -1);
}

/* One read(2) and what it brought. 0, or -1 with errno. */
static int read_requests(struct serving *s)
{
	int rc = channel_each(&s->channel, dispatch, s);
	s->is_polling = s->is_polling || (rc < 0 && errno == EAGAIN);
	s->has_ended = s->has_ended || rc == 0;
	return rc < 0 && errno != EAGAIN ? -1 : 0;
}

/* Write what is queued, waiting for a descriptor that the other side made non-blocking. */
static int flush(struct channel *c)
{
	int rc;
	while ((rc = channel_flush(c)) == 1)
		poll(&(struct pollfd){.fd = c->out_fd, .events = POLLOUT}, 1, -1);
	return rc;
}

/* Requests and answers of those that take long, whatever comes first. 0, or -1 with errno. */
static int serve_once(struct serving *s)
{
	struct pollfd polled[ASIDES_MAX + 1];
	size_t asides = asides_poll(&s->asides, polled);
	polled[asides] = (struct pollfd){.fd = s->has_ended ? -1 : 0, .events = POLLIN};
	/* Nothing else to wait for: a blocking read saves a system call. */
	if (asides == 0 && !s->is_polling)
		return read_requests(s);
	if (poll(polled, asides + 1, -1) < 0)
		return errno == EINTR ? 0 : -1;
	asides_take(&s->asides, &s->channel, polled, asides);
	return polled[asides].revents ? read_requests(s) : 0;
}

int filter_serve(const struct filter_op *ops, void *arg, struct sa_error *err)
{
	struct serving s = {.ops = ops, .arg = arg};
	int rc = 0;
	channel_init(&s.channel, 0, 1, LINES_LIMIT_DEFAULT);
	while (rc == 0 && !(s.has_ended && s.asides.count == 0)) {
		rc = serve_once(&s);
		if (rc == 0)
			rc = flush(&s.channel);
	}
	bool is_gone = rc < 0 && (errno == EPIPE || errno == ECONNRESET);
	if (rc < 0 && !is_gone)
		error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "serve requests");
	channel_free(&s.channel);
	return rc < 0 && !is_gone ? -1 : SA_EXIT_OK;
}
