#include "change.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "copy.h"
#include "entry.h"
#include "os/dirs.h"
#include "os/tempfile.h"
#include "os/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int change_mkdir(const struct fs *fs, const struct place *place, struct sa_error *err)
{
	cleanup_close int fd = beneath_make_dirs(&fs->at, place->inside, 0777);
	return fd < 0 ? fs_fail(err, errno, "make directory", place->shown) : 0;
}

/* --- moving -------------------------------------------------------------------- */

struct move {
	int from_dir, to_dir;
	const char *from, *to; /* names in them */
	bool is_quick;	       /* FS_LONG for what is more than a rename */
};

/* The destination aside, the new one in, the old one away; back when the new one cannot come in. */
static int replace_by_two_steps(const struct move *m)
{
	cleanup_free char *aside = tempfile_name();
	if (renameat2(m->to_dir, m->to, m->to_dir, aside, RENAME_NOREPLACE) < 0)
		return -1;
	if (renameat(m->from_dir, m->from, m->to_dir, m->to) < 0) {
		int saved = errno;
		renameat2(m->to_dir, aside, m->to_dir, m->to, RENAME_NOREPLACE);
		errno = saved;
		return -1;
	}
	tree_remove(m->to_dir, aside);
	return 0;
}

/* Put from in the place of what is at to. */
static int replace(const struct move *m)
{
	/* A file, or an empty folder by a folder: one step. */
	if (renameat(m->from_dir, m->from, m->to_dir, m->to) == 0)
		return 0;
	if (errno != EISDIR && errno != ENOTDIR && errno != ENOTEMPTY && errno != EEXIST)
		return -1;
	if (m->is_quick)
		return FS_LONG;
	if (renameat2(m->from_dir, m->from, m->to_dir, m->to, RENAME_EXCHANGE) < 0)
		return errno == EINVAL || errno == ENOSYS ? replace_by_two_steps(m) : -1;
	/* What was at the destination is at the source now: out of sight, then away. */
	cleanup_free char *aside = tempfile_name();
	const char *old = m->from;
	if (renameat(m->from_dir, m->from, m->from_dir, aside) == 0)
		old = aside;
	return tree_remove(m->from_dir, old);
}

/* To another file system: a copy that becomes visible when it is whole. */
static int move_by_copy(const struct move *m, bool is_overwriting)
{
	cleanup_free char *copy = tempfile_name();
	struct move last = {m->to_dir, m->to_dir, copy, m->to, false};
	int rc = tree_copy(m->from_dir, m->from, m->to_dir, copy);
	if (rc == 0)
		rc = is_overwriting
			 ? replace(&last)
			 : renameat2(m->to_dir, copy, m->to_dir, m->to, RENAME_NOREPLACE);
	if (rc == 0)
		return tree_remove(m->from_dir, m->from);
	int saved = errno;
	tree_remove(m->to_dir, copy);
	errno = saved;
	return -1;
}

