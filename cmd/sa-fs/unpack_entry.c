#include "unpack_entry.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "names.h"
#include "os/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static const char *const too_many_bytes = "the archive unpacks to more than is allowed";

const char *unpack_text(const struct unpack *u, struct archive_entry *entry,
			__typeof__(archive_entry_pathname) *plain,
			__typeof__(archive_entry_pathname_utf8) *utf8)
{
	(void)u;
	const char *text = plain(entry);
	return text ? text : utf8(entry);
}

/* Is errnum this one entry's trouble, and not everybody's? */
static enum unpack_verdict judge_errno(int errnum, const char **ret_reason, const char *path,
				       struct sa_error *err)
{
	switch (errnum) {
	case ELOOP:
		*ret_reason = "a link is on the way to it";
		return UNPACK_REFUSED;
	case ENOTDIR:
		*ret_reason = "a file is where a folder should be";
		return UNPACK_REFUSED;
	case EISDIR:
	case EEXIST:
		*ret_reason = "a folder is where it should be";
		return UNPACK_REFUSED;
	case EXDEV:
		*ret_reason = "it leads out";
		return UNPACK_REFUSED;
	case ENAMETOOLONG:
		*ret_reason = "its name is too long";
		return UNPACK_REFUSED;
	case EINVAL:
	case EILSEQ:
		*ret_reason = "the file system takes no such name";
		return UNPACK_REFUSED;
	case EACCES:
	case EPERM:
		*ret_reason = "it may not be written";
		return UNPACK_REFUSED;
	case EFBIG:
		*ret_reason = "it is too large for a file";
		return UNPACK_REFUSED;
	default:
		error_set_errno(err,
				errnum == ENOSPC || errnum == EDQUOT ? PROBLEM_STORE_FULL
								     : PROBLEM_STREAM_ERROR,
				errnum, "unpack %s", path);
		return UNPACK_BROKEN;
	}
}

/* --- where ------------------------------------------------------------------------ */

/* The folder of path, made with its parents, and the last name in it. Borrowed, both. -1 with
 * errno. */
static int open_parent(struct unpack *u, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	*ret_name = slash ? slash + 1 : path;
	if (u->last_parent && strncmp(u->last_parent, path, n) == 0 && !u->last_parent[n])
		return u->last_parent_fd;
	cleanup_free char *parent = n ? xmemdup0(path, n) : xstrdup(".");
	int fd = beneath_make_dirs(&u->at, parent, 0777);
	if (fd < 0)
		return -1;
	if (u->last_parent_fd >= 0)
		close(u->last_parent_fd);
	free(u->last_parent);
	u->last_parent = n ? TAKE_PTR(parent) : xstrdup("");
	u->last_parent_fd = fd;
	tempfile_sweep(fd, TEMPFILE_LINK_AGE_S);
	return fd;
}

/* Was it this archive that put there what is there? */
static bool is_repeated(const struct unpack *u, int dir, const char *name)
{
	struct stat st;
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode) &&
	       idset_has(&u->made, &st);
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;
	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

/* --- files -------------------------------------------------------------------------- */

