#include "agent.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "exec.h"
#include "methods.h"
#include "turn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	AGENT_CHUNK_BYTES = 64 * 1024,
	AGENT_POLL_MAX = 64,	    /* descriptors; commands beyond that wait for SIGCHLD only */
	AGENT_SETTLE_MS = 1000,	    /* for the reader to take what is queued at the end */
	AGENT_TERM_SETTLE_MS = 100, /* the same after SIGTERM */
};

/* What the loop waits for. */
struct loop {
	struct agent *agent;
	struct lines lines;
	char *chunk;
	int signal_fd;
	bool is_one_shot; /* --prompt: end with the last turn */
	int64_t settle_ms;
};

struct session *agent_session(struct agent *agent, const char *id)
{
	struct session *session = agent->sessions;
	while (session && strcmp(session->id, id) != 0)
		session = session->next;
	return session;
}

void agent_add_session(struct agent *agent, struct session *session)
{
	struct session **end = &agent->sessions;
	while (*end)
		end = &(*end)->next;
	*end = session;
	agent->session_count++;
}

static void save(struct agent *agent, struct session *session)
{
	struct sa_error err = SA_ERROR_INIT;
	if (session_save(session, &agent->store, &err) == 0 || agent->is_store_broken)
		return;
	agent->is_store_broken = true;
	dprintf(STDERR_FILENO, "sa-mock-agent: history is lost: %s\n", err.message);
}

void agent_drop_session(struct agent *agent, struct session *session)
{
	struct session **link = &agent->sessions;
	while (*link != session)
		link = &(*link)->next;
	*link = session->next;
	agent->session_count--;
	save(agent, session);
	session_free(session);
}

void agent_ask(struct agent *agent, int64_t id, struct turn *turn)
{
	if (agent->asked_count == AGENT_ASKED_MAX)
		memmove(agent->asked, agent->asked + 1,
			--agent->asked_count * sizeof(agent->asked[0]));
	agent->asked[agent->asked_count++] = (struct asked){id, turn};
}

void agent_forget(struct agent *agent, const struct turn *turn)
{
	for (size_t i = 0; i < agent->asked_count; i++)
		if (agent->asked[i].turn == turn)
			agent->asked[i].turn = NULL;
}

bool agent_take_asked(struct agent *agent, int64_t id, struct turn **ret_turn)
{
	for (size_t i = 0; i < agent->asked_count; i++)
		if (agent->asked[i].id == id) {
			*ret_turn = agent->asked[i].turn;
			agent->asked_count--;
			memmove(agent->asked + i, agent->asked + i + 1,
				(agent->asked_count - i) * sizeof(agent->asked[0]));
			return true;
		}
	return false;
}

static void save_all(struct agent *agent)
{
	for (struct session *s = agent->sessions; s; s = s->next)
		save(agent, s);
}

static void settle(struct agent *agent, int64_t ms)
{
	save_all(agent);
	out_drain(&agent->out, ms);
}

void agent_settle(struct agent *agent)
{
	settle(agent, AGENT_SETTLE_MS);
}

void agent_die(struct agent *agent, int status)
{
	agent_settle(agent);
	out_free(&agent->out);
	_exit(status);
}

/* Carry on every session's first turn. Could any go on at once? */
static bool run_turns(struct agent *agent)
{
	bool is_ready = false;
	for (struct session *s = agent->sessions; s; s = s->next) {
		enum turn_state state = TURN_OVER;
		while (s->turns && state == TURN_OVER)
			state = turn_run(s->turns);
		if (s->turns && state == TURN_READY)
			is_ready = true;
		save(agent, s);
	}
	return is_ready;
}

/* When the first of the waiting turns wants to be woken. */
static int64_t next_wake(const struct agent *agent)
{
	int64_t wake = DEADLINE_NEVER;
	for (const struct session *s = agent->sessions; s; s = s->next)
		if (s->turns && s->turns->wake < wake)
			wake = s->turns->wake;
	return wake;
}

static bool has_turns(const struct agent *agent)
{
	for (const struct session *s = agent->sessions; s; s = s->next)
		if (s->turns)
			return true;
	return false;
}

/* Whatever is in the input now, up to one chunk. */
static void read_input(struct loop *loop)
{
	struct agent *agent = loop->agent;
	struct span line;
	ssize_t n = read(STDIN_FILENO, loop->chunk, AGENT_CHUNK_BYTES);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	agent->is_ended = n <= 0;
	if (n > 0) {
		lines_feed(&loop->lines, (struct span){loop->chunk, (size_t)n});
		for (;;) {
			enum lines_result got = lines_next(&loop->lines, &line);
			if (got == LINES_MORE)
				break;
			if (got == LINES_LINE)
				methods_handle(agent, line);
		}
	} else if (lines_end(&loop->lines, &line) == LINES_LINE) {
		methods_handle(agent, line);
		run_turns(agent);
	}
}

static void interrupt_turns(struct agent *agent)
{
	for (struct session *s = agent->sessions; s; s = s->next)
		if (s->turns)
			turn_abort(s->turns);
}

/* Was it asked to end? */
static bool read_signals(struct loop *loop)
{
	struct signalfd_siginfo info;
	bool is_told = false;
	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			exec_reap(loop->agent);
		else if (info.ssi_signo == SIGINT)
			interrupt_turns(loop->agent);
		else
			is_told = !loop->agent->is_stubborn;
	}
	return is_told;
}

