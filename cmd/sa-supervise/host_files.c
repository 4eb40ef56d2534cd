/* fs/read_text_file and fs/write_text_file. */
#include "base/cleanup.h"
#include "base/utf8.h"
#include "host.h"
#include "os/beneath.h"
#include "os/io.h"
#include "os/tempfile.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static int fail(struct sa_error *err, const char *what, const char *path)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return error_set_errno(err, PROBLEM_NOT_FOUND, errno, "%s %.200s", what, path);
	case EXDEV:
		return error_set(err, PROBLEM_PERMISSION_DENIED,
				 "%s %.200s: it leads out of the session's folder", what, path);
	default:
		return error_set_errno(err, PROBLEM_FAILED, errno, "%s %.200s", what, path);
	}
}

/* The path out of the params, and where it starts. 0, or -1. */
static int find(const struct supervisor *sv, const char *root, struct span params,
		struct beneath *ret_at, char **ret_path, const char **ret_inside,
		struct sa_error *err)
{
	cleanup_free char *path = json_string_dup(json_get(params, "path"));
	if (!path)
		return error_set(err, PROBLEM_INVALID_REQUEST, "path is wanted: a string");
	*ret_inside = host_inside(sv, root, path, err);
	if (!*ret_inside)
		return -1;
	*ret_at = BENEATH_ALL;
	if (!sv->options->is_reaching && beneath_init(ret_at, root) < 0)
		return fail(err, "open", root);
	*ret_path = TAKE_PTR(path);
	return 0;
}

/* Lines first (from 1) to first + count - 1 of text. */
static struct span cut_lines(struct span text, int64_t first, int64_t count)
{
	const char *p = text.p, *end = text.p + text.n;
	for (int64_t line = 1; line < first && p < end; line++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		p = newline ? newline + 1 : end;
	}
	const char *stop = p;
	for (int64_t line = 0; line < count && stop < end; line++) {
		const char *newline = memchr(stop, '\n', (size_t)(end - stop));
		stop = newline ? newline + 1 : end;
	}
	return (struct span){p, (size_t)(stop - p)};
}

static int read_all(const struct beneath *at, const char *inside, const char *path,
		    struct buf *text, struct sa_error *err)
{
	struct stat st;
	cleanup_close int fd = beneath_open(at, inside, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(err, "read", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, PROBLEM_INVALID_REQUEST, "read %.200s: it is no regular file",
				 path);
	return io_read_all(fd, text, path, err);
}

int host_read_file(struct supervisor *sv, const char *root, struct span params, struct buf *result,
		   struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(HOST_FILE_BYTES);
	cleanup_free char *path = NULL;
	struct beneath at;
	const char *inside;
	int64_t line = 1, limit = INT64_MAX;
	if (host_number(params, "line", &line, err) < 0 || host_number(params, "limit", &limit, err) < 0 ||
	    find(sv, root, params, &at, &path, &inside, err) < 0)
		return -1;
	int rc = read_all(&at, inside, path, &text, err);
	beneath_close(&at);
	if (rc < 0)
		return -1;
	/* Replaced bytes would be written back by an agent that edits. */
	if (!utf8_is_valid(buf_span(&text)))
		return error_set(err, PROBLEM_INVALID_REQUEST, "read %.200s: it is not UTF-8 text",
				 path);
	json_open(result, '{');
	json_kv_span(result, "content", cut_lines(buf_span(&text), line, limit));
	json_close(result, '}');
	return 0;
}

/* What a link leads to is written in place: a rename would replace the link. */
static int write_through(const struct beneath *at, const char *inside, struct span text)
{
	cleanup_close int fd =
	    beneath_open(at, inside, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0666);
	return fd < 0 ? -1 : io_write_all(fd, text);
}

/* At once or not at all; the mode of what was there stays. */
static int replace(int dir, const char *name, const struct stat *old, struct span text)
{
	struct tempfile temp = TEMPFILE_INIT;
	if (tempfile_open(dir, 0666, &temp) < 0)
		return -1;
	int rc = io_write_all(temp.fd, text);
	if (rc == 0 && old)
		rc = fchmod(temp.fd, old->st_mode & 07777);
	if (rc == 0)
		rc = tempfile_commit(&temp, dir, name, true);
	int saved = errno;
	tempfile_discard(&temp, dir);
	errno = saved;
	return rc;
}

static int write_file(const struct beneath *at, const char *inside, const char *path,
		      struct span text, struct sa_error *err)
{
	cleanup_free char *name = NULL;
	struct stat old;
	cleanup_close int dir = beneath_open_parent(at, inside, true, &name);
	if (dir < 0)
		return fail(err, "write", path);
	bool has_old = fstatat(dir, name, &old, AT_SYMLINK_NOFOLLOW) == 0;
	int rc;
	if (has_old && S_ISLNK(old.st_mode))
		rc = write_through(at, inside, text);
	else if (has_old && !S_ISREG(old.st_mode))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "write %.200s: it is no regular file", path);
	else
		rc = replace(dir, name, has_old ? &old : NULL, text);
	return rc < 0 ? fail(err, "write", path) : 0;
}

int host_write_file(struct supervisor *sv, const char *root, struct span params,
		    struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(HOST_FILE_BYTES);
	cleanup_free char *path = NULL;
	struct beneath at;
	const char *inside;
	struct span content = json_get(params, "content");
	if (json_type(content) != JSON_STRING)
		return error_set(err, PROBLEM_INVALID_REQUEST, "content is wanted: a string");
	if (json_string_add(&text, content) < 0)
		return error_set(err, PROBLEM_TOO_LARGE, "content is longer than %d bytes",
				 HOST_FILE_BYTES);
	if (find(sv, root, params, &at, &path, &inside, err) < 0)
		return -1;
	int rc = write_file(&at, inside, path, buf_span(&text), err);
	beneath_close(&at);
	return rc;
}
