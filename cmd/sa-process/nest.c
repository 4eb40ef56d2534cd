#include "nest.h"

#include "base/cleanup.h"
#include "base/ident.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "os/io.h"
#include "os/procstat.h"
#include "os/proctree.h"
#include "os/signals.h"
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TAG_LENGTH = 12,
	ORDER_FDS = 3,
	KILL_DEADLINE_MS = 5000,
	CHILDREN_BYTES = 16 * 1024,
	WORDS_BYTES = 16 * 1024, /* more of them go as a file */
};

/* What goes over the socket; with 'S' come the words, behind it or as a memfd, out and err. */
struct wire {
	char verb; /* 'S' start, 'K' kill */
	uint32_t serial;
	uint32_t bytes; /* of the words: path, cwd or "", arguments, "", environment, "" */
	uint32_t argc;
	uint32_t envc;
	bool has_cwd;
};

struct job {
	uint32_t serial;
	pid_t pid; /* also its session */
	bool is_dead;
	int status;
	struct job *next;
};

struct nest_state {
	int control;
	int signals;
	struct job *jobs;
	char children_path[64];
	const char *tag;
	char words[WORDS_BYTES]; /* of the order at hand */
};

/* --- the jobs' trees ------------------------------------------------------------------- */

static void tell(const struct nest_state *n, uint32_t serial, enum nest_message_type type,
		 int number, const char *text)
{
	struct nest_message message = {.serial = serial, .type = type, .number = number};
	snprintf(message.text, sizeof(message.text), "%.500s", text);
	send(n->control, &message, sizeof(message), MSG_NOSIGNAL);
}

/* The job that a stray child of ours (its own parents are gone) belongs to; NULL: who knows. */
static const struct job *owner_of(const struct nest_state *n, pid_t pid)
{
	struct procstat stat;
	if (!procstat_read(pid, &stat))
		return NULL;
	for (const struct job *job = n->jobs; job; job = job->next) {
		cleanup_free char *mark = xasprintf("%s.%u", n->tag, job->serial);
		if (stat.sid == job->pid || proctree_is_tagged(pid, NEST_RUN, mark))
			return job;
	}
	return NULL;
}

static bool is_main(const struct nest_state *n, pid_t pid)
{
	for (const struct job *job = n->jobs; job; job = job->next)
		if (job->pid == pid && !job->is_dead)
			return true;
	return false;
}

static bool has_living_job(const struct nest_state *n)
{
	for (const struct job *job = n->jobs; job; job = job->next)
		if (!job->is_dead)
			return true;
	return false;
}

/*
 * May this child of ours go? Not the main process of a living job, nor a
 * stray of one; a stray without a session or mark of any job is spared until
 * no job lives.
 */
static bool is_doomed(const struct nest_state *n, pid_t pid, bool has_living)
{
	if (is_main(n, pid))
		return false;
	const struct job *owner = has_living ? owner_of(n, pid) : NULL;
	return owner ? owner->is_dead : !has_living;
}

/* SIGKILL what dead jobs have left, and what is below it. How many there were. */
static size_t kill_strays(const struct nest_state *n)
{
	char text[CHILDREN_BYTES];
	size_t found = 0;
	bool has_living = has_living_job(n);
	cleanup_close int fd = open(n->children_path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (len < 0)
		return 0;
	text[len] = '\0';
	for (char *p = text; *p;) {
		uint64_t pid = 0;
		size_t digits = strcspn(p, " ");
		num_parse_u64((struct span){p, digits}, INT32_MAX, &pid);
		p += digits + (p[digits] == ' ');
		if (!pid || !is_doomed(n, (pid_t)pid, has_living))
			continue;
		found++;
		proctree_signal((pid_t)pid, 0, SIGKILL);
		kill((pid_t)pid, SIGKILL);
	}
	return found;
}

/* Dead jobs whose trees are gone are told and forgotten. */
static void settle(struct nest_state *n)
{
	bool has_dead = false;
	for (const struct job *job = n->jobs; job; job = job->next)
		has_dead = has_dead || job->is_dead;
	if (!has_dead || kill_strays(n) > 0)
		return;
	for (struct job **p = &n->jobs; *p;) {
		struct job *job = *p;
		if (!job->is_dead) {
			p = &job->next;
			continue;
		}
		tell(n, job->serial, NEST_EXITED, job->status, "");
		*p = job->next;
		free(job);
	}
}

static void reap(struct nest_state *n)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (struct job *job = n->jobs; job; job = job->next)
			if (job->pid == pid && !job->is_dead) {
				job->is_dead = true;
				job->status = status;
			}
	settle(n);
}

