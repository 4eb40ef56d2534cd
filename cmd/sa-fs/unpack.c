#include "unpack.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "names.h"
#include "os/io.h"
#include "os/tempfile.h"
#include "unpack_entry.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { INPUT_BYTES = 128 * 1024, MAGIC_BYTES = 4 };

/* --- input ---------------------------------------------------------------------------- */

/*
 * The directory of a zip is at its end, and only there stand modes and
 * links: one that comes through a pipe goes into a nameless file in the
 * destination first. *ret_fd is that file, or -1 when there is no need.
 */
static int spool_zip(int fd, int dest_fd, struct span head, uint64_t most, int *ret_fd,
		     struct sa_error *err)
{
	struct tempfile t = TEMPFILE_INIT;
	cleanup_buf struct buf chunk = BUF_INIT(INPUT_BYTES);
	uint64_t total = head.n;
	*ret_fd = -1;
	if (head.n < 2 || memcmp(head.p, "PK", 2) != 0)
		return 0;
	int rc = tempfile_open(dest_fd, 0600, &t);
	if (rc == 0)
		rc = io_write_all(t.fd, head);
	while (rc == 0) {
		buf_clear(&chunk);
		ssize_t n = io_read_some(fd, &chunk, INPUT_BYTES);
		total += n > 0 ? (uint64_t)n : 0;
		if (n > 0 && total > most)
			errno = EFBIG;
		rc = n < 0 || total > most || io_write_all(t.fd, buf_span(&chunk)) < 0 ? -1 : 0;
		if (n == 0)
			break;
	}
	if (rc < 0) {
		error_set_errno(err,
				errno == EFBIG	  ? PROBLEM_TOO_LARGE
				: errno == ENOSPC ? PROBLEM_STORE_FULL
						  : PROBLEM_STREAM_ERROR,
				errno, "read the archive");
		tempfile_discard(&t, dest_fd);
		return -1;
	}
	*ret_fd = TAKE_FD(t.fd);
	tempfile_discard(&t, dest_fd);
	return lseek(*ret_fd, 0, SEEK_SET) < 0 ? -1 : 0;
}

struct input {
	int fd;
	struct buf head; /* read already */
	bool is_head_given;
	char *chunk;
};

static ssize_t read_input(struct archive *archive, void *arg, const void **ret_data)
{
	struct input *in = arg;
	ssize_t n;
	(void)archive;
	if (!in->is_head_given) {
		in->is_head_given = true;
		*ret_data = in->head.data;
		return (ssize_t)in->head.len;
	}
	do
		n = read(in->fd, in->chunk, INPUT_BYTES);
	while (n < 0 && errno == EINTR);
	*ret_data = in->chunk;
	return n;
}

/* --- the walk ---------------------------------------------------------------------------- */

static void list_refusal(struct unpack *u, const char *name, const char *reason)
{
	if (u->refused_count++ >= UNPACK_LISTED)
		return;
	json_open(&u->refused, '{');
	json_kv_string(&u->refused, "name", name);
	json_kv_string(&u->refused, "reason", reason);
	json_close(&u->refused, '}');
}

static void list_path(struct unpack *u, const char *path)
{
	cleanup_buf struct buf whole = BUF_INIT(BUF_MAX_OWN);
	if (u->path_count++ >= UNPACK_LISTED)
		return;
	size_t n = strlen(u->shown);
	while (n && u->shown[n - 1] == '/')
		n--;
	buf_addf(&whole, "%.*s/%s", (int)n, u->shown, path);
	json_add_string(&u->paths, buf_span(&whole));
}

static int broken(const struct unpack *u, struct sa_error *err)
{
	const char *words = u->api->archive_error_string(u->archive);
	return error_set(err, PROBLEM_INVALID_REQUEST, "this is no whole archive: %s",
			 words ? words : "the reader gives up");
}

/* To find the next entry the reader has to unpack what was refused as well: not without end. */
static int skip(struct unpack *u, struct sa_error *err)
{
	const void *data;
	size_t n;
	int64_t offset;
	for (;;) {
		int rc = u->api->archive_read_data_block(u->archive, &data, &n, &offset);
		if (rc == ARCHIVE_FATAL)
			return broken(u, err);
		if (rc == ARCHIVE_EOF || rc < ARCHIVE_WARN)
			return 0;
		u->skipped_bytes += n;
		if (u->skipped_bytes > UNPACK_SKIPPED_BYTES)
			return error_set(err, PROBLEM_TOO_LARGE,
					 "what was refused is too much to read past");
	}
}

