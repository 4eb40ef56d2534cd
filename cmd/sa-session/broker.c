#include "broker.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "key.h"
#include "ops.h"
#include "ops_terms.h"
#include "os/io.h"
#include "os/signals.h"
#include "peer.h"
#include "verbs.h"
#include "json/scan.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	op_fn *fn;
} ops[] = {
    {"acp.post", op_acp_post},
    {"acp.list", op_acp_list},
    {"acp.stream", op_acp_stream},
    {"acp.delete", op_acp_delete},
    {"sessions.list", op_sessions_list},
    {"sessions.create", op_sessions_create},
    {"sessions.show", op_sessions_show},
    {"sessions.delete", op_sessions_delete},
    {"sessions.prompt", op_sessions_prompt},
    {"sessions.cancel", op_sessions_cancel},
    {"sessions.events", op_sessions_events},
    {"sessions.stream", op_sessions_stream},
    {"sessions.pending", op_sessions_pending},
    {"sessions.reply", op_sessions_reply},
    {"sessions.queue", op_sessions_queue},
    {"sessions.queue.edit", op_sessions_queue_edit},
    {"sessions.queue.drop", op_sessions_queue_drop},
    {"sessions.resume", op_sessions_resume},
    {"sessions.fork", op_sessions_fork},
    {"metrics", op_metrics},
};

/* What a member's value may be. */
enum {
	TEXT = 1 << JSON_STRING,
	ARRAY = 1 << JSON_ARRAY,
	OBJECT = 1 << JSON_OBJECT,
	NUMBER = 1 << JSON_NUMBER,
	TRUTH = 1 << JSON_TRUE | 1 << JSON_FALSE,
	ANYTHING = TEXT | ARRAY | OBJECT | NUMBER | TRUTH,
};
struct member {
	const char *name;
	int types;
};
#define MEMBERS(...) ((const struct member[]){__VA_ARGS__, {"_meta", OBJECT}, {NULL, 0}})

/* What the body of an op may have, besides, with_terms, ops_terms_members. null is as absent. */
static const struct {
	op_fn *fn;
	const struct member *members;
	bool with_terms;
} bodies[] = {
    {op_sessions_create,
     MEMBERS({"agent", TEXT}, {"agentCommand", TEXT}, {"adapter", TEXT}, {"cwd", TEXT},
	     {"env", OBJECT}, {"id", TEXT}, {"mcpServers", ARRAY}, {"serverId", TEXT}),
     true},
    {op_sessions_prompt,
     MEMBERS({"text", TEXT}, {"prompt", ARRAY}, {"busy", TEXT}, {"wait", TRUTH}), false},
    {op_sessions_reply,
     MEMBERS({"optionId", TEXT}, {"outcome", TEXT}, {"result", ANYTHING}, {"error", OBJECT},
	     {"by", TEXT}, {"reason", TEXT}),
     false},
    {op_sessions_queue_edit, MEMBERS({"text", TEXT}, {"prompt", ARRAY}, {"by", TEXT}), false},
    {op_sessions_resume,
     MEMBERS({"cwd", TEXT}, {"by", TEXT}, {"replayMaxEvents", NUMBER}, {"replayMaxChars", NUMBER}),
     false},
    {op_sessions_fork,
     MEMBERS({"id", TEXT}, {"at", NUMBER}, {"cwd", TEXT}, {"by", TEXT},
	     {"replayMaxEvents", NUMBER}, {"replayMaxChars", NUMBER}),
     false},
};

static bool is_among(const char *const *words, struct span key)
{
	while (*words && !json_string_is(key, *words))
		words++;
	return *words;
}

