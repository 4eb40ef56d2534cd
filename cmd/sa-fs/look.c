#include "look.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

char *look_link(int dir_fd, const char *name)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dir_fd, name, text, sizeof(text) - 1);
	return n < 0 ? NULL : xmemdup0(text, (size_t)n);
}

int look_at(const struct fs *fs, const struct place *place, bool is_following, struct stat *ret,
	    char **ret_link, struct sa_error *err)
{
	int flags = O_PATH | (is_following ? 0 : O_NOFOLLOW);
	cleanup_close int fd = beneath_open(&fs->at, place->inside, flags, 0);
	if (fd < 0 || fstat(fd, ret) < 0)
		return fs_fail(err, errno, "look at", place->shown);
	/* An empty name: the link that the descriptor is. */
	*ret_link = S_ISLNK(ret->st_mode) ? look_link(fd, "") : NULL;
	return 0;
}

int look_each(const struct fs *fs, const struct place *place, look_fn *fn, void *arg,
	      struct sa_error *err)
{
	cleanup_names struct names names = NAMES_INIT;
	cleanup_close int fd =
	    beneath_open(&fs->at, place->inside, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
	int again = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (again < 0 || names_read(again, &names) < 0)
		return fs_fail(err, errno, "list", place->shown);
	if (fs->is_quick && names.count > LOOK_QUICK)
		return FS_LONG;
	size_t n = strlen(place->shown);
	while (n && place->shown[n - 1] == '/')
		n--;
	cleanup_buf struct buf path = BUF_INIT(BUF_MAX_OWN);
	for (size_t i = 0; i < names.count; i++) {
		struct stat st;
		if (fstatat(fd, names.items[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		cleanup_free char *link =
		    S_ISLNK(st.st_mode) ? look_link(fd, names.items[i]) : NULL;
		buf_clear(&path);
		buf_add(&path, place->shown, n);
		buf_addc(&path, '/');
		buf_adds(&path, names.items[i]);
		int rc = fn(names.items[i], path.data, &st, link, arg, err);
		if (rc)
			return rc;
	}
	return 0;
}

int look_open_file(const struct fs *fs, const struct place *place, struct stat *ret,
		   struct sa_error *err)
{
	/* Opening a device can do things: look first, and again behind the open. */
	cleanup_free char *link = NULL;
	if (look_at(fs, place, true, ret, &link, err) < 0)
		return -1;
	cleanup_close int fd = -1;
	if (S_ISREG(ret->st_mode)) {
		fd = beneath_open(&fs->at, place->inside, O_RDONLY | O_NONBLOCK, 0);
		if (fd < 0 || fstat(fd, ret) < 0)
			return fs_fail(err, errno, "read", place->shown);
	}
	if (!S_ISREG(ret->st_mode))
		return error_set(err, PROBLEM_CONFLICT, "%s is no regular file but a %s",
				 place->shown,
				 S_ISDIR(ret->st_mode) ? "directory" : "pipe, socket or device");
	return TAKE_FD(fd);
}
