#include "filter/filter.h"

#include "base/cleanup.h"
#include "tap.h"
#include "json/scan.h"
#include "json/write.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int op_echo(void *arg, const struct filter_request *request, int fd, struct buf *scratch,
		   struct filter_reply *reply, struct sa_error *err)
{
	bool is_loud = false;
	int64_t times = 1;
	(void)arg;
	if (fd >= 0)
		close(fd);
	if (filter_param_bool(request, "loud", &is_loud, err) < 0 ||
	    filter_param_int(request, "times", 1, 9, &times, err) < 0)
		return -1;
	cleanup_free char *text = filter_param_wanted(request, "text", err);
	if (!text)
		return -1;
	json_open(scratch, '{');
	json_kv_string(scratch, "text", text);
	json_kv_bool(scratch, "loud", is_loud);
	json_kv_int(scratch, "times", times);
	json_kv_raw(scratch, "body", request->body);
	json_close(scratch, '}');
	reply->result = buf_span(scratch);
	return 0;
}

/* Answers with a descriptor of the bytes that the request's descriptor holds. */
static int op_back(void *arg, const struct filter_request *request, int fd, struct buf *scratch,
		   struct filter_reply *reply, struct sa_error *err)
{
	(void)arg, (void)request, (void)scratch;
	if (fd < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no descriptor");
	reply->fd = fd;
	reply->offset = 2;
	reply->length = 3;
	return 0;
}

static const struct filter_op ops[] = {{"echo", op_echo}, {"back", op_back}, {NULL, NULL}};

/* What the answer to one line is, without descriptors. */
static void answers(const char *line, const char *want, const char *name)
{
	struct channel c;
	channel_init(&c, -1, -1, 1024);
	filter_dispatch(&c, ops, NULL, span_of(line));
	c.out.len -= c.out.len ? 1 : 0;
	is_text(buf_span(&c.out), want, name);
	channel_free(&c);
}

static void test_dispatch(void)
{
	answers("{\"ref\":1,\"op\":\"echo\",\"params\":{\"text\":\"a\"}}",
		"{\"ref\":1,\"status\":200,\"result\":{\"text\":\"a\",\"loud\":false,\"times\":1}}",
		"a request is answered");
	answers("{\"op\":\"echo\",\"ref\":{\"x\":[1.50]},\"params\":{\"text\":7,\"loud\":\"true\","
		"\"times\":\"3\"},\"body\":{\"big\":12345678901234567890}}",
		"{\"ref\":{\"x\":[1.50]},\"status\":200,\"result\":{\"text\":\"7\",\"loud\":true,"
		"\"times\":3,\"body\":{\"big\":12345678901234567890}}}",
		"ref and body keep their bytes; numbers and words in strings are taken");
	static const struct {
		const char *line;
		const char *detail;
		const char *name;
	} bad[] = {
	    {"nonsense", "a request is one JSON object a line: {\"ref\":1,\"op\":...}", "no JSON"},
	    {"[1]", "a request is one JSON object a line: {\"ref\":1,\"op\":...}", "no object"},
	    {"{\"ref\":1}", "the request has no \"op\"", "no op"},
	    {"{\"ref\":1,\"op\":\"x\"}", "unknown op 'x'", "an unknown op"},
	    {"{\"ref\":1,\"op\":\"echo\"}", "parameter 'text' is missing", "a missing parameter"},
	    {"{\"ref\":1,\"op\":\"echo\",\"params\":{\"loud\":\"yes\",\"text\":\"\"}}",
	     "parameter 'loud' is true or false, not 'yes'", "a bad boolean"},
	    {"{\"ref\":1,\"op\":\"echo\",\"params\":{\"times\":10,\"text\":\"\"}}",
	     "parameter 'times' is a whole number from 1 to 9, not '10'", "a number out of range"},
	    {"{\"ref\":1,\"op\":\"echo\",\"params\":{\"text\":\"a\\u0000b\"}}",
	     "parameter 'text' is missing", "a text with NUL"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct channel c;
		channel_init(&c, -1, -1, 1024);
		filter_dispatch(&c, ops, NULL, span_of(bad[i].line));
		cleanup_free char *detail =
		    json_string_dup(json_path(buf_span(&c.out), "problem.detail"));
		is_str(detail, bad[i].detail, bad[i].name);
		channel_free(&c);
	}
}

static void test_result_is_one_line(void)
{
	struct channel c;
	struct filter_reply reply = FILTER_REPLY_INIT;
	channel_init(&c, -1, -1, 1024);
	reply.result = span_of("{\n \"a\":\r\n1}");
	filter_answer(&c, SPAN_NONE, &reply);
	is_text(buf_span(&c.out), "{\"status\":200,\"result\":{  \"a\":  1}}\n",
		"newlines of a result become spaces");
	channel_free(&c);
}

static struct span read_line(struct channel *c)
{
	struct span line;
	for (;;) {
		if (channel_next(c, &line) == LINES_LINE)
			return line;
		if (channel_read(c) <= 0)
			return SPAN_NONE;
	}
}

/* Pipe with text in it; its reading end. */
static int pipe_of(const char *text)
{
	int p[2];
	if (pipe2(p, O_CLOEXEC) < 0)
		return -1;
	if (write(p[1], text, strlen(text)) < 0)
		close(p[0]);
	close(p[1]);
	return p[0];
}

/* Queue a request with a descriptor of text. */
static void ask_back(struct channel *c, int ref, const char *text)
{
	char line[64];
	snprintf(line, sizeof(line), "{\"ref\":%d,\"op\":\"back\",\"fd\":true}", ref);
	channel_add(c, span_of(line), pipe_of(text));
}

static pid_t serve(const struct filter_op *table, int *ret_fd)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		struct sa_error err;
		dup2(pair[1], 0);
		dup2(pair[1], 1);
		close(pair[0]);
		close(pair[1]);
		_exit(filter_serve(table, NULL, &err));
	}
	close(pair[1]);
	*ret_fd = pair[0];
	return pid;
}

