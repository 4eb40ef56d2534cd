#include "write.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "entry.h"
#include "http/condition.h"
#include "look.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

enum { LINKS_MAX = 40, COPY_BYTES = 256 * 1024, XATTR_LIST_BYTES = 16384, XATTR_BYTES = 65536 };

/* Where path ends when links are followed, whether there is something or not: its folder, made if
 * missing, and *ret_name. -1 with errno. */
static int open_target(const struct fs *fs, const char *path, char **ret_name)
{
	cleanup_free char *work = xstrdup(path);
	for (int i = 0; i < LINKS_MAX; i++) {
		cleanup_free char *name = NULL;
		cleanup_close int dir = beneath_open_parent(&fs->at, work, true, &name);
		if (dir < 0)
			return -1;
		cleanup_free char *link = look_link(dir, name);
		if (!link) {
			*ret_name = TAKE_PTR(name);
			return TAKE_FD(dir);
		}
		if (link[0] == '/' && fs->root) {
			errno = EXDEV;
			return -1;
		}
		char *slash = strrchr(work, '/');
		char *next = link[0] == '/' || !slash
				 ? xstrdup(link)
				 : xasprintf("%.*s/%s", (int)(slash - work), work, link);
		free(work);
		work = next;
	}
	errno = ELOOP;
	return -1;
}

