#include "os/tree.h"

#include "base/cleanup.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

struct level {
	char *name;
	dev_t dev;
	ino_t ino;
};

/*
 * Delete what is no folder in the open folder fd (taken). 1 and the name of a folder that is in the
 * way; 0 when it is empty now; -1 with errno.
 */
static int empty_one(int fd, char **ret_folder)
{
	cleanup_closedir DIR *dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -1;
	}
	for (;;) {
		errno = 0;
		struct dirent *e = readdir(dir);
		if (!e)
			return errno ? -1 : 0;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (e->d_type != DT_DIR && unlinkat(dirfd(dir), e->d_name, 0) == 0)
			continue;
		if (e->d_type != DT_DIR && errno == ENOENT)
			continue;
		if (e->d_type != DT_DIR && errno != EISDIR)
			return -1;
		if (unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -1;
		*ret_folder = xstrdup(e->d_name);
		return 1;
	}
}

/* Into the folder name: at becomes it. */
static int descend(int *at, char *name, struct level *ret)
{
	struct stat st;
	int fd = openat(*at, name, DIR_FLAGS);
	if (fd < 0)
		return -1;
	if (fstat(*at, &st) < 0) {
		close(fd);
		return -1;
	}
	*ret = (struct level){.name = name, .dev = st.st_dev, .ino = st.st_ino};
	close(*at);
	*at = fd;
	return 0;
}

/* Back to the folder that we came from, if it is still the one above. */
static int ascend(int *at, const struct level *level)
{
	struct stat st;
	cleanup_close int fd = openat(*at, "..", DIR_FLAGS);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (st.st_dev != level->dev || st.st_ino != level->ino) {
		errno = EBUSY;
		return -1;
	}
	close(*at);
	*at = TAKE_FD(fd);
	return unlinkat(*at, level->name, AT_REMOVEDIR);
}

static int remove_levels(int *at, struct level **levels, size_t *depth)
{
	size_t room = 1;
	for (;;) {
		char *folder = NULL;
		int rc = empty_one(openat(*at, ".", DIR_FLAGS), &folder);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			struct level *top = &(*levels)[*depth - 1];
			if (ascend(at, top) < 0)
				return -1;
			free(top->name);
			if (--*depth == 0)
				return 0;
			continue;
		}
		if (*depth == room) {
			room *= 2;
			*levels = xreallocarray(*levels, room, sizeof(**levels));
		}
		if (descend(at, folder, &(*levels)[*depth]) < 0) {
			free(folder);
			return -1;
		}
		(*depth)++;
	}
}

int tree_remove(int dir_fd, const char *name)
{
	if (unlinkat(dir_fd, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -1;
	cleanup_close int at = openat(dir_fd, ".", DIR_FLAGS);
	struct level *levels = xcalloc(1, sizeof(*levels));
	size_t depth = 0;
	char *first = xstrdup(name);
	int rc = at < 0 ? -1 : descend(&at, first, &levels[0]);
	if (rc == 0) {
		depth = 1;
		rc = remove_levels(&at, &levels, &depth);
	} else {
		free(first);
	}
	int saved = errno;
	while (depth)
		free(levels[--depth].name);
	free(levels);
	errno = saved;
	return rc;
}
