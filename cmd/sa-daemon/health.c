#include "health.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "os/io.h"
#include "json/scan.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;
	do
		n = poll(&p, 1, deadline_poll_ms(deadline));
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* A connected, non-blocking socket; -1, then *ret_why tells. */
static int connect_to(const char *host, unsigned port, int64_t deadline, enum health *ret_why)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	char service[16];
	snprintf(service, sizeof(service), "%u", port);
	*ret_why = HEALTH_NOBODY;
	if (getaddrinfo(host, service, &hints, &list) != 0)
		return -1;
	int connected = -1;
	for (struct addrinfo *a = list; a && connected < 0; a = a->ai_next) {
		cleanup_close int fd =
		    socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0)
			continue;
		int failure = 0;
		socklen_t length = sizeof(failure);
		if (connect(fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
			continue;
		if (!wait_for(fd, POLLOUT, deadline))
			*ret_why = HEALTH_SILENT;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length) == 0 && !failure)
			connected = TAKE_FD(fd);
	}
	freeaddrinfo(list);
	return connected;
}

/*
 * What an answer says, as soon as its JSON is there whole; HEALTH_SILENT
 * before that. Chunk sizes stand around the object, never inside: it is short.
 */
static enum health judge(struct span answer)
{
	char *body = memmem(answer.p, answer.n, "\r\n\r\n", 4);
	if (!body || answer.n < 12 || memcmp(answer.p, "HTTP/1.", 7) != 0)
		return HEALTH_SILENT;
	size_t n = answer.n - (size_t)(body - answer.p);
	char *open = memchr(body, '{', n);
	char *close = memrchr(body, '}', n);
	if (!open || !close || close < open)
		return HEALTH_SILENT;
	struct span json = {open, (size_t)(close - open) + 1};
	size_t bad;
	if (json_check(json, &bad) < 0)
		return HEALTH_SILENT;
	if (memcmp(answer.p + 9, "200", 3) == 0 && json_string_is(json_get(json, "status"), "ok"))
		return HEALTH_OK;
	if (memcmp(answer.p + 9, "401", 3) == 0 &&
	    json_string_is(json_get(json, "type"), "urn:sandbox-agent:error:token_invalid"))
		return HEALTH_DENIED;
	return HEALTH_OTHER;
}

static enum health read_answer(int fd, int64_t deadline)
{
	cleanup_buf struct buf b = BUF_INIT(HEALTH_ANSWER_BYTES);
	for (;;) {
		if (!wait_for(fd, POLLIN, deadline))
			return HEALTH_SILENT;
		size_t room = b.max - b.len;
		ssize_t n = room ? io_read_some(fd, &b, room < 4096 ? room : 4096) : 0;
		if (n < 0 && errno == EAGAIN)
			continue;
		enum health seen = judge(buf_span(&b));
		if (seen != HEALTH_SILENT)
			return seen;
		/* It closed, or talks without end: whatever it is, it is not ours. */
		if (n <= 0)
			return b.len ? HEALTH_OTHER : HEALTH_SILENT;
	}
}

enum health health_ask(const char *host, unsigned port, const char *token, int64_t deadline)
{
	enum health why;
	cleanup_close int fd = connect_to(host, port, deadline, &why);
	if (fd < 0)
		return why;
	cleanup_buf struct buf request = BUF_INIT(HEALTH_ANSWER_BYTES);
	bool is_v6 = strchr(host, ':') && host[0] != '[';
	buf_addf(&request, "GET /v1/health HTTP/1.1\r\nHost: %s%s%s:%u\r\n", is_v6 ? "[" : "", host,
		 is_v6 ? "]" : "", port);
	if (token)
		buf_addf(&request, "Authorization: Bearer %s\r\n", token);
	buf_adds(&request, "Accept: application/json\r\nConnection: close\r\n\r\n");
	int rc = io_write_all(fd, buf_span(&request));
	explicit_bzero(request.data, request.len);
	return rc < 0 ? HEALTH_SILENT : read_answer(fd, deadline);
}