static void kill_job(struct nest_state *n, uint32_t serial)
{
	for (struct job *job = n->jobs; job; job = job->next) {
		if (job->serial != serial || job->is_dead)
			continue;
		/* Children first, lest they become strays; but their parent must not tell of it. */
		kill(-job->pid, SIGSTOP);
		proctree_signal(job->pid, 0, SIGKILL);
		kill(-job->pid, SIGKILL);
		kill(job->pid, SIGKILL);
	}
}

/* --- orders ---------------------------------------------------------------------------- */

/* Cut the words at their NULs; the array is the caller's to free. */
static char **cut(const char *words, size_t bytes, size_t count)
{
	char **items = xcalloc(count + 1, sizeof(*items));
	const char *p = words, *end = words + bytes;
	for (size_t i = 0; i < count && p < end; i++) {
		items[i] = (char *)(uintptr_t)p;
		p += strnlen(p, (size_t)(end - p)) + 1;
	}
	return items;
}

static void start_job(struct nest_state *n, const struct wire *wire, const int *fds)
{
	struct sa_error err = SA_ERROR_INIT;
	bool is_file = fds[2] >= 0;
	char *words =
	    !is_file ? n->words : mmap(NULL, wire->bytes, PROT_READ, MAP_PRIVATE, fds[2], 0);
	if (words == MAP_FAILED) {
		tell(n, wire->serial, NEST_FAILED, PROBLEM_STREAM_ERROR, strerror(errno));
		return;
	}
	cleanup_free char **items = cut(words, wire->bytes, 2 + wire->argc + wire->envc);
	char **argv = xcalloc(wire->argc + 1, sizeof(*argv));
	memcpy(argv, items + 2, wire->argc * sizeof(*argv));
	struct spawn spawn = SPAWN_INIT;
	spawn.path = items[0];
	spawn.argv = argv;
	spawn.env = items + 2 + wire->argc;
	spawn.cwd = wire->has_cwd ? items[1] : NULL;
	spawn.fds[1] = fds[0];
	spawn.fds[2] = fds[1];
	spawn.is_session_leader = true;
	spawn.parent_death_signal = SIGKILL;
	pid_t pid = spawn_start(&spawn, &err);
	free(argv);
	if (is_file)
		munmap(words, wire->bytes);
	if (pid < 0) {
		tell(n, wire->serial, NEST_FAILED, (int)err.kind, err.message);
		return;
	}
	struct job *job = xcalloc(1, sizeof(*job));
	*job = (struct job){.serial = wire->serial, .pid = pid, .next = n->jobs};
	n->jobs = job;
}

