#include "hub.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "ops.h"
#include "os/io.h"
#include "os/signals.h"
#include "prompt.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- jobs ----------------------------------------------------------------------- */

static struct job *job_new(struct hub *hub, struct span line)
{
	struct job *job = xcalloc(1, sizeof(*job));
	job->hub = hub;
	job->line = line.p ? xmemdup0(line.p, line.n) : NULL;
	job->words_fd = -1;
	job->next = hub->jobs;
	if (hub->jobs)
		hub->jobs->prev = job;
	hub->jobs = job;
	hub->job_count++;
	return job;
}

static void job_free(struct job *job)
{
	struct hub *hub = job->hub;
	if (job->prev)
		job->prev->next = job->next;
	else
		hub->jobs = job->next;
	if (job->next)
		job->next->prev = job->prev;
	hub->job_count--;
	if (job->words_fd >= 0)
		close(job->words_fd);
	prompt_plan_free(job->plan);
	free(job->line);
	free(job);
}

static void sweep(struct hub *hub)
{
	for (struct job *job = hub->jobs, *next; job; job = next) {
		next = job->next;
		if (job->is_answered && !job->backend_ref && !job->pid)
			job_free(job);
	}
}

void job_reply(struct job *job, int status, struct span result)
{
	struct filter_reply reply = FILTER_REPLY_INIT;
	if (job->is_answered)
		return;
	job->is_answered = true;
	reply.status = status;
	reply.result = result;
	filter_answer(&job->hub->channel, job->request.ref, &reply);
}

void job_reply_true(struct job *job)
{
	job_reply(job, 200, SPAN_LIT("true"));
}

void job_refuse(struct job *job, int status, const char *message)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&b, "{\"errors\":[{");
	json_kv_string(&b, "message", message);
	buf_adds(&b, "}]}");
	job_reply(job, status, buf_span(&b));
}

void job_fail(struct job *job, const struct sa_error *err)
{
	if (err->kind == PROBLEM_SESSION_NOT_FOUND)
		job_refuse(job, 404, "Session not found");
	else
		job_refuse(job, problem_info(err->kind)->http_status, err->message);
}

void job_fail_answer(struct job *job, const struct backend_answer *answer)
{
	cleanup_free char *detail = json_string_dup(json_get(answer->problem, "detail"));
	job_refuse(job, answer->status >= 400 ? answer->status : 500,
		   detail ? detail : "the request failed");
}

/* --- input -------------------------------------------------------------------------- */

static void shut_down_answered(struct job *job, const struct backend_answer *answer)
{
	(void)answer;
	job_reply(job, 204, SPAN_NONE);
}

/* What was started for our clients ends with the server. */
static void shut_down(struct job *job)
{
	if (job->hub->backends[BACKEND_SESSIONS].fd < 0)
		job_reply(job, 204, SPAN_NONE);
	else
		backend_ask(job, BACKEND_SESSIONS, "shutdown", SPAN_NONE, SPAN_NONE,
			    shut_down_answered);
}