static void test_descriptors(void)
{
	struct channel c;
	int fd = -1;
	pid_t pid = serve(ops, &fd);
	channel_init(&c, fd, fd, 4096);
	ask_back(&c, 1, "first");
	channel_add(&c, SPAN_LIT("{\"ref\":2,\"op\":\"echo\",\"params\":{\"text\":\"between\"}}"),
		    -1);
	ask_back(&c, 3, "third");
	ask_back(&c, 4, "fourth");
	is_int(channel_flush(&c), 0, "requests with and without descriptors leave");
	static const char *const want[] = {NULL, "first", NULL, "third", "fourth"};
	for (int i = 1; i <= 4; i++) {
		char text[16] = "";
		struct span line = read_line(&c);
		is_int(json_int_or(json_get(line, "ref"), 0), i, "answers come in order");
		if (!want[i])
			continue;
		is_int(json_int_or(json_path(line, "file.length"), 0), 3, "the part is told");
		cleanup_close int got = channel_take_fd(&c);
		ok(read(got, text, sizeof(text) - 1) > 0, "the descriptor is readable");
		is_str(text, want[i], "it is the one that belongs to the line");
	}
	is_int(channel_take_fd(&c), -1, "none is left");
	shutdown(fd, SHUT_WR);
	int status;
	waitpid(pid, &status, 0);
	is_int(status, 0, "it ends with its input");
	channel_free(&c);
	close(fd);
}

/* Each request aside, where this one waits, or dies, or answers. */
static int op_long(void *arg, const struct filter_request *request, int fd, struct buf *scratch,
		   struct filter_reply *reply, struct sa_error *err)
{
	(void)arg;
	(void)fd;
	(void)err;
	if (!request->is_aside)
		return FILTER_LONG;
	cleanup_free char *how = filter_param(request, "how");
	if (how && strcmp(how, "die") == 0)
		raise(SIGKILL);
	if (how && strcmp(how, "hang") == 0)
		pause();
	buf_adds(scratch, "\"aside\"");
	reply->result = buf_span(scratch);
	return 0;
}

