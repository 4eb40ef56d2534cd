#include "os/io.h"

#include "base/cleanup.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READ_STEP_BYTES = 64 * 1024 };

int io_write_all(int fd, struct span data)
{
	while (data.n) {
		ssize_t n = write(fd, data.p, data.n);
		if (n >= 0) {
			data.p += n;
			data.n -= (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};
			poll(&p, 1, -1);
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

ssize_t io_read_some(int fd, struct buf *b, size_t max)
{
	if (buf_reserve(b, max) < 0) {
		errno = EFBIG;
		return -1;
	}
	ssize_t n;
	do
		n = read(fd, b->data + b->len, max);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		b->len += (size_t)n;
	b->data[b->len] = '\0';
	return n;
}

int io_read_all(int fd, struct buf *b, const char *what, struct sa_error *err)
{
	for (;;) {
		size_t room = b->max - b->len;
		/* One byte more than fits tells "exactly full" from "too large". */
		size_t step = room < READ_STEP_BYTES ? room : READ_STEP_BYTES;
		if (step == 0) {
			char extra;
			ssize_t n = read(fd, &extra, 1);
			if (n == 0)
				return 0;
			return error_set(err, PROBLEM_TOO_LARGE, "%s is larger than %zu bytes",
					 what, b->max);
		}
		ssize_t n = io_read_some(fd, b, step);
		if (n == 0)
			return 0;
		if (n < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "read %s", what);
	}
}

static enum problem_kind kind_of_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return PROBLEM_NOT_FOUND;
	case EACCES:
	case EPERM:
		return PROBLEM_PERMISSION_DENIED;
	default:
		return PROBLEM_FAILED;
	}
}

int io_read_file(const char *path, struct buf *b, struct sa_error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set_errno(err, kind_of_errno(errno), errno, "open %s", path);
	struct stat st;
	if (fstat(fd, &st) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s is not a regular file", path);
	return io_read_all(fd, b, path, err);
}

int io_replace_at(int dir_fd, const char *name, const char *fresh, struct span data, bool is_synced)
{
	int fd = openat(dir_fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	int rc = io_write_all(fd, data);
	if (rc == 0 && is_synced)
		rc = fsync(fd);
	int saved = errno;
	/* A full disk may be told as late as this. */
	if (close(fd) < 0 && rc == 0) {
		saved = errno;
		rc = -1;
	}
	if (rc == 0 && renameat(dir_fd, fresh, dir_fd, name) < 0) {
		saved = errno;
		rc = -1;
	}
	if (rc < 0)
		unlinkat(dir_fd, fresh, 0);
	errno = saved;
	return rc;
}

int io_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* From first to last, both included. */
static void close_range_of(int first, int last)
{
	enum { FALLBACK_FDS = 1024 };
	if (first > last || syscall(__NR_close_range, (unsigned)first, (unsigned)last, 0u) == 0)
		return;
	for (int fd = first; fd <= last && fd < FALLBACK_FDS; fd++) /* Linux before 5.9 */
		close(fd);
}

void io_close_others(const int *kept, size_t count)
{
	for (int first = 3;;) {
		int next = INT_MAX;
		for (size_t i = 0; i < count; i++)
			if (kept[i] >= first && kept[i] < next)
				next = kept[i];
		close_range_of(first, next == INT_MAX ? next : next - 1);
		if (next == INT_MAX)
			return;
		first = next + 1;
	}
}

void io_open_standard_fds(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}
