#include "probe.h"

#include "agent/advice.h"
#include "agent/hygiene.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "json/lines.h"
#include "json/scan.h"
#include "json/write.h"
#include "os/guard.h"
#include "os/io.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, END_WAIT_MS = 5000, ID_INITIALIZE = 1, ID_SESSION = 2 };

struct talk {
	int in_fd; /* to the agent */
	int out_fd;
	int err_fd;
	int control_fd; /* of its guard */
	pid_t guard;
	struct lines lines;
	struct buf chunk;
	struct buf words; /* the end of stderr */
	int64_t deadline;
	int wait_status;
	bool has_ended;
};

void probe_clear(struct probe *probe)
{
	buf_free(&probe->initialize);
	buf_free(&probe->session);
	free(probe->session_error);
	probe->session_error = NULL;
}

static int64_t wait_ms(void)
{
	const char *wish = getenv("SANDBOX_AGENT_PROBE_TIMEOUT_MS");
	uint64_t ms;
	if (wish && num_parse_u64(span_of(wish), 600000, &ms) == 0 && ms > 0)
		return (int64_t)ms;
	return PROBE_WAIT_MS;
}

static int start(struct talk *t, const struct agent_program *program, const char *cwd,
		 struct sa_error *err)
{
	int in[2], out[2], error_pipe[2];
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
	    pipe2(error_pipe, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make pipes");
	cleanup_hygiene struct hygiene env = HYGIENE_INIT;
	hygiene_environment(program->name, false, false, NULL, 0, &env);
	hygiene_hide_own(&env);
	struct guard_plan plan = {.argv = program->argv,
				  .cwd = cwd,
				  .env = env.entries,
				  .stdin_fd = in[0],
				  .stdout_fd = out[1],
				  .stderr_fd = error_pipe[1]};
	t->in_fd = in[1];
	t->out_fd = out[0];
	t->err_fd = error_pipe[0];
	t->control_fd = guard_fork(&plan, &t->guard, err);
	close(in[0]);
	close(out[1]);
	close(error_pipe[1]);
	if (t->control_fd < 0)
		return -1;
	io_set_nonblocking(t->in_fd);
	return guard_start(t->control_fd, NULL, NULL, err);
}

/* End the tree and wait until nothing is left of it. */
static void finish(struct talk *t)
{
	struct guard_message message;
	int64_t deadline = deadline_after(END_WAIT_MS);
	if (t->control_fd >= 0) {
		guard_kill(t->control_fd);
		for (;;) {
			struct pollfd p = {.fd = t->control_fd, .events = POLLIN};
			if (poll(&p, 1, deadline_poll_ms(deadline)) <= 0)
				break;
			ssize_t n = recv(t->control_fd, &message, sizeof(message), 0);
			if (n <= 0 || message.type == GUARD_GONE)
				break;
		}
		close(t->control_fd);
		waitpid(t->guard, NULL, 0);
	}
	const int fds[] = {t->in_fd, t->out_fd, t->err_fd};
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	lines_free(&t->lines);
	buf_free(&t->chunk);
	buf_free(&t->words);
}

static void read_words(struct talk *t)
{
	if (t->words.len > PROBE_STDERR_BYTES / 2)
		buf_consume(&t->words, t->words.len - PROBE_STDERR_BYTES / 2);
	if (io_read_some(t->err_fd, &t->words, PROBE_STDERR_BYTES / 2) <= 0) {
		close(t->err_fd);
		t->err_fd = -1;
	}
}

/* 0; -1 with err: it could not be started. */
static int read_control(struct talk *t, struct sa_error *err)
{
	struct guard_message message;
	ssize_t n = recv(t->control_fd, &message, sizeof(message), 0);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0) {
		t->has_ended = true;
		return 0;
	}
	if (message.type == GUARD_FAILED)
		return error_set(err, (enum problem_kind)message.number, "%s", message.text);
	if (message.type == GUARD_EXITED) {
		t->has_ended = true;
		t->wait_status = message.number;
	}
	return 0;
}

/* Whatever is left in the pipe when the agent has ended, without waiting. */
static void read_last_words(struct talk *t)
{
	while (t->err_fd >= 0) {
		struct pollfd p = {.fd = t->err_fd, .events = POLLIN};
		if (poll(&p, 1, 0) <= 0)
			return;
		read_words(t);
	}
}

static int died(struct talk *t, const char *agent, struct sa_error *err)
{
	read_last_words(t);
	struct span said = span_trim(buf_span(&t->words));
	struct buf text = BUF_INIT(BUF_MAX_OWN);
	utf8_add_repaired(&text, said);
	int s = t->wait_status;
	error_set(err, PROBLEM_AGENT_PROCESS_EXITED, "it ended with %s %d%s%s",
		  WIFSIGNALED(s) ? "signal" : "status", WIFSIGNALED(s) ? WTERMSIG(s) : WEXITSTATUS(s),
		  text.len ? ": " : ", without a word", text.len ? text.data : "");
	advice_add(err, agent, said);
	buf_free(&text);
	return -1;
}

/* The message that answers id, out of the lines at hand. false: not among them. */
static bool find_answer(struct talk *t, int id, struct buf *ret)
{
	struct span line;
	enum lines_result rc;
	while ((rc = lines_next(&t->lines, &line)) != LINES_MORE) {
		if (rc != LINES_LINE || json_check(line, NULL) < 0)
			continue;
		if (json_get(line, "method").p || json_int_or(json_get(line, "id"), -1) != id)
			continue;
		buf_clear(ret);
		buf_add_span(ret, span_trim(line));
		return true;
	}
	return false;
}