/* What is at the target now. 1, 0 when nothing is, -1 with err. */
static int look_at_old(const struct write_file *w, struct stat *ret, struct sa_error *err)
{
	if (fstatat(w->dir_fd, w->name, ret, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fs_fail(err, errno, "write", w->shown);
	if (!S_ISREG(ret->st_mode))
		return error_set(err, PROBLEM_CONFLICT, "write %s: it is no regular file but a %s",
				 w->shown, entry_kind(ret->st_mode));
	return 1;
}

static int judge_conditions(const struct write_file *w, const struct stat *old,
			    struct sa_error *err)
{
	const struct http_conditions conditions = {
	    .if_match = span_of(w->if_match),
	    .if_none_match = span_of(w->if_none_match),
	    .if_unmodified_since = span_of(w->if_unmodified_since),
	};
	return entry_judge(&conditions, old, w->shown, err);
}

static char *dup_span(struct span s)
{
	return s.p ? xmemdup0(s.p, s.n) : NULL;
}

int write_begin(const struct fs *fs, const struct place *place,
		const struct http_conditions *conditions, struct write_file *ret,
		struct sa_error *err)
{
	cleanup_write_file struct write_file w = WRITE_FILE_INIT;
	struct stat old;
	if (place->is_folder)
		return fs_fail(err, EISDIR, "write", place->shown);
	w.dir_fd = open_target(fs, place->inside, &w.name);
	if (w.dir_fd < 0)
		return fs_fail(err, errno, "write", place->shown);
	w.shown = xstrdup(place->shown);
	if (conditions) {
		w.if_match = dup_span(conditions->if_match);
		w.if_none_match = dup_span(conditions->if_none_match);
		w.if_unmodified_since = dup_span(conditions->if_unmodified_since);
	}
	int has_old = look_at_old(&w, &old, err);
	if (has_old < 0 || judge_conditions(&w, has_old ? &old : NULL, err) < 0)
		return -1;
	if (tempfile_open(w.dir_fd, 0666, &w.temp) < 0)
		return fs_fail(err, errno, "write", place->shown);
	*ret = w;
	w = WRITE_FILE_INIT;
	return 0;
}

static void copy_attributes(const struct write_file *w)
{
	char path[64 + 256], names[XATTR_LIST_BYTES];
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", w->dir_fd, w->name);
	ssize_t n = llistxattr(path, names, sizeof(names));
	if (n <= 0)
		return;
	cleanup_free char *value = xmalloc(XATTR_BYTES);
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		if (strncmp(name, "user.", 5) != 0 && strcmp(name, "system.posix_acl_access") != 0)
			continue;
		ssize_t size = lgetxattr(path, name, value, XATTR_BYTES);
		if (size >= 0)
			fsetxattr(w->temp.fd, name, value, (size_t)size, 0);
	}
}

/* Mode, owner and attributes of the file that is replaced. */
static int keep_what_was(const struct write_file *w, const struct stat *old, struct sa_error *err)
{
	struct stat now;
	mode_t mode = old->st_mode & 07777;
	if (fstat(w->temp.fd, &now) < 0)
		return fs_fail(err, errno, "write", w->shown);
	bool is_owner_kept = now.st_uid == old->st_uid && now.st_gid == old->st_gid;
	if (!is_owner_kept)
		is_owner_kept = fchown(w->temp.fd, old->st_uid, old->st_gid) == 0;
	if (!is_owner_kept) {
		/* Who may not give it away may share the group; set-id bits are not for a new
		 * owner. */
		if (fchown(w->temp.fd, (uid_t)-1, old->st_gid) < 0)
			mode &= ~(mode_t)S_ISGID;
		mode &= ~(mode_t)S_ISUID;
	}
	copy_attributes(w);
	if (fchmod(w->temp.fd, mode) < 0)
		return fs_fail(err, errno, "write", w->shown);
	return 0;
}

static int sync_folder(const struct write_file *w, struct sa_error *err)
{
	cleanup_close int fd = openat(w->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return fs_fail(err, errno, "write", w->shown);
	return 0;
}

int write_commit(struct write_file *w, struct stat *ret, struct sa_error *err)
{
	struct stat old;
	/* Between the question and the rename nobody else's conditional write may come in. */
	cleanup_close int lock = -1;
	if (w->if_match || w->if_none_match || w->if_unmodified_since) {
		lock = openat(w->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (lock < 0 || flock(lock, LOCK_EX) < 0)
			return fs_fail(err, errno, "write", w->shown);
	}
	int has_old = look_at_old(w, &old, err);
	if (has_old < 0 || judge_conditions(w, has_old ? &old : NULL, err) < 0 ||
	    (has_old && keep_what_was(w, &old, err) < 0))
		return -1;
	if (w->is_synced && fsync(w->temp.fd) < 0)
		return fs_fail(err, errno, "write", w->shown);
	if (fstat(w->temp.fd, ret) < 0)
		return fs_fail(err, errno, "write", w->shown);
	bool is_new = w->if_none_match && strcmp(w->if_none_match, "*") == 0;
	cleanup_close int written = fcntl(w->temp.fd, F_DUPFD_CLOEXEC, 3);
	if (tempfile_commit(&w->temp, w->dir_fd, w->name, !is_new) < 0) {
		if (errno == EEXIST && is_new)
			return error_set(err, PROBLEM_PRECONDITION_FAILED, "%s exists already",
					 w->shown);
		return fs_fail(err, errno, "write", w->shown);
	}
	/* The rename counts as a change: the entity tag is the one from now on. */
	if (written >= 0)
		fstat(written, ret);
	return w->is_synced ? sync_folder(w, err) : 0;
}

void write_clear(struct write_file *w)
{
	tempfile_discard(&w->temp, w->dir_fd);
	if (w->dir_fd >= 0)
		close(w->dir_fd);
	free(w->name);
	free(w->shown);
	free(w->if_match);
	free(w->if_none_match);
	free(w->if_unmodified_since);
	*w = WRITE_FILE_INIT;
}

int write_open_append(const struct fs *fs, const struct place *place, struct sa_error *err)
{
	struct stat st;
	cleanup_free char *name = NULL;
	if (place->is_folder)
		return fs_fail(err, EISDIR, "append to", place->shown);
	cleanup_close int dir = open_target(fs, place->inside, &name);
	cleanup_close int fd = dir < 0 ? -1
				       : openat(dir, name,
						O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
						    O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
						0666);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fs_fail(err, errno, "append to", place->shown);
	if (!S_ISREG(st.st_mode))
		return error_set(err, PROBLEM_CONFLICT, "append to %s: it is no regular file",
				 place->shown);
	return TAKE_FD(fd);
}

/* All of it; *done grows by what arrives, also when the rest does not. 0, or -1 with errno. */
static int write_counted(int fd, struct span data, uint64_t *done)
{
	while (data.n) {
		ssize_t n = write(fd, data.p, data.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data = (struct span){data.p + n, data.n - (size_t)n};
		*done += (uint64_t)n;
	}
	return 0;
}

int write_copy(int in_fd, int out_fd, const char *what, uint64_t *ret_done, struct sa_error *err)
{
	cleanup_free char *chunk = NULL;
	*ret_done = 0;
	for (;;) {
		ssize_t n;
		do
			n = chunk ? read(in_fd, chunk, COPY_BYTES)
				  : splice(in_fd, NULL, out_fd, NULL, COPY_BYTES, SPLICE_F_MOVE);
		while (n < 0 && errno == EINTR);
		/* splice wants a pipe at one end, sendfile a file at the input. */
		if (n < 0 && !chunk && errno == EINVAL)
			n = sendfile(out_fd, in_fd, NULL, COPY_BYTES);
		if (n < 0 && !chunk && (errno == EINVAL || errno == ESPIPE || errno == ENOSYS)) {
			chunk = xmalloc(COPY_BYTES);
			continue;
		}
		if (n == 0)
			return 0;
		if (n > 0 && chunk) {
			if (write_counted(out_fd, (struct span){chunk, (size_t)n}, ret_done) < 0)
				return fs_fail(err, errno, "copy", what);
			continue;
		}
		if (n < 0)
			return fs_fail(err, errno, "copy", what);
		*ret_done += (uint64_t)n;
	}
}
