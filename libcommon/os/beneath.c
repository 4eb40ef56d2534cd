#include "os/beneath.h"

#include "base/cleanup.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FLAGS_ALWAYS = O_CLOEXEC | O_NOCTTY, AGAIN_MAX = 128 };

int beneath_init(struct beneath *b, const char *dir)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	beneath_init_fd(b, fd, false);
	return 0;
}

void beneath_init_fd(struct beneath *b, int fd, bool is_without_links)
{
	*b = (struct beneath){
	    .fd = fd,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
		       (is_without_links ? RESOLVE_NO_SYMLINKS : 0),
	};
}

void beneath_close(struct beneath *b)
{
	if (b->fd >= 0)
		close(b->fd);
	*b = BENEATH_ALL;
}

int beneath_open(const struct beneath *b, const char *path, int flags, mode_t mode)
{
	flags |= FLAGS_ALWAYS;
	if (b->fd < 0)
		return open(path, flags, mode);
	struct open_how how = {
	    /* openat2 refuses what open(2) ignores: a mode without O_CREAT, others with O_PATH. */
	    .flags = (uint64_t)(flags & O_PATH ? flags & ~O_NOCTTY : flags),
	    .mode = flags & (O_CREAT | __O_TMPFILE) ? mode : 0,
	    .resolve = b->resolve,
	};
	long fd = -1;
	/* EAGAIN: something was renamed while ".." was resolved; nothing is wrong with the path. */
	for (int i = 0; i < AGAIN_MAX; i++) {
		fd = syscall(__NR_openat2, b->fd, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return (int)fd;
}

/* Make one folder, whose own parent exists. */
static int make_one(const struct beneath *b, const char *path, mode_t mode)
{
	cleanup_free char *name = NULL;
	cleanup_close int parent = beneath_open_parent(b, path, false, &name);
	if (parent < 0)
		return errno == EISDIR ? 0 : -1;
	return mkdirat(parent, name, mode) == 0 || errno == EEXIST ? 0 : -1;
}

int beneath_make_dirs(const struct beneath *b, const char *path, mode_t mode)
{
	int fd = beneath_open(b, path, O_PATH | O_DIRECTORY, 0);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	cleanup_free char *work = xstrdup(path);
	for (char *p = work + strspn(work, "/"); *p;) {
		p += strcspn(p, "/");
		char *end = p;
		p += strspn(p, "/");
		char kept = *end;
		*end = '\0';
		/* Looked at from the top each time: a link on the way counts as what it leads to.
		 */
		cleanup_close int there = beneath_open(b, work, O_PATH | O_DIRECTORY, 0);
		if (there < 0 && (errno != ENOENT || make_one(b, work, mode) < 0))
			return -1;
		*end = kept;
	}
	return beneath_open(b, path, O_PATH | O_DIRECTORY, 0);
}

int beneath_open_parent(const struct beneath *b, const char *path, bool is_making, char **ret_name)
{
	size_t end = strlen(path);
	while (end && path[end - 1] == '/')
		end--;
	size_t start = end;
	while (start && path[start - 1] != '/')
		start--;
	cleanup_free char *name = xmemdup0(path + start, end - start);
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		errno = EISDIR;
		return -1;
	}
	cleanup_free char *folder = start ? xmemdup0(path, start) : xstrdup(".");
	int fd = beneath_open(b, folder, O_PATH | O_DIRECTORY, 0);
	if (fd < 0 && errno == ENOENT && is_making)
		fd = beneath_make_dirs(b, folder, 0777);
	if (fd >= 0)
		*ret_name = TAKE_PTR(name);
	return fd;
}