/* Wait for the answer to id. 0, or -1. */
static int wait_answer(struct talk *t, const char *agent, int id, struct buf *ret,
		       struct sa_error *err)
{
	while (!find_answer(t, id, ret)) {
		struct pollfd p[] = {{.fd = t->out_fd, .events = POLLIN},
				     {.fd = t->err_fd, .events = POLLIN},
				     {.fd = t->control_fd, .events = POLLIN}};
		int rc = poll(p, ARRAY_SIZE(p), deadline_poll_ms(t->deadline));
		if (rc < 0 && errno != EINTR)
			return error_set_errno(err, PROBLEM_FAILED, errno, "poll");
		if (rc == 0)
			return error_set(err, PROBLEM_TIMEOUT, "it did not answer in time");
		if (p[1].revents)
			read_words(t);
		if (p[0].revents) {
			buf_clear(&t->chunk);
			if (io_read_some(t->out_fd, &t->chunk, READ_BYTES) > 0) {
				lines_feed(&t->lines, buf_span(&t->chunk));
				continue;
			}
			close(t->out_fd);
			t->out_fd = -1;
		}
		if (p[2].revents && read_control(t, err) < 0)
			return -1;
		if (t->has_ended && t->out_fd < 0)
			return died(t, agent, err);
	}
	return 0;
}

static int send_line(struct talk *t, const char *text, struct sa_error *err)
{
	/* An agent that does not read is told by the wait for its answer. */
	if (io_write_all(t->in_fd, span_of(text)) < 0 && errno != EPIPE)
		return error_set_errno(err, PROBLEM_FAILED, errno, "write to the agent");
	return 0;
}

/* Replace the message by its result. 0; -1: it is an error. */
static int take_result(struct buf *message, const char *agent, const char *method,
		       struct sa_error *err)
{
	struct span result = json_get(buf_span(message), "result");
	struct span error = json_get(buf_span(message), "error");
	if (result.p) {
		cleanup_free char *copy = xmemdup0(result.p, result.n);
		buf_clear(message);
		return buf_adds(message, copy);
	}
	cleanup_free char *text = json_string_dup(json_get(error, "message"));
	int64_t code = json_int_or(json_get(error, "code"), 0);
	enum problem_kind kind = code == -32000 ? PROBLEM_AUTH_REQUIRED : PROBLEM_AGENT_ERROR;
	error_set(err, kind, "%s: %.500s", method, text ? text : "no result");
	advice_add(err, agent, error);
	return -1;
}

static int ask_session(struct talk *t, const char *agent, const char *cwd, struct probe *ret,
		       struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	buf_addf(&text, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"session/new\",\"params\":{",
		 ID_SESSION);
	json_kv_string(&text, "cwd", cwd);
	buf_adds(&text, ",\"mcpServers\":[]}}\n");
	if (send_line(t, text.data, err) < 0 ||
	    wait_answer(t, agent, ID_SESSION, &ret->session, err) < 0 ||
	    take_result(&ret->session, agent, "session/new", err) < 0) {
		buf_clear(&ret->session);
		if (err->kind == PROBLEM_AUTH_REQUIRED)
			advice_add_methods(err, json_get(buf_span(&ret->initialize), "authMethods"));
		ret->session_error = xstrdup(err->message);
	}
	return 0;
}

static int talk(struct talk *t, const struct agent_program *program, const char *cwd,
		bool has_session, struct probe *ret, struct sa_error *err)
{
	int64_t begun = clock_monotonic_ms();
	cleanup_free char *hello = xasprintf(
	    "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"initialize\",\"params\":{"
	    "\"protocolVersion\":1,\"clientCapabilities\":{\"fs\":{\"readTextFile\":false,"
	    "\"writeTextFile\":false},\"terminal\":false},\"clientInfo\":{\"name\":"
	    "\"sa-install-agent\",\"version\":\"%s\"}}}\n",
	    ID_INITIALIZE, SA_VERSION);
	if (start(t, program, cwd, err) < 0 || send_line(t, hello, err) < 0 ||
	    wait_answer(t, program->name, ID_INITIALIZE, &ret->initialize, err) < 0 ||
	    take_result(&ret->initialize, program->name, "initialize", err) < 0)
		return -1;
	ret->initialize_ms = clock_monotonic_ms() - begun;
	return has_session ? ask_session(t, program->name, cwd, ret, err) : 0;
}

int probe_run(const struct agent_program *program, bool has_session, struct probe *ret,
	      struct sa_error *err)
{
	const char *tmp = getenv("TMPDIR");
	cleanup_free char *cwd = xasprintf("%s/sa-probe.XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
	if (!mkdtemp(cwd))
		return error_set_errno(err, PROBLEM_FAILED, errno, "make %s", cwd);
	struct talk t = {.in_fd = -1,
			 .out_fd = -1,
			 .err_fd = -1,
			 .control_fd = -1,
			 .chunk = BUF_INIT(READ_BYTES),
			 .words = BUF_INIT(PROBE_STDERR_BYTES),
			 .deadline = deadline_after(wait_ms())};
	lines_init(&t.lines, PROBE_LINE_MAX_BYTES);
	int rc = talk(&t, program, cwd, has_session, ret, err);
	finish(&t);
	tree_remove(cwd);
	return rc < 0 ? error_prefix(err, "agent '%s'", program->name) : 0;
}
