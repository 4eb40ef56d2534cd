/* The verbs about one file or folder: list, stat, read, write, append. */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "entry.h"
#include "http/condition.h"
#include "look.h"
#include "verbs.h"
#include "write.h"
#include "json/write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Open the file system and resolve the one operand, or fallback without it (NULL: it is wanted). */
static int begin(const struct fs_options *o, const char *verb, int argc, char **argv,
		 const char *fallback, struct fs *fs, struct place *ret, struct sa_error *err)
{
	if (argc > 1 || (argc == 0 && !fallback))
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s wants one path", verb);
	if (fs_open(fs, o->root, false, err) < 0)
		return -1;
	return place_of(fs, argc ? argv[0] : fallback, ret, err);
}

static void print_json(struct buf *b)
{
	buf_addc(b, '\n');
	fwrite(b->data, 1, b->len, stdout);
}

static int print_entry(const char *name, const char *path, const struct stat *st, const char *link,
		       void *arg, struct sa_error *err)
{
	(void)err;
	if (*(const bool *)arg) {
		entry_print_text(name, st, link);
		return 0;
	}
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	entry_add_json(&b, name, path, st, link);
	print_json(&b);
	return 0;
}

int run_list(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	cleanup_place struct place place = PLACE_INIT;
	bool is_text = command_wants_text(&o->common);
	if (begin(o, "list", argc, argv, "", &fs, &place, err) < 0)
		return -1;
	return look_each(&fs, &place, print_entry, &is_text, err);
}

static int stat_one(const struct fs_options *o, const struct fs *fs, const char *path,
		    struct sa_error *err)
{
	cleanup_place struct place place = PLACE_INIT;
	cleanup_free char *link = NULL;
	struct stat st;
	char etag[ETAG_BYTES];
	if (place_of(fs, path, &place, err) < 0 ||
	    look_at(fs, &place, !o->is_not_following, &st, &link, err) < 0)
		return -1;
	if (command_wants_text(&o->common)) {
		entry_print_text(place.shown, &st, link);
		return 0;
	}
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	entry_add_json(&b, NULL, place.shown, &st, link);
	entry_etag(&st, etag);
	b.len--;
	json_kv_string(&b, "etag", etag);
	json_close(&b, '}');
	print_json(&b);
	return 0;
}

int run_stat(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "stat wants a path");
	if (fs_open(&fs, o->root, false, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++)
		if (stat_one(o, &fs, argv[i], err) < 0)
			return -1;
	return SA_EXIT_OK;
}

/* Copy length bytes from where fd stands to standard output. */
static int copy_part(int fd, uint64_t length, const char *path, struct sa_error *err)
{
	char chunk[65536];
	while (length) {
		ssize_t n = read(fd, chunk, length < sizeof(chunk) ? length : sizeof(chunk));
		if (n < 0)
			return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "read %s", path);
		if (n == 0)
			return 0;
		if (fwrite(chunk, 1, (size_t)n, stdout) < (size_t)n)
			return command_flush(err);
		length -= (uint64_t)n;
	}
	return 0;
}

int run_read(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	cleanup_place struct place place = PLACE_INIT;
	struct stat st;
	uint64_t first = 0, length = 0, done;
	if (begin(o, "read", argc, argv, NULL, &fs, &place, err) < 0)
		return -1;
	cleanup_close int fd = look_open_file(&fs, &place, &st, err);
	if (fd < 0)
		return -1;
	if (!o->range)
		return write_copy(fd, STDOUT_FILENO, place.shown, &done, err);
	cleanup_free char *range = xasprintf("bytes=%s", o->range);
	switch (http_range_parse(span_of(range), (uint64_t)st.st_size, &first, &length)) {
	case HTTP_RANGE_PART:
		if (lseek(fd, (off_t)first, SEEK_SET) < 0)
			return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "read %s",
					       place.shown);
		return copy_part(fd, length, place.shown, err);
	case HTTP_RANGE_UNSATISFIABLE:
		return error_set(err, PROBLEM_RANGE_NOT_SATISFIABLE, "%s has %lld bytes",
				 place.shown, (long long)st.st_size);
	default:
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "a range is FIRST-LAST, FIRST- or -COUNT, not '%s'", o->range);
	}
}

int run_write(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	cleanup_place struct place place = PLACE_INIT;
	cleanup_write_file struct write_file w = WRITE_FILE_INIT;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct stat st;
	uint64_t done;
	char etag[ETAG_BYTES];
	const struct http_conditions conditions = {
	    .if_match = span_of(o->if_match),
	    .if_none_match = span_of(o->is_new ? "*" : NULL),
	};
	if (begin(o, "write", argc, argv, NULL, &fs, &place, err) < 0 ||
	    write_begin(&fs, &place, &conditions, &w, err) < 0 ||
	    write_copy(STDIN_FILENO, w.temp.fd, place.shown, &done, err) < 0)
		return -1;
	w.is_synced = o->is_synced;
	if (write_commit(&w, &st, err) < 0)
		return -1;
	if (command_wants_text(&o->common))
		return SA_EXIT_OK;
	entry_etag(&st, etag);
	json_open(&b, '{');
	json_kv_string(&b, "path", place.shown);
	json_kv_int(&b, "bytesWritten", st.st_size);
	json_kv_string(&b, "etag", etag);
	json_close(&b, '}');
	print_json(&b);
	return SA_EXIT_OK;
}

int run_append(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	cleanup_place struct place place = PLACE_INIT;
	struct stat before, after;
	uint64_t done;
	if (begin(o, "append", argc, argv, NULL, &fs, &place, err) < 0)
		return -1;
	cleanup_close int fd = write_open_append(&fs, &place, err);
	if (fd < 0)
		return -1;
	bool is_known = fstat(fd, &before) == 0;
	if (write_copy(STDIN_FILENO, fd, place.shown, &done, err) == 0)
		return SA_EXIT_OK;
	/* What came halfway goes again, unless somebody else has added something too. */
	if (is_known && fstat(fd, &after) == 0 &&
	    (uint64_t)(after.st_size - before.st_size) == done)
		if (ftruncate(fd, before.st_size) < 0)
			error_prefix(err, "%llu bytes were added", (unsigned long long)done);
	return -1;
}
