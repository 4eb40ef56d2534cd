#include "agent_io.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "batch.h"
#include "os/io.h"
#include "traffic.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- stdin ------------------------------------------------------------------ */

static void write_stdin(struct supervisor *sv)
{
	size_t done = 0;
	while (sv->agent_in.fd >= 0 && done < sv->to_agent.len) {
		ssize_t n =
		    write(sv->agent_in.fd, sv->to_agent.data + done, sv->to_agent.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			/* It closed its stdin. If it is dead we will hear of that. */
			loop_close(&sv->loop, &sv->agent_in);
			done = sv->to_agent.len;
			break;
		}
		done += (size_t)n;
	}
	buf_consume(&sv->to_agent, done);
	buf_shrink(&sv->to_agent);
	loop_want(&sv->loop, &sv->agent_in, sv->to_agent.len ? EPOLLOUT : 0);
}

static void on_stdin(void *arg, uint32_t events)
{
	struct supervisor *sv = arg;
	if (events & (EPOLLERR | EPOLLHUP) && sv->to_agent.len == 0)
		loop_close(&sv->loop, &sv->agent_in);
	else
		write_stdin(sv);
}

bool agent_io_refuses(const struct supervisor *sv, struct sa_error *err)
{
	if (sv->life != LIFE_RUNNING || sv->agent_in.fd < 0)
		return error_set(err, PROBLEM_AGENT_PROCESS_EXITED,
				 sv->life == LIFE_RUNNING ? "the agent has closed its input"
							  : "the agent is ending") < 0;
	if (sv->to_agent.len > AGENT_QUEUE_BYTES + sv->options->line_limit_bytes)
		return error_set(err, PROBLEM_AGENT_STALLED,
				 "the agent does not read its input (%zu bytes wait)",
				 sv->to_agent.len) < 0;
	return false;
}

void agent_io_send(struct supervisor *sv, struct span line)
{
	bool was_empty = sv->to_agent.len == 0;
	size_t start = sv->to_agent.len;
	buf_add_span(&sv->to_agent, line);
	/* A newline between tokens is white space, but would cut the line in two. */
	for (char *p; (p = memchr(sv->to_agent.data + start, '\n', sv->to_agent.len - start));)
		*p = ' ';
	buf_addc(&sv->to_agent, '\n');
	if (was_empty)
		write_stdin(sv);
}

void agent_io_close_stdin(struct supervisor *sv)
{
	write_stdin(sv);
	loop_close(&sv->loop, &sv->agent_in);
	buf_free(&sv->to_agent);
}

/* --- stdout ------------------------------------------------------------------ */

static void take_lines(struct supervisor *sv)
{
	struct span line;
	enum lines_result result;
	while ((result = lines_next(&sv->from_agent, &line)) != LINES_MORE) {
		if (result == LINES_TOO_LONG)
			traffic_line_too_long(sv, line, sv->from_agent.skipped_bytes);
		else
			traffic_from_agent(sv, line);
	}
}

static void end_stdout(struct supervisor *sv)
{
	struct span line;
	enum lines_result result = lines_end(&sv->from_agent, &line);
	if (result == LINES_TOO_LONG)
		traffic_line_too_long(sv, line, sv->from_agent.skipped_bytes);
	else if (result == LINES_LINE)
		traffic_from_agent(sv, line);
	loop_close(&sv->loop, &sv->agent_out);
}

/* One read. Whether there may be more. */
static bool read_stdout(struct supervisor *sv)
{
	if (sv->agent_out.fd < 0)
		return false;
	ssize_t n = read(sv->agent_out.fd, sv->read_buffer, READ_BYTES);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		end_stdout(sv);
		return false;
	}
	sv->last_byte_ms = clock_monotonic_ms();
	lines_feed(&sv->from_agent, (struct span){sv->read_buffer, (size_t)n});
	take_lines(sv);
	return true;
}

/* What a busy agent has ready goes into one commit, within bounds: a commit costs as much as
 * many events. */
static void on_stdout(void *arg, uint32_t events)
{
	struct supervisor *sv = arg;
	(void)events;
	while (read_stdout(sv) && batch_bytes(sv) < BATCH_BYTES)
		continue;
}

/* --- stderr ------------------------------------------------------------------ */

