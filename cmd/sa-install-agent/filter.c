/*
 * filter: agents.list, .show and .install for sa-serve (libcommon/filter). Each
 * request is computed by a child, because asking agents takes seconds and
 * others must not wait for that. The plain list is asked for often, by pages
 * that show it: it is computed at most each LIST_FRESH_MS.
 */
#include "options.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "filter/filter.h"
#include "json/scan.h"
#include "list.h"
#include "os/io.h"
#include "os/loop.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { WORKERS_MAX = 16, LIST_FRESH_MS = 100 };

struct job {
	struct filter_state *state;
	struct worker worker;
	struct watch watch;
	char *ref;  /* JSON; NULL: the slot is free */
	char *name; /* the agent that it is about */
	bool is_plain_list;
};

struct filter_state {
	struct loop loop;
	struct channel channel;
	struct watch in;
	struct watch out; /* the same descriptor when it is a socket */
	int out_fd;	  /* a copy, so that both can be watched */
	struct job jobs[WORKERS_MAX];
	int running;
	bool is_at_end;
	char *list; /* the last plain one, until list_until (monotonic) */
	int64_t list_until;
};

struct request {
	struct info_options options;
	struct install_options install;
	bool is_install;
	char *name; /* NULL: all */
	char *versions[2];
};

static void request_clear(struct request *r)
{
	free(r->name);
	free(r->versions[0]);
	free(r->versions[1]);
}

/* A child says "+" and its result, or "-", the kind of its problem, and the words. */
static void say_problem(struct buf *text, const struct sa_error *err)
{
	buf_clear(text);
	buf_addf(text, "-%s\n%s", problem_info(err->kind)->name, err->message);
}

static void install(const struct request *r, struct buf *text)
{
	cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
	cleanup_installation struct installation result = {.count = 0};
	struct sa_error err = SA_ERROR_INIT;
	if (catalog_find(r->name, &record, &err) < 0 ||
	    install_agent(&record, &r->install, &result, &err) < 0) {
		say_problem(text, &err);
		return;
	}
	cleanup_buf struct buf one = BUF_INIT(BUF_MAX_OWN);
	report_add_installation(&one, &result, true);
	buf_add_span(text, buf_span(&one));
}

/* In the child: the whole result. */
static void compute(void *arg, struct buf *text)
{
	const struct request *r = arg;
	struct sa_error err = SA_ERROR_INIT;
	int rc = 0;
	buf_addc(text, '+');
	if (r->is_install) {
		install(r, text);
	} else if (r->name) {
		rc = list_add(text, 1, &r->name, &r->options, &err);
	} else {
		char **names = catalog_names();
		int count = 0;
		while (names[count])
			count++;
		buf_adds(text, "{\"agents\":[");
		rc = list_add(text, count, names, &r->options, &err);
		buf_adds(text, "]}");
	}
	if (rc < 0)
		say_problem(text, &err);
}

static void on_input(void *arg, uint32_t events);
static void on_room(void *arg, uint32_t events);

/* Watches are taken off when nothing is wanted: a hang-up is told even to who wants nothing. */
static void flush(struct filter_state *s)
{
	int rc = channel_flush(&s->channel);
	if (rc < 0)
		s->is_at_end = true; /* nobody is there to be answered */
	if (rc <= 0)
		loop_forget(&s->loop, &s->out);
	else if (s->out.fd < 0)
		loop_watch(&s->loop, &s->out, s->out_fd, EPOLLOUT, on_room, s);
}

static void read_lines(struct filter_state *s);

