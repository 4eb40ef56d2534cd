#include "filter/aside.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/xalloc.h"
#include "filter/filter.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

struct aside {
	struct aside *next;
	pid_t pid;
	int fd;
	char *ref;
	struct buf answer;
};

int aside_fork(struct asides *asides, struct channel *c, struct span ref)
{
	int ends[2];
	pid_t parent = getpid();
	if (asides->count >= ASIDES_MAX || pipe2(ends, O_CLOEXEC) < 0)
		return -2;
	pid_t pid = fork();
	if (pid == 0) {
		/* The filter's end must be seen at the other side of its channel, and is ours. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		close(ends[0]);
		close(c->in_fd);
		if (c->out_fd != c->in_fd)
			close(c->out_fd);
		return ends[1];
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -2;
	}
	struct aside *aside = xcalloc(1, sizeof(*aside));
	*aside = (struct aside){
	    .next = asides->list,
	    .pid = pid,
	    .fd = ends[0],
	    .ref = ref.p ? xmemdup0(ref.p, ref.n) : NULL,
	    .answer = BUF_INIT(BUF_MAX_OWN),
	};
	asides->list = aside;
	asides->count++;
	return -1;
}

size_t asides_poll(const struct asides *asides, struct pollfd *ret)
{
	size_t n = 0;
	for (const struct aside *aside = asides->list; aside; aside = aside->next)
		ret[n++] = (struct pollfd){.fd = aside->fd, .events = POLLIN};
	return n;
}

static void finish(struct asides *asides, struct aside *aside, struct channel *c)
{
	struct aside **at = &asides->list;
	while (*at != aside)
		at = &(*at)->next;
	*at = aside->next;
	asides->count--;
	while (waitpid(aside->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	struct span line = span_trim(buf_span(&aside->answer));
	if (line.n) {
		channel_add(c, line, -1);
	} else {
		struct sa_error err = SA_ERROR_INIT;
		error_set(&err, PROBLEM_STREAM_ERROR, "what worked on it was killed");
		filter_answer_problem(c, span_of(aside->ref), &err, SPAN_NONE);
	}
	close(aside->fd);
	buf_free(&aside->answer);
	free(aside->ref);
	free(aside);
}

void asides_take(struct asides *asides, struct channel *c, const struct pollfd *polled,
		 size_t count)
{
	struct aside *aside = asides->list;
	for (size_t i = 0; i < count && aside; i++) {
		struct aside *next = aside->next;
		if (polled[i].revents) {
			ssize_t n = io_read_some(aside->fd, &aside->answer, READ_BYTES);
			if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
				finish(asides, aside, c);
		}
		aside = next;
	}
}
