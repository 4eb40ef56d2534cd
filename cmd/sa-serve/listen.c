#include "listen.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "conn.h"
#include "os/io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, FIRST_ACTIVATED_FD = 3, ACCEPTS_AT_ONCE = 64 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un path;
	struct sockaddr_storage room;
};

static bool is_loopback(const union address *a)
{
	if (a->any.sa_family == AF_INET)
		return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
	if (a->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
	return a->any.sa_family == AF_UNIX;
}

bool listen_is_inetd(void)
{
	union address a;
	socklen_t size = sizeof(a);
	int is_listening = 0;
	socklen_t flag_size = sizeof(is_listening);
	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &flag_size) < 0 ||
	    is_listening || getpeername(STDIN_FILENO, &a.any, &size) < 0)
		return false;
	/* Many parents use socket pairs for standard input: those have no name. */
	size = sizeof(a);
	return getsockname(STDIN_FILENO, &a.any, &size) == 0 &&
	       (a.any.sa_family != AF_UNIX || size > offsetof(struct sockaddr_un, sun_path));
}

/* --- accepting ------------------------------------------------------------------- */

/* Room for one more: the one that has been idle longest goes. */
static bool make_room(struct front *front)
{
	if (front->conn_count < front->options->connections)
		return true;
	struct timer *oldest = timers_oldest(&front->timers, TIMER_IDLE);
	if (!oldest)
		return false;
	conn_close(conn_of_timer(oldest));
	return true;
}