/* What the child said becomes the answer; one that died said nothing. */
static void answer(struct filter_state *s, const struct job *job)
{
	struct span said = buf_span(&job->worker.text);
	struct filter_reply reply = FILTER_REPLY_INIT;
	if (said.n > 1 && said.p[0] == '+') {
		reply.result = (struct span){said.p + 1, said.n - 1};
		filter_answer(&s->channel, span_of(job->ref), &reply);
		/* Anything else may have changed what is installed. */
		free(TAKE_PTR(s->list));
		if (job->is_plain_list) {
			s->list = xmemdup0(reply.result.p, reply.result.n);
			s->list_until = clock_monotonic_ms() + LIST_FRESH_MS;
		}
		return;
	}
	struct sa_error err = SA_ERROR_INIT;
	cleanup_free char *text = xmemdup0(said.n ? said.p + 1 : "", said.n ? said.n - 1 : 0);
	char *newline = strchr(text, '\n');
	if (newline)
		*newline = '\0';
	error_set(&err, newline ? problem_kind_of_name(text) : PROBLEM_FAILED, "%s",
		  newline ? newline + 1 : "the work ended without an answer");
	cleanup_buf struct buf members = BUF_INIT(BUF_MAX_OWN);
	if (job->name)
		report_add_members(&members, job->name, &err);
	filter_answer_problem(&s->channel, span_of(job->ref), &err,
			      members.len ? buf_span(&members) : SPAN_NONE);
}

static void on_result(void *arg, uint32_t events)
{
	struct job *job = arg;
	struct filter_state *s = job->state;
	(void)events;
	if (worker_read(&job->worker) > 0)
		return;
	loop_forget(&s->loop, &job->watch);
	worker_end(&job->worker);
	answer(s, job);
	free(TAKE_PTR(job->ref));
	free(TAKE_PTR(job->name));
	worker_clear(&job->worker);
	s->running--;
	flush(s);
	read_lines(s);
}

/* A member of the body that is a text. 0; -1: it is something else. */
static int body_text(struct span body, const char *name, char **ret, struct sa_error *err)
{
	struct span value = json_get(body, name);
	if (!value.p || json_type(value) == JSON_NULL)
		return 0;
	*ret = json_string_dup(value);
	return *ret ? 0 : error_set(err, PROBLEM_INVALID_REQUEST, "'%s' is no text", name);
}