static bool read_stderr(struct supervisor *sv)
{
	char chunk[4096];
	if (sv->agent_err.fd < 0)
		return false;
	ssize_t n = read(sv->agent_err.fd, chunk, sizeof(chunk));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		loop_close(&sv->loop, &sv->agent_err);
		return false;
	}
	sv->last_byte_ms = clock_monotonic_ms();
	struct buf *tail = &sv->stderr_tail;
	size_t need = tail->len + (size_t)n;
	if (need > STDERR_TAIL_BYTES)
		buf_consume(tail, need - STDERR_TAIL_BYTES < tail->len ? need - STDERR_TAIL_BYTES
								       : tail->len);
	buf_add(tail, chunk, (size_t)n);
	return true;
}

static void on_stderr(void *arg, uint32_t events)
{
	(void)events;
	read_stderr(arg);
}

/* --- all three ---------------------------------------------------------------- */

int agent_io_init(struct supervisor *sv, int stdin_fd, int stdout_fd, int stderr_fd,
		  struct sa_error *err)
{
	io_set_nonblocking(stdin_fd);
	io_set_nonblocking(stdout_fd);
	io_set_nonblocking(stderr_fd);
	/* Larger reads are larger commits. A refusal (pipe-user-pages-soft) does no harm. */
	fcntl(stdout_fd, F_SETPIPE_SZ, AGENT_PIPE_BYTES);
	buf_init(&sv->to_agent, BUF_MAX_OWN);
	buf_init(&sv->stderr_tail, STDERR_TAIL_BYTES + 4096);
	lines_init(&sv->from_agent, sv->options->line_limit_bytes);
	sv->read_buffer = xmalloc(READ_BYTES);
	if (loop_watch(&sv->loop, &sv->agent_in, stdin_fd, 0, on_stdin, sv) < 0 ||
	    loop_watch(&sv->loop, &sv->agent_out, stdout_fd, EPOLLIN, on_stdout, sv) < 0 ||
	    loop_watch(&sv->loop, &sv->agent_err, stderr_fd, EPOLLIN, on_stderr, sv) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch the agent's pipes");
	return 0;
}

void agent_io_drain(struct supervisor *sv, int64_t deadline_ms)
{
	int64_t deadline = deadline_after(deadline_ms);
	while (read_stdout(sv) && deadline_poll_ms(deadline) > 0)
		batch_flush(sv);
	while (read_stderr(sv) && deadline_poll_ms(deadline) > 0)
		continue;
	if (sv->agent_out.fd >= 0)
		end_stdout(sv);
	loop_close(&sv->loop, &sv->agent_err);
	loop_close(&sv->loop, &sv->agent_in);
}

void agent_io_settle(struct supervisor *sv)
{
	loop_want(&sv->loop, &sv->agent_out, sv->store_problem ? 0 : EPOLLIN);
}

void agent_io_free(struct supervisor *sv)
{
	loop_close(&sv->loop, &sv->agent_in);
	loop_close(&sv->loop, &sv->agent_out);
	loop_close(&sv->loop, &sv->agent_err);
	lines_free(&sv->from_agent);
	buf_free(&sv->to_agent);
	buf_free(&sv->stderr_tail);
	free(sv->read_buffer);
}

/* --- how it ended --------------------------------------------------------------- */

static struct span last_line(struct span text)
{
	text = span_trim(text);
	const char *newline = text.n ? memrchr(text.p, '\n', text.n) : NULL;
	if (!newline)
		return text;
	size_t skip = (size_t)(newline + 1 - text.p);
	return (struct span){text.p + skip, text.n - skip};
}

char *agent_io_how_it_ended(const struct supervisor *sv)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	int status = sv->agent_status;
	if (WIFSIGNALED(status))
		buf_addf(&b, "agent '%s' was killed by signal %d (%s)", sv->server.agent,
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		buf_addf(&b, "agent '%s' exited with status %d", sv->server.agent,
			 WEXITSTATUS(status));
	struct span line = last_line(buf_span(&sv->stderr_tail));
	if (line.n) {
		buf_adds(&b, ": ");
		utf8_add_repaired(&b, (struct span){line.p, utf8_cut(line, 400)});
	}
	return buf_take(&b);
}

void agent_io_add_exit(const struct supervisor *sv, struct buf *b)
{
	int status = sv->agent_status;
	json_key(b, "code");
	if (WIFSIGNALED(status))
		json_add_null(b);
	else
		json_add_int(b, WEXITSTATUS(status));
	if (WIFSIGNALED(status))
		json_kv_int(b, "signal", WTERMSIG(status));
	struct span words = span_trim(buf_span(&sv->stderr_tail));
	json_kv_span(b, "stderr", words.n ? words : SPAN_NONE);
}