/* Sleep until something can be done. Returns the events of the first three. */
static void wait_for_events(struct loop *loop, bool is_ready, struct pollfd *fds)
{
	struct agent *agent = loop->agent;
	int64_t wake = next_wake(agent);
	bool is_reading =
	    !agent->is_deaf && !agent->is_ended && out_unsent(&agent->out) < OUT_PAUSE_INPUT_BYTES;
	bool is_writing = out_wants_poll(&agent->out, &wake);
	nfds_t count = 3;
	fds[0] = (struct pollfd){is_reading ? STDIN_FILENO : -1, POLLIN, 0};
	fds[1] =
	    (struct pollfd){agent->out.is_broken ? -1 : agent->out.fd, is_writing ? POLLOUT : 0, 0};
	fds[2] = (struct pollfd){loop->signal_fd, POLLIN, 0};
	for (struct session *s = agent->sessions; s && count < AGENT_POLL_MAX; s = s->next)
		if (s->turns && s->turns->child_fd >= 0)
			fds[count++] = (struct pollfd){s->turns->child_fd, POLLIN, 0};
	bool is_now = is_ready && !out_is_busy(&agent->out);
	if (poll(fds, count, is_now ? 0 : deadline_poll_ms(wake)) < 0)
		fds[0].revents = fds[1].revents = fds[2].revents = 0;
}

/* At the end of a one-shot's input nobody is left to answer a question. */
static void give_up_questions(struct agent *agent)
{
	for (struct session *s = agent->sessions; s; s = s->next)
		if (s->turns && s->turns->is_asking)
			turn_abort(s->turns);
}

/* The exit status, or -1 with err filled. */
static int serve(struct loop *loop, struct sa_error *err)
{
	struct agent *agent = loop->agent;
	struct pollfd fds[AGENT_POLL_MAX];
	for (;;) {
		bool is_ready = run_turns(agent);
		if (loop->is_one_shot && agent->is_ended)
			give_up_questions(agent);
		if (out_flush(&agent->out) < 0 && !agent->is_stubborn)
			return error_set_errno(err, PROBLEM_FAILED, EPIPE, "write standard output");
		if (loop->is_one_shot ? !has_turns(agent) : agent->is_ended && !agent->is_stubborn)
			return SA_EXIT_OK;
		wait_for_events(loop, is_ready, fds);
		if (fds[2].revents && read_signals(loop)) {
			loop->settle_ms = AGENT_TERM_SETTLE_MS;
			return SA_EXIT_OK;
		}
		if (fds[0].revents)
			read_input(loop);
		if (fds[1].revents & (POLLERR | POLLNVAL)) {
			agent->out.is_broken = true;
			if (!agent->is_stubborn)
				return error_set_errno(err, PROBLEM_FAILED, EPIPE,
						       "write standard output");
		}
	}
}

/* SIGTERM and SIGCHLD come through a descriptor, SIGPIPE as an error. */
static int open_signals(struct sa_error *err)
{
	sigset_t set;
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigaction(SIGPIPE, &ignore, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* Not blocked, so it ends us, until a script says otherwise. */
	sigaddset(&set, SIGINT);
	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? error_set_errno(err, PROBLEM_FAILED, errno, "signalfd") : fd;
}

/* --prompt: one session in the working folder with one turn. */
static int start_prompt(struct agent *agent, const char *prompt, struct sa_error *err)
{
	cleanup_free char *cwd = getcwd(NULL, 0);
	struct session *session = session_create(&agent->store, cwd ? cwd : "/", err);
	if (!session)
		return -1;
	agent_add_session(agent, session);
	turn_queue(agent, session, SPAN_LIT("\"prompt\""), xstrdup(prompt), "text");
	return 0;
}

static void agent_free(struct agent *agent)
{
	while (agent->sessions) {
		while (agent->sessions->turns)
			turn_free(agent->sessions->turns);
		agent_drop_session(agent, agent->sessions);
	}
	out_free(&agent->out);
	store_free(&agent->store);
}

int agent_run(const struct agent_options *options, struct sa_error *err)
{
	struct agent agent = {.needs_auth = false};
	const char *auth = getenv("SA_MOCK_AUTH");
	agent.needs_auth = auth && strcmp(auth, "1") == 0;
	cleanup_close int signal_fd = open_signals(err);
	if (signal_fd < 0)
		return -1;
	cleanup_free char *chunk = xmalloc(AGENT_CHUNK_BYTES);
	struct loop loop = {.agent = &agent,
			    .chunk = chunk,
			    .signal_fd = signal_fd,
			    .is_one_shot = options->prompt != NULL,
			    .settle_ms = AGENT_SETTLE_MS};
	lines_init(&loop.lines, AGENT_LINE_MAX);
	out_init(&agent.out, STDOUT_FILENO);
	agent.abilities = options->abilities;
	store_init(&agent.store, options->state_dir, options->is_stateless);
	int status = options->prompt ? start_prompt(&agent, options->prompt, err) : 0;
	if (status == 0)
		status = serve(&loop, err);
	if (status >= 0)
		settle(&agent, loop.settle_ms);
	agent_free(&agent);
	lines_free(&loop.lines);
	return status;
}