/* {reinstall?, agentVersion?, agentProcessVersion?} */
static int parse_install(struct span body, struct request *ret, struct sa_error *err)
{
	struct span again = json_get(body, "reinstall");
	enum json_type type = json_type(again);
	if (body.p && json_type(body) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the body is no JSON object");
	if (again.p && type != JSON_TRUE && type != JSON_FALSE && type != JSON_NULL)
		return error_set(err, PROBLEM_INVALID_REQUEST, "'reinstall' is true or false");
	if (body_text(body, "agentVersion", &ret->versions[0], err) < 0 ||
	    body_text(body, "agentProcessVersion", &ret->versions[1], err) < 0)
		return -1;
	ret->is_install = true;
	ret->install = (struct install_options){.agent_version = ret->versions[0],
						.adapter_version = ret->versions[1],
						.is_reinstall = type == JSON_TRUE,
						.is_lazy = true,
						.is_quiet = true};
	return 0;
}

/* What the request wants. 0, or -1 with the problem. */
static int parse(const struct filter_request *request, struct request *ret, struct sa_error *err)
{
	cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
	bool has_config = false, is_fresh = false;
	if (filter_param_bool(request, "config", &has_config, err) < 0 ||
	    filter_param_bool(request, "no_cache", &is_fresh, err) < 0)
		return -1;
	ret->options = (struct info_options){has_config, is_fresh, false};
	if (span_is(request->op, "agents.list"))
		return 0;
	bool is_install = span_is(request->op, "agents.install");
	if (!is_install && !span_is(request->op, "agents.show"))
		return error_set(err, PROBLEM_INVALID_REQUEST, "no operation '%.*s'",
				 SPAN_ARG(request->op));
	ret->name = filter_param_wanted(request, "agent", err);
	if (!ret->name || catalog_find(ret->name, &record, err) < 0)
		return -1;
	return is_install ? parse_install(request->body, ret, err) : 0;
}

static bool is_plain_list(const struct request *r)
{
	return !r->name && !r->is_install && !r->options.has_config && !r->options.is_fresh;
}

/* With the list that is there, if it is fresh. */
static bool answer_at_once(struct filter_state *s, struct span ref)
{
	struct filter_reply reply = FILTER_REPLY_INIT;
	if (!s->list || clock_monotonic_ms() >= s->list_until)
		return false;
	reply.result = span_of(s->list);
	filter_answer(&s->channel, ref, &reply);
	return true;
}

static void take(struct filter_state *s, struct span line)
{
	struct filter_request request;
	struct request wanted = {.name = NULL};
	struct sa_error err = SA_ERROR_INIT;
	struct job *job = s->jobs;
	while (job->ref)
		job++;
	int rc = filter_parse(line, &request, &err);
	if (rc == 0)
		rc = parse(&request, &wanted, &err);
	if (rc == 0 && is_plain_list(&wanted) && answer_at_once(s, request.ref)) {
		request_clear(&wanted);
		return;
	}
	if (rc == 0)
		rc = worker_start(&job->worker, compute, &wanted, &err);
	if (rc == 0) {
		job->state = s;
		job->ref = request.ref.p ? xmemdup0(request.ref.p, request.ref.n) : xstrdup("null");
		job->name = xstrdup(wanted.name);
		job->is_plain_list = is_plain_list(&wanted);
		s->running++;
		loop_watch(&s->loop, &job->watch, job->worker.fd, EPOLLIN, on_result, job);
	} else {
		cleanup_buf struct buf members = BUF_INIT(BUF_MAX_OWN);
		if (err.kind == PROBLEM_UNSUPPORTED_AGENT)
			report_add_members(&members, wanted.name, &err);
		filter_answer_problem(&s->channel, request.ref, &err,
				      members.len ? buf_span(&members) : SPAN_NONE);
	}
	request_clear(&wanted);
}

/* As many lines as there are free hands; the rest waits in the pipe. */
static void read_lines(struct filter_state *s)
{
	struct span line;
	while (s->running < WORKERS_MAX) {
		enum lines_result got = channel_next(&s->channel, &line);
		if (got == LINES_LINE) {
			take(s, line);
			continue;
		}
		if (got == LINES_TOO_LONG)
			continue;
		int rc = s->is_at_end ? 0 : channel_read(&s->channel);
		if (rc > 0)
			continue;
		if (!s->is_at_end && rc < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		/* The last line may lack its newline. */
		if (!s->is_at_end && lines_end(&s->channel.lines, &line) == LINES_LINE)
			take(s, line);
		s->is_at_end = true;
		break;
	}
	/* A regular file cannot be watched, and need not be: reading it never waits. */
	if (s->is_at_end || s->running == WORKERS_MAX)
		loop_forget(&s->loop, &s->in);
	else if (s->in.fd < 0)
		loop_watch(&s->loop, &s->in, STDIN_FILENO, EPOLLIN, on_input, s);
	flush(s);
}

static void on_input(void *arg, uint32_t events)
{
	(void)events;
	read_lines(arg);
}

static void on_room(void *arg, uint32_t events)
{
	(void)events;
	flush(arg);
}

int job_filter(const struct options *o, struct sa_error *err)
{
	struct filter_state s = {.in = WATCH_INIT, .out = WATCH_INIT};
	(void)o;
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		s.jobs[i].worker = WORKER_INIT;
		s.jobs[i].watch = WATCH_INIT;
	}
	io_set_nonblocking(STDIN_FILENO);
	channel_init(&s.channel, STDIN_FILENO, STDOUT_FILENO, LINES_LIMIT_DEFAULT);
	s.out_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (loop_init(&s.loop) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "wait for requests");
	read_lines(&s);
	while (!s.is_at_end || s.running > 0)
		if (loop_once(&s.loop, -1) < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "wait");
	flush(&s);
	channel_free(&s.channel);
	loop_free(&s.loop);
	close(s.out_fd);
	free(s.list);
	return SA_EXIT_OK;
}
