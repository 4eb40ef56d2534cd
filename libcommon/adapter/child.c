#include "adapter/child.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "os/io.h"
#include "os/proctree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* How long a dead child's output is read on: descendants may hold the pipe open. */
enum { CHILD_REST_MS = 200 };

void child_init(struct child *child)
{
	*child = (struct child){
	    .err = WATCH_INIT,
	    .exit = WATCH_INIT,
	    .deadline = DEADLINE_NEVER,
	    .stderr_tail = BUF_INIT(2 * CHILD_STDERR_BYTES),
	};
}

static bool read_stderr(struct child *child)
{
	char chunk[CHILD_STDERR_BYTES];
	if (child->err.fd < 0)
		return false;
	ssize_t n = read(child->err.fd, chunk, sizeof(chunk));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		loop_close(child->loop, &child->err);
		return false;
	}
	io_write_all(STDERR_FILENO, (struct span){chunk, (size_t)n});
	struct buf *tail = &child->stderr_tail;
	if (tail->len + (size_t)n > CHILD_STDERR_BYTES) {
		size_t over = tail->len + (size_t)n - CHILD_STDERR_BYTES;
		buf_consume(tail, over < tail->len ? over : tail->len);
	}
	buf_add(tail, chunk, (size_t)n);
	return true;
}

static void on_err(void *arg, uint32_t events)
{
	(void)events;
	read_stderr(arg);
}

static void on_pidfd(void *arg, uint32_t events)
{
	(void)events;
	struct child *child = arg;
	child->status = spawn_wait(child->pid);
	loop_close(child->loop, &child->exit);
	if (WIFSIGNALED(child->status) && !child->signal_sent)
		proctree_kill_tagged(CHILD_TAG, child->tag);
	int64_t deadline = deadline_after(CHILD_REST_MS);
	while (wire_read(&child->wire) && deadline_poll_ms(deadline) > 0)
		continue;
	while (read_stderr(child) && deadline_poll_ms(deadline) > 0)
		continue;
	child->state = CHILD_OVER;
	child->deadline = DEADLINE_NEVER;
	loop_close(child->loop, &child->err);
	wire_free(&child->wire);
	child->on_exit(child->arg);
}

/* A pipe whose end `ours` stays here and whose other end goes to the child. 0, or -1. */
static int make_pipe(int ours, int *ret_ours, int *ret_theirs)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	*ret_ours = fds[ours];
	*ret_theirs = fds[1 - ours];
	return 0;
}

static int watch_all(struct child *child, int in, int out, int err_fd, size_t line_bytes,
		     const struct wire_events *events, struct sa_error *err)
{
	int pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0u);
	if (pidfd < 0 || io_set_nonblocking(err_fd) < 0 ||
	    wire_init(&child->wire, child->loop, out, in, line_bytes, events, child->arg) < 0 ||
	    loop_watch(child->loop, &child->err, err_fd, EPOLLIN, on_err, child) < 0 ||
	    loop_watch(child->loop, &child->exit, pidfd, EPOLLIN, on_pidfd, child) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch the agent's pipes");
	return 0;
}

/* As spawn_start, with the child's tag in its environment. */
static pid_t start_tagged(struct child *child, struct spawn *spawn, struct sa_error *err)
{
	char *const *env = spawn->env ? spawn->env : environ;
	size_t count = 0;
	while (env[count])
		count++;
	child->tag = ident_random(20);
	cleanup_free char *entry = xasprintf("%s=%s", CHILD_TAG, child->tag);
	cleanup_free char **all = xcalloc(count + 2, sizeof(*all));
	memcpy(all, env, count * sizeof(*all));
	all[count] = entry;
	struct spawn tagged = *spawn;
	tagged.env = all;
	return spawn_start(&tagged, err);
}

int child_start(struct child *child, struct loop *loop, struct spawn *spawn, size_t line_bytes,
		const struct wire_events *events, void (*on_exit)(void *arg), void *arg,
		struct sa_error *err)
{
	cleanup_close int in = -1, out = -1, err_fd = -1;
	cleanup_close int their_in = -1, their_out = -1, their_err = -1;
	child_free(child);
	if (make_pipe(1, &in, &their_in) < 0 || make_pipe(0, &out, &their_out) < 0 ||
	    make_pipe(0, &err_fd, &their_err) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a pipe");
	spawn->fds[0] = their_in;
	spawn->fds[1] = their_out;
	spawn->fds[2] = their_err;
	spawn->parent_death_signal = SIGKILL;
	pid_t pid = start_tagged(child, spawn, err);
	if (pid < 0)
		return -1;
	child->loop = loop;
	child->pid = pid;
	child->state = CHILD_RUNNING;
	child->on_exit = on_exit;
	child->arg = arg;
	return watch_all(child, TAKE_FD(in), TAKE_FD(out), TAKE_FD(err_fd), line_bytes, events,
			 err);
}

static void signal_tree(struct child *child, int number)
{
	proctree_signal(child->pid, 0, number);
	kill(child->pid, number);
	child->signal_sent = number;
}

void child_stop(struct child *child, int64_t grace_ms)
{
	if (child->state != CHILD_RUNNING)
		return;
	child->state = CHILD_STOPPING;
	child->grace_ms = grace_ms;
	child->deadline = deadline_after(grace_ms);
	wire_close_out(&child->wire);
	if (grace_ms <= 0)
		signal_tree(child, SIGKILL);
}

int64_t child_tick(struct child *child)
{
	if (child->state == CHILD_STOPPING && deadline_poll_ms(child->deadline) == 0) {
		signal_tree(child, child->signal_sent ? SIGKILL : SIGTERM);
		child->deadline = deadline_after(child->grace_ms);
	}
	return child->deadline;
}

void child_free(struct child *child)
{
	if (child_is_alive(child)) {
		signal_tree(child, SIGKILL);
		spawn_wait(child->pid);
	}
	if (child->loop) {
		loop_close(child->loop, &child->exit);
		loop_close(child->loop, &child->err);
		wire_free(&child->wire);
	}
	buf_free(&child->stderr_tail);
	free(child->tag);
	child_init(child);
}

/* Has the line something to read, besides what moves a terminal's cursor? */
static bool has_words(struct span line)
{
	bool is_escape = false;
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];
		if (c == '\033')
			is_escape = true;
		else if (is_escape && ((c >= '@' && c <= 'Z') || (c >= 'a' && c <= '~')))
			is_escape = false; /* the final byte of a control sequence */
		else if (!is_escape && c > ' ')
			return true;
	}
	return false;
}

struct span child_last_words(const struct child *child)
{
	struct span text = span_trim(buf_span(&child->stderr_tail));
	while (text.n) {
		const char *newline = memrchr(text.p, '\n', text.n);
		size_t start = newline ? (size_t)(newline + 1 - text.p) : 0;
		struct span line = {text.p + start, text.n - start};
		if (has_words(line))
			return line;
		text.n = newline ? start - 1 : 0;
	}
	return text;
}

char *child_how_it_ended(const struct child *child)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (WIFSIGNALED(child->status))
		buf_addf(&b, "was killed by signal %d (%s)", WTERMSIG(child->status),
			 strsignal(WTERMSIG(child->status)));
	else
		buf_addf(&b, "exited with status %d", WEXITSTATUS(child->status));
	struct span words = child_last_words(child);
	if (words.n) {
		buf_adds(&b, ": ");
		utf8_add_repaired(&b, (struct span){words.p, utf8_cut(words, 400)});
	}
	return buf_take(&b);
}
