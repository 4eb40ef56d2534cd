#include "children.h"

#include "answer.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/words.h"
#include "match.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum child_kind {
	CHILD_FILTER,
	CHILD_OUTPUT, /* what it prints is the answer */
	CHILD_OWNER,  /* the connection is its own */
};

struct child {
	struct front *front;
	struct conn *conn; /* NULL: nobody waits for it any more */
	enum child_kind kind;
	pid_t pid;
	struct watch in, out, errors; /* our ends of its pipes, owned */
	int end_fd;		      /* where BODY_HELD's end is told, owned; -1: nowhere */
	struct buf output, error_text;
	struct child *next;
};

static struct child *add(struct front *front, enum child_kind kind, struct conn *c)
{
	struct child *child = xcalloc(1, sizeof(*child));
	*child = (struct child){
	    .front = front,
	    .conn = c,
	    .kind = kind,
	    .in = WATCH_INIT,
	    .out = WATCH_INIT,
	    .errors = WATCH_INIT,
	    .end_fd = -1,
	    .output = BUF_INIT(COMMAND_OUTPUT_BYTES),
	    .error_text = BUF_INIT(COMMAND_ERROR_BYTES),
	    .next = front->children,
	};
	front->children = child;
	front->child_count++;
	return child;
}

static void free_child(struct child *child)
{
	struct front *front = child->front;
	loop_close(&front->loop, &child->in);
	loop_close(&front->loop, &child->out);
	loop_close(&front->loop, &child->errors);
	if (child->end_fd >= 0)
		close(child->end_fd);
	buf_free(&child->output);
	buf_free(&child->error_text);
	front->child_count--;
	free(child);
}

int children_check_room(const struct front *front, struct sa_error *err)
{
	return front->child_count < front->options->commands
		   ? 0
		   : error_set(err, PROBLEM_SESSION_BUSY, "%zu commands run already",
			       front->child_count);
}

/* The program beside us or on PATH, as a child that keeps our rules. The pid, or -1. */
static pid_t start_program(struct front *front, struct spawn *spawn, char *const *words,
			   struct sa_error *err)
{
	cleanup_free char *path = dirs_find_sibling(words[0]);
	if (!path)
		return error_set(err, PROBLEM_STREAM_ERROR, "%s is not installed", words[0]);
	if (children_check_room(front, err) < 0)
		return -1;
	front->has_run_commands = true;
	spawn->path = path;
	spawn->argv = words;
	spawn->fds[2] = spawn->fds[2] < 0 ? STDERR_FILENO : spawn->fds[2];
	pid_t pid = spawn_start(spawn, err);
	/* We have raised our own limit; what select(2)s must not inherit it. */
	if (pid > 0)
		prlimit(pid, RLIMIT_NOFILE, &front->file_limit, NULL);
	return pid;
}

int children_start_filter(struct front *front, const char *const *words, const int *fds,
			  struct sa_error *err)
{
	struct spawn spawn = SPAWN_INIT;
	spawn.fds[0] = fds[0];
	spawn.fds[1] = fds[1];
	/* A process group of its own: Ctrl-C in a terminal is for us, we tell the commands. */
	spawn.is_session_leader = true;
	pid_t pid = start_program(front, &spawn, (char *const *)(uintptr_t)words, err);
	if (pid < 0)
		return -1;
	add(front, CHILD_FILTER, NULL)->pid = pid;
	return 0;
}

/* --- one for a request ------------------------------------------------------------- */

static void on_input_room(void *arg, uint32_t events)
{
	struct child *child = arg;
	loop_want(&child->front->loop, &child->in, 0);
	if (events & (EPOLLERR | EPOLLHUP)) /* it reads no more */
		loop_close(&child->front->loop, &child->in);
	if (child->conn)
		conn_feed(child->conn);
}

/* 1: more may come, 0: nothing now, -1: at its end. What is over the ceiling is dropped. */
static int read_pipe(struct child *child, struct watch *watch, struct buf *b)
{
	char *room = child->front->read_buffer;
	ssize_t n = read(watch->fd, room, READ_BYTES);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0) {
		buf_add(b, room, (size_t)n);
		return 1;
	}
	loop_close(&child->front->loop, watch);
	return -1;
}