static int no_such_member(const struct member *members, const char *const *terms, struct span key,
			  struct sa_error *err)
{
	cleanup_buf struct buf known = BUF_INIT(BUF_MAX_OWN);
	for (; strcmp(members->name, "_meta") != 0; members++)
		buf_addf(&known, "%s%s", known.len ? ", " : "", members->name);
	for (; *terms; terms++)
		buf_addf(&known, ", %s", *terms);
	return error_set(err, PROBLEM_INVALID_REQUEST, "no member %.*s here; known are %s",
			 SPAN_ARG(key), known.data);
}

static int check_type(const struct member *member, enum json_type type, struct sa_error *err)
{
	if (type == JSON_NULL || (1 << type & member->types))
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST, "\"%s\" is %s", member->name,
			 member->types == TEXT	   ? "a text"
			 : member->types == ARRAY  ? "an array"
			 : member->types == OBJECT ? "an object"
			 : member->types == NUMBER ? "a number"
						   : "true or false");
}

/* A misspelt "policy" must not make a session without one, nor an array of words as agentCommand
 * start the agent that nobody named. 0, or -1. */
static int check_body(op_fn *fn, struct span body, struct sa_error *err)
{
	static const char *const none[] = {NULL};
	struct json_iter it = json_iter(body);
	struct span key, value;
	size_t i = 0;
	while (i < ARRAY_SIZE(bodies) && bodies[i].fn != fn)
		i++;
	if (i == ARRAY_SIZE(bodies) || json_type(body) != JSON_OBJECT)
		return 0;
	const char *const *terms = bodies[i].with_terms ? ops_terms_members : none;
	while (json_next(&it, &key, &value)) {
		const struct member *member = bodies[i].members;
		while (member->name && !json_string_is(key, member->name))
			member++;
		if (member->name && check_type(member, json_type(value), err) < 0)
			return -1;
		if (!member->name && !is_among(terms, key))
			return no_such_member(bodies[i].members, terms, key, err);
	}
	return 0;
}

/* --- what sa-serve says about requests that are in work ------------------------------ */

static void op_adopt(struct broker *broker, const struct filter_request *request, int fd)
{
	struct job *job = job_find(broker, json_get(request->params, "of"));
	if (job && fd >= 0)
		key_adopt(job, fd, request);
	else if (fd >= 0) /* it has been answered meanwhile */
		close(fd);
}

/* The client has left: its request goes on, the answer is for nobody. */
static void op_gone(struct broker *broker, const struct filter_request *request, int fd)
{
	struct job *job = job_find(broker, json_get(request->params, "of"));
	(void)fd;
	if (!job)
		return;
	key_free(broker, job->key);
	job->key = NULL;
	free(job->ref);
	job->ref = NULL;
}

static void op_shutdown(struct broker *broker, const struct filter_request *request, int fd)
{
	(void)fd;
	free(broker->shutdown_ref);
	broker->shutdown_ref =
	    request->ref.p ? xmemdup0(request->ref.p, request->ref.n) : xstrdup("null");
	peers_take_strays(broker);
}

/* End what we have started; true when nothing of it is left. */
static bool is_shut_down(struct broker *broker)
{
	bool is_over = true;
	for (struct peer *peer = broker->peers; peer; peer = peer->next) {
		if (peer->state == PEER_GONE || !peer->is_ours)
			continue;
		is_over = false;
		if (peer->state == PEER_LINKED)
			peer_stop(peer, "interrupted", "the server was stopped");
		if (peer->state == PEER_INSTALLING)
			kill(peer->pid, SIGTERM);
	}
	return is_over;
}

static void go_on_shutting_down(struct broker *broker)
{
	if (!broker->shutdown_ref || !is_shut_down(broker))
		return;
	struct filter_reply reply = FILTER_REPLY_INIT;
	filter_answer(&broker->channel, span_of(broker->shutdown_ref), &reply);
	free(broker->shutdown_ref);
	broker->shutdown_ref = NULL;
}

/* --- input ------------------------------------------------------------------------------ */

void ops_fail(struct broker *broker, const struct filter_request *request,
	      const struct sa_error *err, struct span extensions)
{
	filter_answer_problem(&broker->channel, request->ref, err, extensions);
}

