#include "process/link.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "os/io.h"
#include "os/sock.h"
#include "json/problem.h"
#include "json/scan.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAKES_AT_ONCE = 512 };

int process_link_open(const struct folder *folder, const char *id, struct sa_error *err)
{
	cleanup_free char *path = folder_path(folder, id);
	int fd = sock_connect(path, FOLDER_SOCKET, err);
	if (fd < 0 && err->kind == PROBLEM_STREAM_ERROR)
		error_set(err, PROBLEM_CONFLICT, "process '%s' is not running", id);
	return fd;
}

int process_link_judge(struct span line, struct sa_error *err)
{
	if (json_check(line, NULL) == 0) {
		struct span type = json_get(line, "type");
		if (json_string_is(type, "done") || json_string_is(type, "watching"))
			return 0;
		if (json_read_problem(line, err))
			return -1;
	}
	return error_set(err, PROBLEM_STREAM_ERROR, "the process's supervisor talks nonsense");
}

/* One line, without its newline, into line (PROCESS_LINK_LINE_BYTES). Its length, or -1. */
static ssize_t read_line(int fd, char *line, int *ret_passed, int64_t deadline,
			 struct sa_error *err)
{
	size_t have = 0;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int ready = poll(&p, 1, deadline_poll_ms(deadline));
		if (ready == 0)
			return error_set(err, PROBLEM_TIMEOUT,
					 "the process did not take it in time");
		union {
			struct cmsghdr align;
			char bytes[CMSG_SPACE(sizeof(int))];
		} control;
		struct iovec data = {line + have, 1};
		struct msghdr message = {.msg_iov = &data,
					 .msg_iovlen = 1,
					 .msg_control = control.bytes,
					 .msg_controllen = sizeof(control.bytes)};
		ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || have + 1 == PROCESS_LINK_LINE_BYTES)
			return error_set(err, PROBLEM_CONFLICT, "the process has ended");
		struct cmsghdr *m = CMSG_FIRSTHDR(&message);
		if (m && m->cmsg_type == SCM_RIGHTS && ret_passed)
			memcpy(ret_passed, CMSG_DATA(m), sizeof(int));
		if (line[have] == '\n')
			return (ssize_t)have;
		have++;
	}
}

int process_link_send(int fd, struct span data)
{
	while (data.n) {
		ssize_t n = send(fd, data.p, data.n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data.p += n;
		data.n -= (size_t)n;
	}
	return 0;
}

int process_link_call(const struct folder *folder, const char *id, const char *op, struct span data,
		      int64_t deadline, struct sa_error *err)
{
	char line[PROCESS_LINK_LINE_BYTES];
	cleanup_close int fd = process_link_open(folder, id, err);
	if (fd < 0)
		return -1;
	if (process_link_send(fd, span_of(op)) < 0 || process_link_send(fd, SPAN_LIT("\n")) < 0 ||
	    process_link_send(fd, data) < 0)
		return error_set(err, PROBLEM_CONFLICT, "process '%s' has ended", id);
	ssize_t n = read_line(fd, line, NULL, deadline, err);
	return n < 0 ? -1 : process_link_judge((struct span){line, (size_t)n}, err);
}

int process_link_wait_end(int fd, int64_t deadline)
{
	char waste[WAKES_AT_ONCE];
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int ready = poll(&p, 1, deadline_poll_ms(deadline));
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return ready;
		ssize_t n = recv(fd, waste, sizeof(waste), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return 1;
	}
}

int process_link_watch(int fd, int *ret_terminal, struct sa_error *err)
{
	char line[PROCESS_LINK_LINE_BYTES];
	int passed = -1;
	if (process_link_send(fd, SPAN_LIT("{\"op\":\"watch\"}\n")) < 0)
		return error_set(err, PROBLEM_CONFLICT, "the process has ended");
	ssize_t n = read_line(fd, line, &passed, DEADLINE_NEVER, err);
	if (n < 0 || process_link_judge((struct span){line, (size_t)n}, err) < 0) {
		if (passed >= 0)
			close(passed);
		return -1;
	}
	*ret_terminal = passed;
	return 0;
}

int process_link_take_wakes(int fd)
{
	char waste[WAKES_AT_ONCE];
	ssize_t n;
	do
		n = recv(fd, waste, sizeof(waste), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n > 0 ? 1 : (int)n;
}

void process_link_report(int fd, uint64_t offset)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "{\"op\":\"at\",\"offset\":%llu}\n",
			 (unsigned long long)offset);
	/* Short, to one who always reads: it does not wait long. */
	process_link_send(fd, (struct span){text, (size_t)n});
}
