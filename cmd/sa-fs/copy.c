#include "copy.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static int copy_content(int in, int out)
{
	for (;;) {
		ssize_t n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);
		if (n < 0 &&
		    (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS))
			n = sendfile(out, in, NULL, 1 << 30);
		if (n <= 0)
			return (int)n;
	}
}

static int copy_attributes(int to_dir, const char *to, const struct stat *st)
{
	struct timespec times[2] = {st->st_atim, st->st_mtim};
	mode_t mode = st->st_mode & 07777;
	if (fchownat(to_dir, to, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		mode &= ~(mode_t)(S_ISUID | S_ISGID);
	if (!S_ISLNK(st->st_mode) && fchmodat(to_dir, to, mode, 0) < 0)
		return -1;
	return utimensat(to_dir, to, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_file(int from_dir, const char *from, int to_dir, const char *to)
{
	cleanup_close int in =
	    openat(from_dir, from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_close int out =
	    in < 0 ? -1 : openat(to_dir, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return out < 0 ? -1 : copy_content(in, out);
}

/* One thing, a folder without its content. */
static int copy_one(int from_dir, const char *from, int to_dir, const char *to,
		    const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return mkdirat(to_dir, to, 0700);
	int rc;
	if (S_ISREG(st->st_mode)) {
		rc = copy_file(from_dir, from, to_dir, to);
	} else if (S_ISLNK(st->st_mode)) {
		cleanup_free char *link = look_link(from_dir, from);
		rc = link ? symlinkat(link, to_dir, to) : -1;
	} else if (S_ISFIFO(st->st_mode)) {
		rc = mkfifoat(to_dir, to, 0600);
	} else {
		errno = EINVAL;
		return -1;
	}
	return rc < 0 ? -1 : copy_attributes(to_dir, to, st);
}

/* Folders still to be filled: paths below the two tops; their attributes come last. */
struct todo {
	char **paths;
	size_t count, room;
};

static void todo_add(struct todo *todo, char *path)
{
	if (todo->count == todo->room) {
		todo->room = todo->room ? todo->room * 2 : 16;
		todo->paths = xreallocarray(todo->paths, todo->room, sizeof(char *));
	}
	todo->paths[todo->count++] = path;
}

static int copy_folder(int from_dir, int to_dir, const char *from, const char *to,
		       const char *below, struct todo *todo)
{
	cleanup_free char *in_path = xasprintf("%s%s", from, below);
	cleanup_free char *out_path = xasprintf("%s%s", to, below);
	cleanup_close int in = openat(from_dir, in_path, DIR_FLAGS);
	cleanup_close int out = openat(to_dir, out_path, DIR_FLAGS);
	cleanup_names struct names names = NAMES_INIT;
	int again = in < 0 || out < 0 ? -1 : fcntl(in, F_DUPFD_CLOEXEC, 3);
	if (again < 0 || names_read(again, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		struct stat st;
		const char *name = names.items[i];
		if (fstatat(in, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    copy_one(in, name, out, name, &st) < 0)
			return -1;
		if (S_ISDIR(st.st_mode))
			todo_add(todo, xasprintf("%s/%s", below, name));
	}
	return 0;
}

int tree_copy(int from_dir, const char *from, int to_dir, const char *to)
{
	struct stat st;
	struct todo todo = {.paths = NULL};
	if (fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    copy_one(from_dir, from, to_dir, to, &st) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode))
		return 0;
	int rc = 0;
	todo_add(&todo, xstrdup(""));
	for (size_t i = 0; i < todo.count && rc == 0; i++)
		rc = copy_folder(from_dir, to_dir, from, to, todo.paths[i], &todo);
	/* The deepest first: filling a folder changes its time. */
	while (todo.count) {
		cleanup_free char *below = todo.paths[--todo.count];
		cleanup_free char *in_path = xasprintf("%s%s", from, below);
		cleanup_free char *out_path = xasprintf("%s%s", to, below);
		if (rc == 0 && fstatat(from_dir, in_path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			rc = copy_attributes(to_dir, out_path, &st);
	}
	free(todo.paths);
	return rc;
}