void ops_answer(struct broker *broker, const struct filter_request *request, int status,
		struct span result)
{
	struct filter_reply reply = FILTER_REPLY_INIT;
	reply.status = status;
	reply.result = result;
	filter_answer(&broker->channel, request->ref, &reply);
}

static void obey(void *arg, struct span line)
{
	struct broker *broker = arg;
	struct sa_error err = SA_ERROR_INIT;
	struct filter_request request;
	int rc = filter_parse(line, &request, &err);
	int fd = request.has_fd ? channel_take_fd(&broker->channel) : -1;
	if (rc == 0 && span_is(request.op, "adopt")) {
		op_adopt(broker, &request, fd);
		return;
	}
	for (size_t i = 0; rc == 0 && i < sizeof(ops) / sizeof(ops[0]); i++)
		if (span_is(request.op, ops[i].name)) {
			if (fd >= 0)
				close(fd);
			if (check_body(ops[i].fn, request.body, &err) < 0)
				ops_fail(broker, &request, &err, SPAN_NONE);
			else
				ops[i].fn(broker, &request, -1);
			return;
		}
	if (fd >= 0)
		close(fd);
	if (rc == 0 && span_is(request.op, "gone")) {
		op_gone(broker, &request, -1);
	} else if (rc == 0 && span_is(request.op, "shutdown")) {
		op_shutdown(broker, &request, -1);
	} else {
		if (rc == 0)
			error_set(&err, PROBLEM_INVALID_REQUEST, "unknown op '%.*s'",
				  SPAN_ARG(request.op));
		ops_fail(broker, &request, &err, SPAN_NONE);
	}
}

/* A front that is gone takes its unanswered requests along, but for those with a key. */
static void on_end_of_input(struct broker *broker)
{
	loop_forget(&broker->loop, &broker->input);
	broker->is_input_ready = false;
	broker->is_ended = true;
	broker->is_orphan = broker->channel.is_in_socket;
	for (struct job *job = broker->jobs, *next; broker->is_orphan && job; job = next) {
		next = job->next;
		if (!job->key)
			job_free(job);
	}
}

static void on_input(void *arg, uint32_t events)
{
	struct broker *broker = arg;
	if (events & EPOLLOUT)
		channel_flush(&broker->channel);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	int rc = channel_each(&broker->channel, obey, broker);
	if (rc == 0 || (rc < 0 && errno != EAGAIN))
		on_end_of_input(broker);
}

/* --- the loop ------------------------------------------------------------------------------ */

static void on_signal(void *arg, uint32_t events)
{
	struct broker *broker = arg;
	int number;
	(void)events;
	while ((number = signals_take(broker->signals.fd))) {
		if (number == SIGCHLD)
			peers_reap(broker);
		else
			broker->is_ended = broker->is_orphan = true;
	}
}

static void check_deadlines(struct broker *broker)
{
	int64_t now = clock_monotonic_ms();
	if (now < broker->check_at)
		return;
	broker->check_at = now + CHECK_MS;
	for (struct job *job = broker->jobs, *next; job; job = next) {
		struct sa_error err = SA_ERROR_INIT;
		next = job->next;
		if (job->answer_by <= now) {
			error_set(&err, PROBLEM_TIMEOUT, "the agent did not answer within %lld ms",
				  (long long)job->answer_ms);
			job_fail(job, &err);
		} else if (job->accept_by <= now) {
			error_set(&err, PROBLEM_AGENT_STALLED,
				  "the agent has not taken the message within %d s",
				  ACCEPT_MS / 1000);
			job_fail(job, &err);
		}
	}
}

static bool is_done(const struct broker *broker)
{
	return broker->is_ended && !broker->job_count && !broker->key_count &&
	       !broker->shutdown_ref;
}