static int write_at(int fd, const char *data, size_t n, int64_t offset)
{
	while (n) {
		ssize_t done = pwrite(fd, data, n, offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		data += done;
		n -= (size_t)done;
		offset += done;
	}
	return 0;
}

/* Does the entry, size bytes so far, stay within the limits? NULL, or why not. */
static const char *judge_size(const struct unpack *u, uint64_t size)
{
	uint64_t input = (uint64_t)u->api->archive_filter_bytes(u->archive, -1) - u->read_before;
	if (size > u->limits.bytes - u->bytes)
		return too_many_bytes;
	if (size > UNPACK_RATIO_FLOOR && size / u->limits.ratio > input)
		return "it unpacks to far more than it is packed";
	return NULL;
}

/* The data of an entry into a file of that size; holes stay holes. */
static enum unpack_verdict write_data(struct unpack *u, struct archive_entry *entry, int fd,
				      uint64_t *ret_size, const char **ret_reason, const char *path,
				      struct sa_error *err)
{
	const void *data;
	size_t n;
	int64_t offset;
	int64_t size =
	    u->api->archive_entry_size_is_set(entry) ? u->api->archive_entry_size(entry) : 0;
	uint64_t end = 0;
	if (size < 0) {
		*ret_reason = "its size is none";
		return UNPACK_REFUSED;
	}
	for (;;) {
		int rc = u->api->archive_read_data_block(u->archive, &data, &n, &offset);
		if (rc == ARCHIVE_EOF)
			break;
		if (rc < ARCHIVE_WARN) {
			if (rc == ARCHIVE_FATAL) {
				error_set(err, PROBLEM_INVALID_REQUEST, "the archive is broken: %s",
					  u->api->archive_error_string(u->archive));
				return UNPACK_BROKEN;
			}
			*ret_reason = "its data is broken";
			return UNPACK_REFUSED;
		}
		if (offset < 0 || (uint64_t)offset > INT64_MAX - n) {
			*ret_reason = "its size is none";
			return UNPACK_REFUSED;
		}
		end = (uint64_t)offset + n;
		*ret_reason = judge_size(u, end);
		if (*ret_reason)
			return UNPACK_REFUSED;
		if (write_at(fd, data, n, offset) < 0)
			return judge_errno(errno, ret_reason, path, err);
	}
	/* A hole at the end has no data. */
	if ((uint64_t)size > end) {
		end = (uint64_t)size;
		*ret_reason = judge_size(u, end);
		if (*ret_reason)
			return UNPACK_REFUSED;
		if (ftruncate(fd, size) < 0)
			return judge_errno(errno, ret_reason, path, err);
	}
	*ret_size = end;
	return UNPACK_MADE;
}

static void set_times(const struct unpack *u, struct archive_entry *entry, int fd)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};
	if (!u->api->archive_entry_mtime_is_set(entry))
		return;
	times[1].tv_sec = u->api->archive_entry_mtime(entry);
	times[1].tv_nsec = u->api->archive_entry_mtime_nsec(entry);
	/* A time that the file system cannot hold is no reason to refuse a file. */
	futimens(fd, times);
}

static enum unpack_verdict make_file(struct unpack *u, struct archive_entry *entry, int dir,
				     const char *name, const char *path, const char **ret_reason,
				     struct sa_error *err)
{
	struct tempfile t = TEMPFILE_INIT;
	struct stat st = {.st_ino = 0};
	uint64_t size = 0;
	if (tempfile_open(dir, 0600, &t) < 0)
		return judge_errno(errno, ret_reason, path, err);
	enum unpack_verdict verdict = write_data(u, entry, t.fd, &size, ret_reason, path, err);
	if (verdict == UNPACK_MADE) {
		fchmod(t.fd, u->api->archive_entry_perm(entry) & 0777);
		set_times(u, entry, t.fd);
		if (fstat(t.fd, &st) < 0 || tempfile_commit(&t, dir, name, true) < 0)
			verdict = judge_errno(errno, ret_reason, path, err);
	}
	tempfile_discard(&t, dir);
	if (verdict == UNPACK_MADE) {
		u->bytes += size;
		idset_add(&u->made, &st);
	}
	return verdict;
}

/* --- links ---------------------------------------------------------------------------- */