static int take_entry(struct unpack *u, struct archive_entry *entry, struct sa_error *err)
{
	cleanup_buf struct buf clean = BUF_INIT(NAME_PATH_BYTES * 2);
	const char *name = unpack_text(u, entry, u->api->archive_entry_pathname,
				       u->api->archive_entry_pathname_utf8);
	const char *reason = name ? name_clean(name, &clean) : "it has no name";
	enum unpack_verdict verdict = UNPACK_REFUSED;
	if (!reason)
		verdict = unpack_entry(u, entry, clean.data, &reason, err);
	switch (verdict) {
	case UNPACK_MADE:
		list_path(u, clean.data);
		return 0;
	case UNPACK_PASSED:
		return 0;
	case UNPACK_REFUSED:
		list_refusal(u, name ? name : "", reason);
		return skip(u, err);
	default:
		return -1;
	}
}

static int walk(struct unpack *u, struct sa_error *err)
{
	struct archive_entry *entry;
	for (;;) {
		int rc = u->api->archive_read_next_header(u->archive, &entry);
		if (rc == ARCHIVE_EOF)
			return 0;
		if (rc < ARCHIVE_WARN)
			return broken(u, err);
		/* Now: the reader of zips jumps about to find the entry. */
		u->read_before = (uint64_t)u->api->archive_filter_bytes(u->archive, -1);
		if (++u->entry_count > u->limits.entries)
			return error_set(err, PROBLEM_TOO_LARGE,
					 "the archive has more than %llu entries",
					 (unsigned long long)u->limits.entries);
		if (take_entry(u, entry, err) < 0)
			return -1;
	}
}

static int open_archive(struct unpack *u, struct input *in, struct sa_error *err)
{
	const struct archive_api *api = u->api;
	u->archive = api->archive_read_new();
	if (!u->archive)
		return error_set(err, PROBLEM_FAILED, "libarchive has no memory");
	api->archive_read_support_filter_gzip(u->archive);
	api->archive_read_support_filter_zstd(u->archive);
	api->archive_read_support_format_tar(u->archive);
	api->archive_read_support_format_zip(u->archive);
	api->archive_read_support_format_empty(u->archive);
	int rc = in->is_head_given ? api->archive_read_open_fd(u->archive, in->fd, INPUT_BYTES)
				   : api->archive_read_open(u->archive, in, NULL, read_input, NULL);
	return rc < ARCHIVE_WARN ? broken(u, err) : 0;
}

int unpack(struct unpack *u, int fd, int dest_fd, const char *shown,
	   const struct unpack_limits *limits, struct sa_error *err)
{
	struct input in = {.fd = fd, .head = BUF_INIT(MAGIC_BYTES)};
	*u = (struct unpack){
	    .shown = shown,
	    .limits = *limits,
	    .last_parent_fd = -1,
	    .paths = BUF_INIT(BUF_MAX_OWN),
	    .refused = BUF_INIT(BUF_MAX_OWN),
	};
	beneath_init_fd(&u->at, dest_fd, true);
	u->api = archive_api(err);
	if (!u->api)
		return -1;
	cleanup_close int spooled = -1;
	in.is_head_given = lseek(fd, 0, SEEK_CUR) >= 0;
	while (!in.is_head_given && in.head.len < MAGIC_BYTES)
		if (io_read_some(fd, &in.head, MAGIC_BYTES - in.head.len) <= 0)
			break;
	int rc = in.is_head_given
		     ? 0
		     : spool_zip(fd, dest_fd, buf_span(&in.head), limits->bytes, &spooled, err);
	if (spooled >= 0) {
		in.fd = spooled;
		in.is_head_given = true;
	}
	in.chunk = xmalloc(INPUT_BYTES);
	if (rc == 0)
		rc = open_archive(u, &in, err);
	if (rc == 0)
		rc = walk(u, err);
	unpack_finish_folders(u);
	if (u->archive)
		u->api->archive_read_free(TAKE_PTR(u->archive));
	free(in.chunk);
	buf_free(&in.head);
	return rc;
}

void unpack_free(struct unpack *u)
{
	if (u->api)
		unpack_finish_folders(u);
	if (u->last_parent_fd >= 0)
		close(u->last_parent_fd);
	free(u->last_parent);
	idset_free(&u->made);
	buf_free(&u->paths);
	buf_free(&u->refused);
	beneath_close(&u->at);
}
