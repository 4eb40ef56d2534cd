#include "pack.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "look.h"
#include "os/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK_BYTES = 256 * 1024, BLOCK_BYTES = 10240 };

struct packer {
	const struct archive_api *api;
	struct archive *archive;
	struct archive_entry *entry;
	struct beneath at;
	char *chunk;
	char **todo; /* folders still to be visited, the next one last */
	size_t todo_count, todo_room;
	char *shorter; /* the first file that became shorter while it was read; owned */
};

static int fail(const struct packer *p, const char *path, struct sa_error *err)
{
	const char *words = p->api->archive_error_string(p->archive);
	return error_set(err, PROBLEM_STREAM_ERROR, "pack %s: %s", path,
			 words ? words : "the archive cannot be written");
}

static int write_header(struct packer *p, const char *path, const struct stat *st, const char *link,
			struct sa_error *err)
{
	p->api->archive_entry_free(p->entry);
	p->entry = p->api->archive_entry_new();
	p->api->archive_entry_copy_pathname(p->entry, path);
	p->api->archive_entry_copy_stat(p->entry, st);
	if (link)
		p->api->archive_entry_copy_symlink(p->entry, link);
	if (!S_ISREG(st->st_mode))
		p->api->archive_entry_set_size(p->entry, 0);
	return p->api->archive_write_header(p->archive, p->entry) < ARCHIVE_WARN
		   ? fail(p, path, err)
		   : 0;
}

/* Exactly as many bytes as the header says: zeros where the file has become shorter. */
static int write_content(struct packer *p, int fd, uint64_t left, const char *path,
			 struct sa_error *err)
{
	bool is_at_end = false;
	while (left) {
		size_t want = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
		ssize_t n = is_at_end ? 0 : read(fd, p->chunk, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "pack %s", path);
		if (n == 0) {
			if (!is_at_end && !p->shorter)
				p->shorter = xstrdup(path);
			is_at_end = true;
			memset(p->chunk, 0, want);
			n = (ssize_t)want;
		}
		if (p->api->archive_write_data(p->archive, p->chunk, (size_t)n) != n)
			return fail(p, path, err);
		left -= (uint64_t)n;
	}
	return 0;
}

static int pack_file(struct packer *p, int dir, const char *name, const char *path,
		     struct sa_error *err)
{
	struct stat st;
	cleanup_close int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ELOOP))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set_errno(
		    err, errno == EACCES ? PROBLEM_PERMISSION_DENIED : PROBLEM_STREAM_ERROR, errno,
		    "pack %s", path);
	if (!S_ISREG(st.st_mode))
		return 0;
	return write_header(p, path, &st, NULL, err) < 0
		   ? -1
		   : write_content(p, fd, (uint64_t)st.st_size, path, err);
}

static int pack_one(struct packer *p, int dir, const char *name, const char *path,
		    struct sa_error *err)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISREG(st.st_mode))
		return pack_file(p, dir, name, path, err);
	if (S_ISLNK(st.st_mode)) {
		cleanup_free char *link = look_link(dir, name);
		return link ? write_header(p, path, &st, link, err) : 0;
	}
	return 0;
}

static void push(struct packer *p, char *path)
{
	if (p->todo_count == p->todo_room) {
		p->todo_room = p->todo_room ? p->todo_room * 2 : 16;
		p->todo = xreallocarray(p->todo, p->todo_room, sizeof(char *));
	}
	p->todo[p->todo_count++] = path;
}

static bool is_folder(int dir, const char *name)
{
	struct stat st;
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* A folder, then what is in it but folders; these are pushed, the first one last. */
static int pack_folder(struct packer *p, const char *path, struct sa_error *err)
{
	cleanup_names struct names names = NAMES_INIT;
	struct stat st;
	bool is_top = strcmp(path, ".") == 0;
	cleanup_close int dir = beneath_open(&p->at, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
	if (dir < 0 && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR) && !is_top)
		return 0;
	int again = dir < 0 ? -1 : fcntl(dir, F_DUPFD_CLOEXEC, 3);
	if (again < 0 || names_read(again, &names) < 0 || fstat(dir, &st) < 0)
		return error_set_errno(
		    err, errno == EACCES ? PROBLEM_PERMISSION_DENIED : PROBLEM_STREAM_ERROR, errno,
		    "pack %s", path);
	cleanup_free char *shown = is_top ? xstrdup("./") : xasprintf("%s/", path);
	if (write_header(p, shown, &st, NULL, err) < 0)
		return -1;
	const char *before = is_top ? "" : shown;
	for (size_t i = 0; i < names.count; i++) {
		cleanup_free char *one = xasprintf("%s%s", before, names.items[i]);
		if (pack_one(p, dir, names.items[i], one, err) < 0)
			return -1;
	}
	for (size_t i = names.count; i-- > 0;)
		if (is_folder(dir, names.items[i]))
			push(p, xasprintf("%s%s", before, names.items[i]));
	return 0;
}

static int open_archive(struct packer *p, int fd, enum pack_filter filter, struct sa_error *err)
{
	p->archive = p->api->archive_write_new();
	if (!p->archive)
		return error_set(err, PROBLEM_FAILED, "libarchive has no memory");
	int rc = p->api->archive_write_set_format_pax_restricted(p->archive);
	if (filter == PACK_GZIP)
		rc |= p->api->archive_write_add_filter_gzip(p->archive);
	if (filter == PACK_ZSTD)
		rc |= p->api->archive_write_add_filter_zstd(p->archive);
	p->api->archive_write_set_bytes_per_block(p->archive, BLOCK_BYTES * 8);
	p->api->archive_write_set_bytes_in_last_block(p->archive, 1);
	if (rc != ARCHIVE_OK || p->api->archive_write_open_fd(p->archive, fd) != ARCHIVE_OK)
		return fail(p, "the folder", err);
	return 0;
}

int pack(int dir_fd, int fd, enum pack_filter filter, struct sa_error *err)
{
	struct packer p = {.api = archive_api(err)};
	beneath_init_fd(&p.at, dir_fd, true);
	int rc = p.api ? open_archive(&p, fd, filter, err) : -1;
	p.chunk = xmalloc(CHUNK_BYTES);
	push(&p, xstrdup("."));
	while (p.todo_count) {
		cleanup_free char *path = p.todo[--p.todo_count];
		if (rc == 0)
			rc = pack_folder(&p, path, err);
	}
	if (rc == 0 && p.api->archive_write_close(p.archive) != ARCHIVE_OK)
		rc = fail(&p, "the folder", err);
	if (rc == 0 && p.shorter)
		rc = error_set(err, PROBLEM_FAILED,
			       "%s became shorter while it was packed: zeros stand for its end",
			       p.shorter);
	if (p.api) {
		p.api->archive_entry_free(p.entry);
		p.api->archive_write_free(p.archive);
	}
	free(p.shorter);
	free(p.chunk);
	free(p.todo);
	beneath_close(&p.at);
	return rc;
}