static void refuse(int fd)
{
	static const char full[] = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n"
				   "connection: close\r\nretry-after: 1\r\n\r\n";
	send(fd, full, sizeof(full) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void on_connection(void *arg, uint32_t events)
{
	struct listener *l = arg;
	(void)events;
	for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		if (make_room(l->front))
			conn_open(l->front, fd, fd, l->is_unix);
		else
			refuse(fd);
	}
}

/* fd is taken. */
static int add(struct front *front, int fd, const union address *a, struct sa_error *err)
{
	if (front->listener_count == LISTENERS_MAX) {
		close(fd);
		return error_set(err, PROBLEM_INVALID_REQUEST, "more than %d listening sockets",
				 LISTENERS_MAX);
	}
	if (!is_loopback(a) && !front->options->token && !front->options->is_open) {
		close(fd);
		return error_set(
		    err, PROBLEM_INVALID_REQUEST,
		    "this address can be reached from elsewhere: add --token-file FILE "
		    "(or SANDBOX_AGENT_TOKEN), or --no-token to serve it without");
	}
	struct listener *l = &front->listeners[front->listener_count++];
	*l = (struct listener){.front = front, .fd = fd, .watch = WATCH_INIT};
	l->is_unix = a->any.sa_family == AF_UNIX;
	front->is_public = front->is_public || !is_loopback(a);
	io_set_nonblocking(fd);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (loop_watch(&front->loop, &l->watch, fd, EPOLLIN, on_connection, l) == 0)
		return 0;
	return error_set_errno(err, PROBLEM_FAILED, errno, "watch a listening socket");
}

/* --- addresses --------------------------------------------------------------------- */

static int open_address(struct front *front, const char *host, const struct addrinfo *info,
			struct sa_error *err)
{
	union address a;
	cleanup_close int fd =
	    socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
	memcpy(&a, info->ai_addr, info->ai_addrlen);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (fd < 0 || bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "listen on %s port %llu", host,
				       (unsigned long long)front->options->port);
	return add(front, TAKE_FD(fd), &a, err);
}

static int open_host(struct front *front, struct sa_error *err)
{
	const char *host = front->options->host ? front->options->host : "127.0.0.1";
	const struct addrinfo hints = {.ai_family = AF_UNSPEC,
				       .ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	cleanup_free char *port = xasprintf("%llu", (unsigned long long)front->options->port);
	int rc = getaddrinfo(host, port, &hints, &found);
	if (rc != 0)
		return error_set(err, PROBLEM_FAILED, "host '%s': %s", host, gai_strerror(rc));
	/* The first is enough: localhost has two, and port 0 would give each another port. */
	rc = open_address(front, host, found, err);
	freeaddrinfo(found);
	return rc;
}

/* Whoever listened there last may have left its file; a living one answers. */
static bool is_stale(const union address *a, socklen_t size)
{
	struct stat st;
	if (lstat(a->path.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, &a->any, size) < 0 && errno == ECONNREFUSED;
}

static int open_unix(struct front *front, struct sa_error *err)
{
	const char *path = front->options->unix_path;
	union address a = {.path = {.sun_family = AF_UNIX}};
	socklen_t size = sizeof(a.path);
	if (strlen(path) >= sizeof(a.path.sun_path))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--unix: a path has at most %zu bytes",
				 sizeof(a.path.sun_path) - 1);
	memcpy(a.path.sun_path, path, strlen(path));
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (is_stale(&a, size))
		unlink(path);
	mode_t mask = umask(0177);
	int rc = fd < 0 ? -1 : bind(fd, &a.any, size);
	umask(mask);
	if (rc < 0 || listen(fd, BACKLOG) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "listen on '%s'", path);
	return add(front, TAKE_FD(fd), &a, err);
}

/* --- activation (sd_listen_fds(3)) ---------------------------------------------------- */

static int take_activated(struct front *front, int fd, struct sa_error *err)
{
	union address a;
	socklen_t size = sizeof(a), flag_size = sizeof(int);
	int is_listening = 0;
	if (getsockname(fd, &a.any, &size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &flag_size) < 0)
		return error_set_errno(err, PROBLEM_INVALID_REQUEST, errno,
				       "descriptor %d of LISTEN_FDS", fd);
	if (is_listening)
		return add(front, fd, &a, err);
	return conn_open(front, fd, fd, a.any.sa_family == AF_UNIX);
}

static int open_activated(struct front *front, struct sa_error *err)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	uint64_t for_pid, n;
	if (!pid || !count || num_parse_u64(span_of(pid), INT32_MAX, &for_pid) < 0 ||
	    for_pid != (uint64_t)getpid())
		return 0;
	if (num_parse_u64(span_of(count), LISTENERS_MAX, &n) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "LISTEN_FDS is at most %d",
				 LISTENERS_MAX);
	for (int i = 0; i < (int)n; i++)
		if (take_activated(front, FIRST_ACTIVATED_FD + i, err) < 0)
			return -1;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return 0;
}

int listen_open(struct front *front, struct sa_error *err)
{
	const struct front_options *o = front->options;
	if (open_activated(front, err) < 0)
		return -1;
	if (o->unix_path && open_unix(front, err) < 0)
		return -1;
	bool has_any = front->listener_count > 0 || front->conn_count > 0;
	return o->host || !has_any ? open_host(front, err) : 0;
}

void listen_announce(const struct front *front)
{
	for (size_t i = 0; i < front->listener_count; i++) {
		union address a;
		socklen_t size = sizeof(a);
		char host[INET6_ADDRSTRLEN];
		if (getsockname(front->listeners[i].fd, &a.any, &size) < 0)
			continue;
		if (a.any.sa_family == AF_UNIX)
			fprintf(stderr, "sa-serve: listening on unix:%s\n", a.path.sun_path);
		else if (getnameinfo(&a.any, size, host, sizeof(host), NULL, 0, NI_NUMERICHOST) ==
			 0)
			fprintf(
			    stderr,
			    a.any.sa_family == AF_INET6 ? "sa-serve: listening on http://[%s]:%d\n"
							: "sa-serve: listening on http://%s:%d\n",
			    host,
			    ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port));
	}
}

void listen_close(struct front *front)
{
	const char *path = front->options->unix_path;
	for (size_t i = 0; i < front->listener_count; i++) {
		struct listener *l = &front->listeners[i];
		loop_forget(&front->loop, &l->watch);
		close(l->fd);
	}
	if (front->listener_count && path)
		unlink(path);
	front->listener_count = 0;
}