static void obey(void *arg, struct span line)
{
	struct hub *hub = arg;
	struct sa_error err = SA_ERROR_INIT;
	struct job *job = job_new(hub, line);
	if (filter_parse(span_of(job->line), &job->request, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	int fd = job->request.has_fd ? channel_take_fd(&hub->channel) : -1;
	if (fd >= 0)
		close(fd);
	if (span_is(job->request.op, "gone"))
		job->is_answered = true; /* the work goes on, and an answer for nobody is dropped */
	else if (span_is(job->request.op, "shutdown"))
		shut_down(job);
	else if (hub->job_count > HUB_JOBS_MAX)
		job_refuse(job, 503, "too many requests at once");
	else
		ops_run(job);
}

static void end_input(struct hub *hub)
{
	loop_forget(&hub->loop, &hub->input);
	hub->is_input_ready = false;
	hub->is_ended = true;
	hub->is_gone = hub->channel.is_in_socket;
}

static void on_input(void *arg, uint32_t events)
{
	struct hub *hub = arg;
	if (events & EPOLLOUT)
		channel_flush(&hub->channel);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	int rc = channel_each(&hub->channel, obey, hub);
	if (rc == 0 || (rc < 0 && errno != EAGAIN))
		end_input(hub);
}

/* --- the loop --------------------------------------------------------------------------- */

static void on_signal(void *arg, uint32_t events)
{
	struct hub *hub = arg;
	int number;
	(void)events;
	while ((number = signals_take(hub->signals.fd))) {
		if (number == SIGCHLD)
			backend_reap(hub);
		else
			hub->is_ended = hub->is_gone = true;
	}
}

static void on_change(void *arg, uint32_t events)
{
	struct hub *hub = arg;
	(void)events;
	int fd = hub->hearing.fd;
	hearing_take(&hub->hearing);
	if (hub->hearing.fd != fd) {
		/* Another connection to the database: from now on look now and then. */
		loop_forget(&hub->loop, &hub->changes);
		hub->hearing.fd = -1;
	}
	hub->look_at = deadline_after(HEARING_LATE_MS);
	prompts_look(hub);
}

static void look_again(struct hub *hub)
{
	if (clock_monotonic_ms() < hub->look_at)
		return;
	hub->look_at = DEADLINE_NEVER;
	prompts_look(hub);
}

static int run(struct hub *hub, struct sa_error *err)
{
	while (!(hub->is_ended && (hub->is_gone || !hub->job_count))) {
		bool is_blind = hub->hearing.fd < 0 && hub->job_count;
		int ms = hub->is_input_ready ? 0
			 : is_blind	     ? HUB_LOOK_MS
					     : deadline_poll_ms(hub->look_at);
		backends_settle(hub);
		if (loop_once(&hub->loop, ms) < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "wait for events");
		if (hub->is_input_ready)
			on_input(hub, EPOLLIN);
		if (is_blind)
			prompts_look(hub);
		look_again(hub);
		backends_settle(hub);
		sweep(hub);
		int rc = hub->is_gone ? 0 : channel_flush(&hub->channel);
		if (rc < 0)
			hub->is_ended = hub->is_gone = true;
		else if (!hub->is_ended)
			loop_want(&hub->loop, &hub->input, rc ? EPOLLIN | EPOLLOUT : EPOLLIN);
	}
	return 0;
}

static int watch_signals(struct hub *hub, struct sa_error *err)
{
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	int fd = signals_open((const int[]){SIGCHLD, SIGTERM, SIGINT, 0});
	if (fd < 0 || loop_watch(&hub->loop, &hub->signals, fd, EPOLLIN, on_signal, hub) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch for signals");
	return 0;
}

static int prepare(struct hub *hub, struct sa_error *err)
{
	hub->store = store_open(err);
	if (!hub->store)
		return -1;
	if (loop_init(&hub->loop) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make an epoll descriptor");
	if (watch_signals(hub, err) < 0)
		return -1;
	hearing_open(&hub->hearing, hub->store);
	if (hub->hearing.fd >= 0 &&
	    loop_watch(&hub->loop, &hub->changes, hub->hearing.fd, EPOLLIN, on_change, hub) < 0)
		hub->hearing.fd = -1;
	channel_init(&hub->channel, STDIN_FILENO, STDOUT_FILENO, BUF_MAX_OWN);
	if (hub->channel.is_in_socket)
		io_set_nonblocking(STDIN_FILENO);
	if (loop_watch(&hub->loop, &hub->input, STDIN_FILENO, EPOLLIN, on_input, hub) < 0)
		hub->is_input_ready = true;
	return 0;
}

static void free_hub(struct hub *hub)
{
	backends_close(hub);
	while (hub->jobs)
		job_free(hub->jobs);
	if (hub->changes.fd >= 0)
		loop_forget(&hub->loop, &hub->changes);
	channel_free(&hub->channel);
	store_close(hub->store);
	if (hub->signals.fd >= 0)
		close(hub->signals.fd);
	loop_free(&hub->loop);
	free(hub);
}

int hub_run(const void *options, int argc, char **argv, struct sa_error *err)
{
	static const char *const commands[BACKEND_COUNT] = {"sa-session", "sa-install-agent"};
	(void)options;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no operand is wanted, not '%s'",
				 argv[0]);
	struct hub *hub = xcalloc(1, sizeof(*hub));
	hub->loop.fd = -1;
	hub->look_at = DEADLINE_NEVER;
	hub->input = hub->signals = hub->changes = WATCH_INIT;
	hub->hearing = HEARING_INIT;
	for (size_t i = 0; i < BACKEND_COUNT; i++)
		hub->backends[i] = (struct backend){.hub = hub, .command = commands[i], .fd = -1};
	int rc = prepare(hub, err);
	if (rc == 0)
		rc = run(hub, err);
	free_hub(hub);
	return rc < 0 ? -1 : 0;
}