/* One order; false at the end of the connection. */
static bool take_order(struct nest_state *n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * ORDER_FDS)];
	} control;
	struct wire wire;
	struct iovec data[] = {{&wire, sizeof(wire)}, {n->words, sizeof(n->words)}};
	struct msghdr message = {.msg_iov = data,
				 .msg_iovlen = 2,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	int fds[ORDER_FDS] = {-1, -1, -1};
	ssize_t got = recvmsg(n->control, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got < (ssize_t)sizeof(wire))
		return false;
	struct cmsghdr *m = CMSG_FIRSTHDR(&message);
	if (m && m->cmsg_type == SCM_RIGHTS && m->cmsg_len <= CMSG_LEN(sizeof(fds)))
		memcpy(fds, CMSG_DATA(m), m->cmsg_len - CMSG_LEN(0));
	if (wire.verb == 'S')
		start_job(n, &wire, fds);
	else
		kill_job(n, wire.serial);
	for (int i = 0; i < ORDER_FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return true;
}

static _Noreturn void nest_main(int control, const char *tag)
{
	struct nest_state n = {.control = control, .tag = tag};
	/* Out of reach of signals to our group and of a terminal's. */
	setsid();
	/* Nor may it hold our standard output open. */
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	io_open_standard_fds();
	io_close_others(&control, 1);
	prctl(PR_SET_NAME, "sa-nest");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	snprintf(n.children_path, sizeof(n.children_path), "/proc/self/task/%d/children",
		 (int)getpid());
	sigset_t mask;
	sigfillset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	n.signals = signals_open((const int[]){SIGCHLD, 0});
	for (;;) {
		struct pollfd p[2] = {{.fd = control, .events = POLLIN},
				      {.fd = n.signals, .events = POLLIN}};
		poll(p, 2, -1);
		if (p[1].revents) {
			signals_take(n.signals);
			reap(&n);
		}
		if (p[0].revents && !take_order(&n)) {
			/* Nothing may outlive whoever wanted it. */
			proctree_kill_mine(0, KILL_DEADLINE_MS);
			_exit(0);
		}
	}
}

/* --- the other side ---------------------------------------------------------------------- */

int nest_fork(struct nest *nest, struct sa_error *err)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a socket pair");
	cleanup_free char *tag = ident_random(TAG_LENGTH);
	snprintf(nest->tag, sizeof(nest->tag), "%s", tag);
	pid_t pid = fork();
	if (pid == 0)
		nest_main(pair[1], nest->tag);
	int saved = errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return error_set_errno(err, PROBLEM_STREAM_ERROR, saved, "start the nest");
	}
	io_set_nonblocking(pair[0]);
	nest->fd = pair[0];
	return 0;
}

static void add_word(struct buf *b, const char *word)
{
	buf_add(b, word, strlen(word) + 1);
}

int nest_start(const struct nest *nest, const struct nest_order *order, struct sa_error *err)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * ORDER_FDS)];
	} control = {.bytes = {0}};
	cleanup_buf struct buf words = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *tag = xasprintf(NEST_TAG "=%s", nest->tag);
	cleanup_free char *run = xasprintf(NEST_RUN "=%s.%u", nest->tag, order->serial);
	struct wire wire = {.verb = 'S', .serial = order->serial, .has_cwd = order->cwd != NULL};
	add_word(&words, order->path);
	add_word(&words, order->cwd ? order->cwd : "");
	for (; order->argv[wire.argc]; wire.argc++)
		add_word(&words, order->argv[wire.argc]);
	for (; order->env[wire.envc]; wire.envc++)
		add_word(&words, order->env[wire.envc]);
	add_word(&words, tag);
	add_word(&words, run);
	wire.envc += 2;
	wire.bytes = (uint32_t)words.len;
	bool is_file = words.len > WORDS_BYTES;
	cleanup_close int file = is_file ? memfd_create("words", MFD_CLOEXEC) : -1;
	if (is_file && (file < 0 || io_write_all(file, buf_span(&words)) < 0))
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "hand over a command");
	const int fds[ORDER_FDS] = {order->out_fd, order->err_fd, file};
	size_t fds_bytes = sizeof(int) * (is_file ? ORDER_FDS : ORDER_FDS - 1);
	struct iovec data[] = {{&wire, sizeof(wire)}, {words.data, words.len}};
	struct msghdr message = {.msg_iov = data,
				 .msg_iovlen = is_file ? 1 : 2,
				 .msg_control = control.bytes,
				 .msg_controllen = CMSG_SPACE(fds_bytes)};
	struct cmsghdr *m = CMSG_FIRSTHDR(&message);
	m->cmsg_level = SOL_SOCKET;
	m->cmsg_type = SCM_RIGHTS;
	m->cmsg_len = CMSG_LEN(fds_bytes);
	memcpy(CMSG_DATA(m), fds, fds_bytes);
	if (sendmsg(nest->fd, &message, MSG_NOSIGNAL) > 0)
		return 0;
	return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "hand over a command");
}

void nest_kill(const struct nest *nest, uint32_t serial)
{
	const struct wire wire = {.verb = 'K', .serial = serial};
	send(nest->fd, &wire, sizeof(wire), MSG_NOSIGNAL);
}

void nest_close(struct nest *nest)
{
	if (nest->fd >= 0)
		close(nest->fd);
	nest->fd = -1;
}

void nest_bury(struct nest *nest)
{
	nest_close(nest);
	proctree_kill_tagged(NEST_TAG, nest->tag);
}
