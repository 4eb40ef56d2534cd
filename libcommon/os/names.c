#include "os/names.h"

#include "base/cleanup.h"
#include "base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int names_read(int dir_fd, struct names *ret)
{
	cleanup_closedir DIR *dir = fdopendir(dir_fd);
	cleanup_names struct names names = NAMES_INIT;
	if (!dir) {
		int saved = errno;
		close(dir_fd);
		errno = saved;
		return -1;
	}
	for (;;) {
		errno = 0;
		struct dirent *e = readdir(dir);
		if (!e)
			break;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (names.count == names.room) {
			names.room = names.room ? names.room * 2 : 64;
			names.items = xreallocarray(names.items, names.room, sizeof(char *));
		}
		names.items[names.count++] = xstrdup(e->d_name);
	}
	if (errno)
		return -1;
	if (names.count)
		qsort(names.items, names.count, sizeof(char *), compare_names);
	*ret = names;
	names = NAMES_INIT;
	return 0;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = NAMES_INIT;
}