static void on_output(void *arg, uint32_t events)
{
	struct child *child = arg;
	(void)events;
	read_pipe(child, &child->out, &child->output);
}

static void on_error_text(void *arg, uint32_t events)
{
	struct child *child = arg;
	(void)events;
	read_pipe(child, &child->errors, &child->error_text);
}

static int watch_pipes(struct child *child, const int *fds)
{
	struct loop *loop = &child->front->loop;
	for (int i = 0; i < 3; i++)
		io_set_nonblocking(fds[i]);
	if (loop_watch(loop, &child->in, fds[0], 0, on_input_room, child) < 0 ||
	    loop_watch(loop, &child->out, fds[1], EPOLLIN, on_output, child) < 0 ||
	    loop_watch(loop, &child->errors, fds[2], EPOLLIN, on_error_text, child) < 0)
		return -1;
	return 0;
}

static void close_all(const int *fds, int count)
{
	for (int i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void name_request(struct conn *c)
{
	char id[REQUEST_ID_BYTES];
	exchange_id(c, id);
	setenv("SANDBOX_AGENT_REQUEST_ID", id, 1);
}

int children_start(struct conn *c, struct sa_error *err)
{
	struct exchange *x = &c->exchange;
	static const char *const nothing[] = {NULL};
	int p[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
	bool is_held = x->route->body == BODY_HELD;
	if (pipe2(p, O_CLOEXEC) < 0 || pipe2(p + 2, O_CLOEXEC) < 0 || pipe2(p + 4, O_CLOEXEC) < 0 ||
	    (is_held && pipe2(p + 6, O_CLOEXEC) < 0)) {
		close_all(p, 8);
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make pipes");
	}
	char **words = match_words(x->route, &x->params, &x->headers, nothing);
	char **argv = xcalloc(COMMAND_WORDS_MAX, sizeof(*argv));
	size_t n = 0;
	argv[n++] = (char *)(uintptr_t)x->route->command;
	for (size_t i = 0; words[i] && n + 1 < COMMAND_WORDS_MAX; i++)
		argv[n++] = words[i];
	struct spawn spawn = SPAWN_INIT;
	spawn.fds[0] = p[0];
	spawn.fds[1] = p[3];
	spawn.fds[2] = p[5];
	if (is_held) {
		spawn.fds[3] = p[6];
		spawn.fds[4] = p[1];
		spawn.fd_count = 5;
	}
	spawn.is_session_leader = true;
	spawn.parent_death_signal = SIGTERM;
	name_request(c);
	pid_t pid = start_program(c->front, &spawn, argv, err);
	free(argv);
	words_free(words);
	close_all((int[]){p[0], p[3], p[5], p[6]}, 4);
	const int ours[4] = {p[1], p[2], p[4], p[7]};
	if (pid < 0) {
		close_all(ours, 4);
		return -1;
	}
	struct child *child = add(c->front, CHILD_OUTPUT, c);
	child->pid = pid;
	child->end_fd = p[7];
	x->child = child;
	if (watch_pipes(child, ours) == 0)
		return 0;
	child->conn = NULL;
	x->child = NULL;
	kill(pid, SIGKILL);
	return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "watch %s", x->route->command);
}

size_t children_write(struct conn *c, struct span data)
{
	struct child *child = c->exchange.child;
	size_t done = 0;
	/* One that reads no more (it has failed, or knows enough) is not held up. */
	if (!child || child->in.fd < 0)
		return data.n;
	while (done < data.n) {
		ssize_t n = write(child->in.fd, data.p + done, data.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			loop_want(&child->front->loop, &child->in, EPOLLOUT);
			return done;
		}
		if (n < 0) {
			loop_close(&child->front->loop, &child->in);
			return data.n;
		}
		done += (size_t)n;
	}
	return done;
}

void children_end_input(struct conn *c)
{
	struct child *child = c->exchange.child;
	if (!child)
		return;
	/* One byte into an empty pipe; a command that has left does not want it. */
	if (child->end_fd >= 0 && write(child->end_fd, "\n", 1) < 0 && errno != EPIPE)
		kill(child->pid, SIGTERM);
	loop_close(&c->front->loop, &child->in);
}

/* --- owners of connections -------------------------------------------------------------- */

/* The bytes as a file from its start. -1: nothing. */
static int as_file(const struct buf *bytes)
{
	if (bytes->len == 0)
		return -1;
	int fd = memfd_create("bytes", MFD_CLOEXEC);
	if (fd >= 0 && (io_write_all(fd, buf_span(bytes)) < 0 || lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* What the client has sent behind its handshake. */
static int early_bytes(struct conn *c)
{
	int fd = as_file(&c->bytes);
	buf_clear(&c->bytes);
	return fd;
}

/* The body of a request whose answer is a stream. */
static int body_bytes(struct conn *c)
{
	struct exchange *x = &c->exchange;
	int fd = as_file(&x->body);
	c->front->buffered -= x->body.len;
	buf_free(&x->body);
	return fd;
}

static void set_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

void children_hand_over(struct conn *c)
{
	struct exchange *x = &c->exchange;
	struct sa_error err = SA_ERROR_INIT;
	static const char *const nothing[] = {NULL};
	static const char *const preread[] = {"--preread-fd", "3", NULL};
	bool is_socket = x->route->answer == ANSWER_SOCKET;
	cleanup_close int early = is_socket ? early_bytes(c) : -1;
	cleanup_close int body = is_socket ? -1 : body_bytes(c);
	char **words =
	    match_words(x->route, &x->params, &x->headers, early >= 0 ? preread : nothing);
	struct spawn spawn = SPAWN_INIT;
	spawn.fds[0] = is_socket ? c->in_fd : body;
	spawn.fds[1] = c->out_fd;
	spawn.fds[3] = early;
	spawn.fd_count = early >= 0 ? 4 : 3;
	spawn.is_session_leader = true;
	/* It needs nothing of us: a stream goes on when we are gone. */
	name_request(c);
	loop_forget(&c->front->loop, &c->in);
	loop_forget(&c->front->loop, &c->out);
	set_blocking(c->out_fd);
	c->state = CONN_HANDED;
	timer_stop(&c->timer);
	pid_t pid = start_program(c->front, &spawn, words, &err);
	words_free(words);
	if (pid < 0) {
		/* The head is out: all that is left is to end it. */
		conn_close(c);
		return;
	}
	struct child *child = add(c->front, CHILD_OWNER, c);
	child->pid = pid;
	x->child = child;
}

void children_forget(struct conn *c)
{
	struct child *child = c->exchange.child;
	c->exchange.child = NULL;
	if (!child)
		return;
	child->conn = NULL;
	kill(child->pid, SIGTERM);
}

/* --- their end ------------------------------------------------------------------------------ */

static void finish(struct child *child, int status)
{
	struct conn *c = child->conn;
	if (c) {
		c->exchange.child = NULL;
		child->conn = NULL;
	}
	if (c && child->kind == CHILD_OWNER)
		conn_return(c);
	if (!c || child->kind != CHILD_OUTPUT)
		return;
	/* What it printed last is still in the pipes; whoever else holds them is not waited for. */
	while (child->out.fd >= 0 && read_pipe(child, &child->out, &child->output) > 0)
		continue;
	while (child->errors.fd >= 0 && read_pipe(child, &child->errors, &child->error_text) > 0)
		continue;
	struct sa_error err = SA_ERROR_INIT;
	error_set(&err, PROBLEM_TOO_LARGE, "the command's answer is over %d bytes",
		  COMMAND_OUTPUT_BYTES);
	if (child->output.is_overflowed)
		answer_error(c, &err);
	else
		exchange_on_output(c, status, buf_span(&child->output),
				   buf_span(&child->error_text));
	conn_resume(c);
}

void children_reap(struct front *front)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child **at = &front->children;
		while (*at && (*at)->pid != pid)
			at = &(*at)->next;
		struct child *child = *at;
		if (!child)
			continue;
		*at = child->next;
		finish(child, status);
		free_child(child);
	}
}

void children_stop(struct front *front, bool is_hard)
{
	for (struct child *child = front->children; child; child = child->next)
		if (is_hard || child->kind != CHILD_FILTER)
			kill(child->pid, is_hard ? SIGKILL : SIGTERM);
}

void children_free(struct front *front)
{
	while (front->children) {
		struct child *child = front->children;
		front->children = child->next;
		free_child(child);
	}
}
