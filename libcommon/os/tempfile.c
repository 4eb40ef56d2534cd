#include "os/tempfile.h"

#include "base/cleanup.h"
#include "base/ident.h"
#include "base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_RANDOM = 16, TRIES = 8 };

char *tempfile_name(void)
{
	cleanup_free char *random = ident_random(NAME_RANDOM);
	return xasprintf(TEMPFILE_PREFIX "%s", random);
}

static bool is_unsupported(int errnum)
{
	return errnum == EOPNOTSUPP || errnum == EISDIR || errnum == EINVAL;
}

/* With a name. A sweeper may have seen it before it was locked: then it is gone, and made anew. */
static int open_named(int dir_fd, mode_t mode, struct tempfile *ret)
{
	for (int i = 0; i < TRIES; i++) {
		struct stat st;
		cleanup_free char *name = tempfile_name();
		cleanup_close int fd =
		    openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0) {
			*ret = (struct tempfile){.fd = TAKE_FD(fd), .name = TAKE_PTR(name)};
			return 0;
		}
		unlinkat(dir_fd, name, 0);
	}
	errno = EAGAIN;
	return -1;
}

int tempfile_open(int dir_fd, mode_t mode, struct tempfile *ret)
{
	int fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (fd < 0 && is_unsupported(errno))
		return open_named(dir_fd, mode, ret);
	if (fd < 0)
		return -1;
	*ret = (struct tempfile){.fd = fd};
	return 0;
}

static int link_as(const struct tempfile *t, int dir_fd, const char *name)
{
	char source[64];
	snprintf(source, sizeof(source), "/proc/self/fd/%d", t->fd);
	return linkat(AT_FDCWD, source, dir_fd, name, AT_SYMLINK_FOLLOW);
}

/* From no name to a temporary one, locked first. */
static int give_temporary_name(struct tempfile *t, int dir_fd)
{
	cleanup_free char *name = tempfile_name();
	if (flock(t->fd, LOCK_EX | LOCK_NB) < 0 || link_as(t, dir_fd, name) < 0)
		return -1;
	t->name = TAKE_PTR(name);
	return 0;
}

static int rename_to(struct tempfile *t, int dir_fd, const char *name, bool is_replacing)
{
	if (renameat2(dir_fd, t->name, dir_fd, name, is_replacing ? 0 : RENAME_NOREPLACE) == 0)
		return 0;
	if (is_replacing || errno != EINVAL)
		return -1;
	/* No RENAME_NOREPLACE on this file system: a second name does the same. */
	if (linkat(dir_fd, t->name, dir_fd, name, 0) < 0)
		return -1;
	return unlinkat(dir_fd, t->name, 0);
}

int tempfile_commit(struct tempfile *t, int dir_fd, const char *name, bool is_replacing)
{
	if (!t->name) {
		struct stat st;
		bool is_there =
		    is_replacing && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
		if (!is_there && link_as(t, dir_fd, name) == 0) {
			close(TAKE_FD(t->fd));
			return 0;
		}
		if (!is_there && (errno != EEXIST || !is_replacing))
			return -1;
		if (give_temporary_name(t, dir_fd) < 0)
			return -1;
	}
	if (rename_to(t, dir_fd, name, is_replacing) < 0)
		return -1;
	free(TAKE_PTR(t->name));
	close(TAKE_FD(t->fd));
	return 0;
}

void tempfile_discard(struct tempfile *t, int dir_fd)
{
	if (t->name)
		unlinkat(dir_fd, t->name, 0);
	if (t->fd >= 0)
		close(t->fd);
	free(t->name);
	*t = TEMPFILE_INIT;
}

static bool sweep_one(int dir_fd, const char *name, int link_age_s)
{
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (S_ISLNK(st.st_mode))
		return time(NULL) - st.st_ctim.tv_sec >= link_age_s &&
		       unlinkat(dir_fd, name, 0) == 0;
	if (!S_ISREG(st.st_mode))
		return false;
	cleanup_close int fd =
	    openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(dir_fd, name, 0) == 0;
}

size_t tempfile_sweep(int dir_fd, int link_age_s)
{
	size_t count = 0;
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	for (struct dirent *e; (e = readdir(dir));)
		if (strncmp(e->d_name, TEMPFILE_PREFIX, sizeof(TEMPFILE_PREFIX) - 1) == 0)
			count += sweep_one(dir_fd, e->d_name, link_age_s);
	return count;
}