static void test_aside(void)
{
	static const struct filter_op table[] = {
	    {"long", op_long}, {"echo", op_echo}, {NULL, NULL}};
	struct channel c;
	int fd = -1, status;
	pid_t pid = serve(table, &fd);
	channel_init(&c, fd, fd, 4096);
	channel_add(&c, SPAN_LIT("{\"ref\":1,\"op\":\"long\",\"params\":{\"how\":\"hang\"}}"), -1);
	channel_add(&c, SPAN_LIT("{\"ref\":2,\"op\":\"echo\",\"params\":{\"text\":\"x\"}}"), -1);
	channel_flush(&c);
	is_int(json_int_or(json_get(read_line(&c), "ref"), 0), 2,
	       "the next request is not kept waiting");
	channel_add(&c, SPAN_LIT("{\"ref\":3,\"op\":\"long\"}"), -1);
	channel_flush(&c);
	is_text(read_line(&c), "{\"ref\":3,\"status\":200,\"result\":\"aside\"}",
		"nor is one beside it");
	channel_add(&c, SPAN_LIT("{\"ref\":4,\"op\":\"long\",\"params\":{\"how\":\"die\"}}"), -1);
	channel_flush(&c);
	struct span line = read_line(&c);
	is_int(json_int_or(json_get(line, "ref"), 0), 4, "one that is killed is answered");
	is_int(json_int_or(json_path(line, "problem.status"), 0), 502, "by a problem");
	/* The one that hangs goes with the filter, and with it the last end of the socket. */
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ok(!read_line(&c).p, "none outlives its filter");
	channel_free(&c);
	close(fd);
}

static void test_no_socket(void)
{
	struct channel c;
	int p[2];
	if (pipe2(p, O_CLOEXEC) < 0)
		return;
	channel_init(&c, p[0], p[1], 1024);
	ok(!channel_passes_fds(&c), "a pipe passes no descriptors");
	struct filter_reply reply = FILTER_REPLY_INIT;
	reply.fd = dup(p[0]);
	reply.length = 1;
	int fd = reply.fd;
	filter_answer(&c, SPAN_LIT("5"), &reply);
	ok(fcntl(fd, F_GETFD) < 0, "a descriptor that cannot travel is closed");
	cleanup_free char *kind = json_string_dup(json_path(buf_span(&c.out), "problem.type"));
	is_str(kind, "urn:sandbox-agent:error:invalid_request", "and a problem is answered");
	channel_free(&c);
	close(p[0]);
	close(p[1]);
}

static void test_limits(void)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return;
	struct channel c;
	int added = 0;
	channel_init(&c, pair[0], pair[0], 1024);
	while (added <= CHANNEL_FDS_MAX && channel_add(&c, SPAN_LIT("{}"), dup(pair[0])) == 0)
		added++;
	is_int(added, CHANNEL_FDS_MAX, "no more descriptors wait than the limit says");
	channel_free(&c);
	channel_init(&c, pair[0], pair[0], 16);
	is_int(channel_read(&c), -1, "nothing to read is told by errno");
	const char text[] = "{\"a\":\"0123456789\"}\n{}\n";
	struct span line;
	ok(write(pair[1], text, sizeof(text) - 1) > 0 && channel_read(&c) == 1, "two lines come");
	is_int(channel_next(&c, &line), LINES_TOO_LONG, "a line above the limit is skipped");
	ok(channel_next(&c, &line) == LINES_LINE && span_is(line, "{}"), "the next one is there");
	channel_free(&c);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	test_dispatch();
	test_result_is_one_line();
	test_descriptors();
	test_aside();
	test_no_socket();
	test_limits();
	return done_testing();
}