static int run(struct broker *broker, struct sa_error *err)
{
	struct channel *channel = &broker->channel;
	while (!is_done(broker)) {
		int ms = broker->is_input_ready ? 0 : broker->job_count ? CHECK_MS : -1;
		if (loop_once(&broker->loop, ms) < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "wait for events");
		if (broker->is_input_ready)
			on_input(broker, EPOLLIN);
		check_deadlines(broker);
		go_on_shutting_down(broker);
		peers_sweep(broker);
		int rc = broker->is_orphan ? 0 : channel_flush(channel);
		if (rc < 0)
			on_end_of_input(broker);
		else
			loop_want(&broker->loop, &broker->input,
				  rc > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
	}
	return 0;
}

struct refusal {
	struct channel channel;
	const struct sa_error *why;
};

static void refuse_line(void *arg, struct span line)
{
	struct refusal *refusal = arg;
	struct filter_request request;
	struct sa_error err = SA_ERROR_INIT;
	int rc = filter_parse(line, &request, &err);
	filter_answer_problem(&refusal->channel, request.ref, rc < 0 ? &err : refusal->why,
			      SPAN_NONE);
}

/* Without a store: who asked is told why. The next one is answered anew, by the next filter. */
static void refuse(const struct sa_error *why)
{
	struct refusal refusal = {.why = why};
	channel_init(&refusal.channel, STDIN_FILENO, STDOUT_FILENO, BUF_MAX_OWN);
	poll(&(struct pollfd){.fd = STDIN_FILENO, .events = POLLIN}, 1, -1);
	channel_each(&refusal.channel, refuse_line, &refusal);
	while (channel_flush(&refusal.channel) > 0) {
		poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, CHECK_MS);
	}
	channel_free(&refusal.channel);
}

static int prepare(struct broker *broker, struct sa_error *err)
{
	const char *limit = getenv("SANDBOX_AGENT_ACP_REQUEST_TIMEOUT_MS");
	int64_t ms;
	if (limit && num_parse_i64(span_of(limit), 1, INT32_MAX, &ms) == 0)
		broker->request_ms = ms;
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	broker->store = store_open(err);
	if (!broker->store) {
		refuse(err);
		return -1;
	}
	if (loop_init(&broker->loop) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make an epoll descriptor");
	int signals = signals_open((const int[]){SIGCHLD, SIGTERM, SIGINT, 0});
	if (signals < 0 ||
	    loop_watch(&broker->loop, &broker->signals, signals, EPOLLIN, on_signal, broker) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch for signals");
	channel_init(&broker->channel, STDIN_FILENO, STDOUT_FILENO, BUF_MAX_OWN);
	/* Pipes of a shell are left as they are: others use them too. */
	if (broker->channel.is_in_socket)
		io_set_nonblocking(STDIN_FILENO);
	if (loop_watch(&broker->loop, &broker->input, STDIN_FILENO, EPOLLIN, on_input, broker) < 0)
		broker->is_input_ready = true;
	return 0;
}

int broker_run(const void *options, int argc, char **argv, struct sa_error *err)
{
	(void)options;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no operand is wanted, not '%s'",
				 argv[0]);
	struct broker *broker = xcalloc(1, sizeof(*broker));
	broker->loop.fd = -1;
	broker->input = WATCH_INIT;
	broker->signals = WATCH_INIT;
	broker->link_buffer = xmalloc(LINK_READ_BYTES);
	int rc = prepare(broker, err);
	if (rc == 0)
		rc = run(broker, err);
	while (broker->jobs)
		job_free(broker->jobs);
	peers_free(broker);
	channel_free(&broker->channel);
	store_close(broker->store);
	if (broker->signals.fd >= 0)
		close(broker->signals.fd);
	loop_free(&broker->loop);
	free(broker->children);
	free(broker->shutdown_ref);
	free(broker->link_buffer);
	free(broker);
	return rc < 0 ? -1 : 0;
}
