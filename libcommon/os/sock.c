#include "os/sock.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 128 };

/* An address for dir/name that fits sun_path; dir_fd must stay open while it is used. */
static void address_of(int dir_fd, const char *name, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", dir_fd, name);
}

static bool is_same_user(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == geteuid() || peer.uid == 0);
}

int sock_listen(const char *dir, const char *name, struct sa_error *err)
{
	cleanup_close int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "open %s", dir);
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a socket");
	struct sockaddr_un address;
	address_of(dir_fd, name, &address);
	unlinkat(dir_fd, name, 0);
	/* Closed to others from birth: the mode of a socket comes from the descriptor's. */
	fchmod(fd, 0600);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, LISTEN_BACKLOG) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "listen at %s/%s", dir,
				       name);
	return TAKE_FD(fd);
}

int sock_accept(int listen_fd)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0 || is_same_user(fd))
		return fd;
	close(fd);
	errno = EACCES;
	return -1;
}

int sock_connect(const char *dir, const char *name, struct sa_error *err)
{
	cleanup_close int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "open %s", dir);
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a socket");
	struct sockaddr_un address;
	address_of(dir_fd, name, &address);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "connect to %s/%s", dir,
				       name);
	if (!is_same_user(fd))
		return error_set(err, PROBLEM_PERMISSION_DENIED, "%s/%s belongs to another user",
				 dir, name);
	return TAKE_FD(fd);
}