static int move_it(const struct move *m, bool is_overwriting)
{
	int rc = renameat2(m->from_dir, m->from, m->to_dir, m->to, RENAME_NOREPLACE);
	if (rc < 0 && errno == EEXIST && is_overwriting)
		rc = replace(m);
	if (rc < 0 && errno == EXDEV)
		rc = m->is_quick ? FS_LONG : move_by_copy(m, is_overwriting);
	return rc;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* rename(2) does nothing when both are names of one file; here one name is left, the new one. */
static int move_onto_itself(const struct move *m, const struct place *from, struct sa_error *err)
{
	struct stat a, b, file;
	if (fstat(m->from_dir, &a) < 0 || fstat(m->to_dir, &b) < 0 ||
	    fstatat(m->from_dir, m->from, &file, AT_SYMLINK_NOFOLLOW) < 0)
		return fs_fail(err, errno, "move", from->shown);
	bool is_one_name = is_same_file(&a, &b) && strcmp(m->from, m->to) == 0;
	if (is_one_name || S_ISDIR(file.st_mode) || unlinkat(m->from_dir, m->from, 0) == 0)
		return 0;
	return fs_fail(err, errno, "move", from->shown);
}

/* Does the open folder lie in the one that st describes, or is it that one? */
static bool is_above(int dir_fd, const struct stat *st)
{
	struct stat now, before = {.st_ino = 0};
	cleanup_close int at = openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (at >= 0 && fstat(at, &now) == 0 && !is_same_file(&now, &before)) {
		if (is_same_file(&now, st))
			return true;
		before = now;
		int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = up;
	}
	return false;
}

int change_move(const struct fs *fs, const struct place *from, const struct place *to,
		bool is_overwriting, struct sa_error *err)
{
	cleanup_free char *from_name = NULL, *to_name = NULL;
	struct stat a, b;
	cleanup_close int from_dir = beneath_open_parent(&fs->at, from->inside, false, &from_name);
	/* Nothing is made for the sake of what does not exist. */
	if (from_dir < 0 || fstatat(from_dir, from_name, &a, AT_SYMLINK_NOFOLLOW) < 0)
		return fs_fail(err, errno, "move", from->shown);
	if (to->is_folder && !S_ISDIR(a.st_mode))
		return fs_fail(err, ENOTDIR, "move to", to->shown);
	cleanup_close int to_dir = beneath_open_parent(&fs->at, to->inside, true, &to_name);
	if (to_dir < 0)
		return fs_fail(err, errno, "move to", to->shown);
	bool is_there = fstatat(to_dir, to_name, &b, AT_SYMLINK_NOFOLLOW) == 0;
	if (is_there && !is_overwriting)
		return error_set(err, PROBLEM_CONFLICT, "move to %s: it exists already", to->shown);
	struct move m = {from_dir, to_dir, from_name, to_name, fs->is_quick};
	if (is_there && is_same_file(&a, &b))
		return move_onto_itself(&m, from, err);
	if (is_there && S_ISDIR(b.st_mode) && is_above(from_dir, &b))
		return error_set(err, PROBLEM_INVALID_REQUEST, "move %s: %s contains it",
				 from->shown, to->shown);
	int rc = move_it(&m, is_overwriting);
	if (rc < 0 && errno == EXDEV)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "move %s to %s",
				       from->shown, to->shown);
	return rc < 0 ? fs_fail(err, errno, "move", from->shown) : rc;
}

/* --- deleting ------------------------------------------------------------------ */

static bool is_same(const struct stat *st, const char *path)
{
	struct stat other;
	return path && stat(path, &other) == 0 && other.st_dev == st->st_dev &&
	       other.st_ino == st->st_ino;
}

static int refuse(struct sa_error *err, const struct place *place, const char *what)
{
	return error_set(err, PROBLEM_INVALID_REQUEST, "%s is %s and stays", place->shown, what);
}

int change_remove(const struct fs *fs, const struct place *place, bool is_recursive,
		  const struct http_conditions *conditions, struct sa_error *err)
{
	cleanup_free char *name = NULL, *home = dirs_home();
	struct stat st;
	if (place->is_base)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the path is empty");
	cleanup_close int dir = beneath_open_parent(&fs->at, place->inside, false, &name);
	if (dir < 0 && errno == EISDIR)
		return refuse(err, place, "not to be deleted by that name");
	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fs_fail(err, errno, "delete", place->shown);
	if (is_same(&st, "/"))
		return refuse(err, place, "the top of the file system");
	if (is_same(&st, fs->root))
		return refuse(err, place, "the root");
	if (is_same(&st, home))
		return refuse(err, place, "the home folder");
	if (conditions && entry_judge(conditions, &st, place->shown, err) < 0)
		return -1;
	int rc = unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
	bool is_full = rc < 0 && S_ISDIR(st.st_mode) && (errno == ENOTEMPTY || errno == EEXIST);
	if (is_full && is_recursive)
		rc = fs->is_quick ? FS_LONG : tree_remove(dir, name);
	return rc < 0 ? fs_fail(err, errno, "delete", place->shown) : rc;
}
