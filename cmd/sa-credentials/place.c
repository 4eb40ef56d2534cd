#include "place.h"

#include "secret.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum place_result refuse_errno(int errnum, char **ret_reason)
{
	if (errnum == ENOENT || errnum == ENOTDIR) {
		*ret_reason = xstrdup("no such file");
		return PLACE_ABSENT;
	}
	*ret_reason = xstrdup(errnum == ELOOP ? "a loop of symbolic links" : strerror(errnum));
	return PLACE_REFUSED;
}

/* NULL, or why a file like this is not read. */
static char *judge_stat(const struct stat *st, uid_t owner, bool is_private)
{
	if (!S_ISREG(st->st_mode))
		return xstrdup(S_ISDIR(st->st_mode)    ? "a directory"
			       : S_ISFIFO(st->st_mode) ? "a FIFO, not a regular file"
						       : "not a regular file");
	if (st->st_uid != geteuid() && st->st_uid != 0 && st->st_uid != owner)
		return xasprintf("belongs to another user (uid %u)", (unsigned)st->st_uid);
	if (is_private && (st->st_mode & 077))
		return xstrdup("others may read or write it; chmod 600 it");
	if ((uint64_t)st->st_size > PLACE_MAX_BYTES)
		return xasprintf("larger than %zu MiB", PLACE_MAX_BYTES >> 20);
	return NULL;
}

static enum place_result read_file(const char *path, uid_t owner, bool is_private,
				   struct buf *ret_text, char **ret_reason)
{
	/* O_NONBLOCK: a FIFO without a writer must not stop us. */
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return refuse_errno(errno, ret_reason);
	struct stat st;
	if (fstat(fd, &st) < 0)
		return refuse_errno(errno, ret_reason);
	*ret_reason = judge_stat(&st, owner, is_private);
	if (*ret_reason)
		return PLACE_REFUSED;
	/* Room at once, so that no copy of a secret stays behind in a moved buffer. */
	size_t size = (size_t)st.st_size;
	secret_buf_free(ret_text);
	buf_init(ret_text, size + 1);
	buf_reserve(ret_text, size + 1);
	while (ret_text->len < ret_text->max) {
		ssize_t n = io_read_some(fd, ret_text, ret_text->max - ret_text->len);
		if (n < 0)
			return refuse_errno(errno, ret_reason);
		if (n == 0)
			return PLACE_READ;
	}
	*ret_reason = xstrdup("it grew while it was read");
	return PLACE_REFUSED;
}

enum place_result place_read(const char *path, uid_t owner, struct buf *ret_text, char **ret_reason)
{
	return read_file(path, owner, false, ret_text, ret_reason);
}

enum place_result place_read_private(const char *path, struct buf *ret_text, char **ret_reason)
{
	return read_file(path, geteuid(), true, ret_text, ret_reason);
}