/* Put what was made under a temporary name in its place. */
static enum unpack_verdict settle(struct unpack *u, int dir, const char *temporary,
				  const char *name, const char *path, const char **ret_reason,
				  struct sa_error *err)
{
	struct stat st;
	if (fstatat(dir, temporary, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    renameat(dir, temporary, dir, name) < 0) {
		int saved = errno;
		unlinkat(dir, temporary, 0);
		return judge_errno(saved, ret_reason, path, err);
	}
	/* Two names of one file: rename(2) has left both. */
	unlinkat(dir, temporary, 0);
	idset_add(&u->made, &st);
	return UNPACK_MADE;
}

static enum unpack_verdict make_symlink(struct unpack *u, struct archive_entry *entry, int dir,
					const char *name, const char *path, const char **ret_reason,
					struct sa_error *err)
{
	const char *target = unpack_text(u, entry, u->api->archive_entry_symlink,
					 u->api->archive_entry_symlink_utf8);
	*ret_reason = link_judge(target ? target : "", depth_of(path));
	if (*ret_reason)
		return UNPACK_REFUSED;
	struct stat st;
	if (symlinkat(target, dir, name) == 0) {
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			idset_add(&u->made, &st);
		return UNPACK_MADE;
	}
	cleanup_free char *temporary = tempfile_name();
	if (errno != EEXIST || symlinkat(target, dir, temporary) < 0)
		return judge_errno(errno, ret_reason, path, err);
	return settle(u, dir, temporary, name, path, ret_reason, err);
}

static enum unpack_verdict make_hardlink(struct unpack *u, const char *target, int dir,
					 const char *name, const char *path,
					 const char **ret_reason, struct sa_error *err)
{
	cleanup_buf struct buf clean = BUF_INIT(NAME_PATH_BYTES * 2);
	cleanup_free char *from = NULL;
	struct stat st;
	*ret_reason = name_clean(target, &clean);
	if (!*ret_reason) {
		cleanup_close int from_dir = beneath_open_parent(&u->at, clean.data, false, &from);
		cleanup_free char *temporary = tempfile_name();
		/* Of this archive and a plain file: no second name for what was there before. */
		if (from_dir >= 0 && fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && idset_has(&u->made, &st)) {
			/* Whoever sweeps sees that the temporary name has an owner. */
			cleanup_close int lock =
			    openat(from_dir, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
			if (lock >= 0)
				flock(lock, LOCK_EX);
			if (linkat(from_dir, from, dir, temporary, 0) < 0)
				return judge_errno(errno, ret_reason, path, err);
			return settle(u, dir, temporary, name, path, ret_reason, err);
		}
	}
	*ret_reason = "it is a hard link to what the archive has not brought";
	return UNPACK_REFUSED;
}

/* --- folders -------------------------------------------------------------------------- */

static enum unpack_verdict make_folder(struct unpack *u, struct archive_entry *entry,
				       const char *path, const char **ret_reason,
				       struct sa_error *err)
{
	cleanup_close int fd = beneath_make_dirs(&u->at, path, 0777);
	if (fd < 0)
		return judge_errno(errno, ret_reason, path, err);
	if (u->folder_count % 64 == 0)
		u->folders = xreallocarray(u->folders, u->folder_count + 64, sizeof(*u->folders));
	u->folders[u->folder_count++] = (struct unpack_folder){
	    .path = xstrdup(path),
	    /* Whoever unpacks it can delete it again. */
	    .mode = (u->api->archive_entry_perm(entry) & 0777) | 0700,
	    .modified = {u->api->archive_entry_mtime(entry),
			 u->api->archive_entry_mtime_nsec(entry)},
	    .has_time = u->api->archive_entry_mtime_is_set(entry),
	};
	return UNPACK_MADE;
}

void unpack_finish_folders(struct unpack *u)
{
	while (u->folder_count) {
		struct unpack_folder *f = &u->folders[--u->folder_count];
		struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, f->modified};
		cleanup_close int fd =
		    beneath_open(&u->at, f->path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
		if (fd >= 0) {
			fchmod(fd, f->mode);
			if (f->has_time)
				futimens(fd, times);
		}
		free(f->path);
	}
	free(TAKE_PTR(u->folders));
}

/* --- all of them ------------------------------------------------------------------------ */

enum unpack_verdict unpack_entry(struct unpack *u, struct archive_entry *entry, const char *path,
				 const char **ret_reason, struct sa_error *err)
{
	const char *name, *hardlink = unpack_text(u, entry, u->api->archive_entry_hardlink,
						  u->api->archive_entry_hardlink_utf8);
	mode_t type = u->api->archive_entry_filetype(entry);
	bool is_known = hardlink || type == AE_IFREG || type == AE_IFLNK || type == AE_IFDIR;
	if (!*path && !hardlink && type == AE_IFDIR)
		return UNPACK_PASSED;
	if (!*path) {
		*ret_reason = "it has no name";
		return UNPACK_REFUSED;
	}
	if (!is_known) {
		*ret_reason = "it is a device, a pipe or a socket";
		return UNPACK_REFUSED;
	}
	if (u->api->archive_entry_is_data_encrypted(entry)) {
		*ret_reason = "it is encrypted";
		return UNPACK_REFUSED;
	}
	if (!hardlink && type == AE_IFDIR)
		return make_folder(u, entry, path, ret_reason, err);
	if (!hardlink && type == AE_IFREG && u->api->archive_entry_size_is_set(entry) &&
	    (uint64_t)u->api->archive_entry_size(entry) > u->limits.bytes - u->bytes) {
		*ret_reason = too_many_bytes;
		return UNPACK_REFUSED;
	}
	int dir = open_parent(u, path, &name);
	if (dir < 0)
		return judge_errno(errno, ret_reason, path, err);
	if (is_repeated(u, dir, name)) {
		*ret_reason = "the archive has had this name before";
		return UNPACK_REFUSED;
	}
	if (hardlink)
		return make_hardlink(u, hardlink, dir, name, path, ret_reason, err);
	if (type == AE_IFLNK)
		return make_symlink(u, entry, dir, name, path, ret_reason, err);
	return make_file(u, entry, dir, name, path, ret_reason, err);
}
