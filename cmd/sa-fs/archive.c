/* The verbs about archives: upload, download. */
#include "base/cleanup.h"
#include "http/response.h"
#include "pack.h"
#include "place.h"
#include "unpack.h"
#include "verbs.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Names in archives are UTF-8 where the format says which characters they are. */
static void use_utf8_names(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
}

/* {"paths":[...],"truncated":false} (contract 10), and what was refused. */
static void add_result(struct buf *b, const struct unpack *u)
{
	json_key(b, "paths");
	json_open(b, '[');
	json_add_raw(b, buf_span(&u->paths));
	json_close(b, ']');
	json_kv_bool(b, "truncated", u->path_count > UNPACK_LISTED);
	if (u->refused_count == 0)
		return;
	json_kv_int(b, "refusedCount", (int64_t)u->refused_count);
	json_key(b, "refused");
	json_open(b, '[');
	json_add_raw(b, buf_span(&u->refused));
	json_close(b, ']');
}

static void print_refusals(const struct unpack *u)
{
	cleanup_buf struct buf list = BUF_INIT(BUF_MAX_OWN), text = BUF_INIT(BUF_MAX_OWN);
	struct span item;
	buf_addf(&list, "[%.*s]", SPAN_ARG(buf_span(&u->refused)));
	for (struct json_iter it = json_iter(buf_span(&list)); json_next(&it, NULL, &item);) {
		struct span name = json_get(item, "name"), reason = json_get(item, "reason");
		buf_addf(&text, "sa-fs upload: refused %.*s: ", SPAN_ARG(name));
		json_string_add(&text, reason);
		buf_addc(&text, '\n');
	}
	fwrite(text.data ? text.data : "", 1, text.len, stderr);
}

/* The problem document, with what was done and what not. */
static void print_problem(const struct unpack *u, const struct sa_error *err)
{
	cleanup_buf struct buf more = BUF_INIT(BUF_MAX_OWN), b = BUF_INIT(BUF_MAX_OWN);
	add_result(&more, u);
	http_problem_add(&b, &(struct http_problem){.kind = err->kind,
						    .detail = span_of(err->message),
						    .extensions = buf_span(&more)});
	fprintf(stderr, "%s\n", b.data);
}

static int open_destination(const struct fs_options *o, const char *path, struct fs *fs,
			    struct place *place, struct sa_error *err)
{
	/* --path is what HTTP clients send: by their rules. */
	if (fs_open(fs, o->root, !path, err) < 0 || place_of(fs,
							     path      ? path
							     : o->path ? o->path
								       : "",
							     place, err) < 0)
		return -1;
	int fd = beneath_make_dirs(&fs->at, place->inside, 0777);
	return fd < 0 ? fs_fail(err, errno, "unpack to", place->shown) : fd;
}

static int tell(const struct fs_options *o, const struct unpack *u, int rc, struct sa_error *err)
{
	if (rc == 0 && u->refused_count)
		rc = error_set(err, PROBLEM_INVALID_REQUEST,
			       "entries of the archive refused: %llu, unpacked: %llu",
			       (unsigned long long)u->refused_count,
			       (unsigned long long)u->path_count);
	if (o->common.is_json && rc < 0) {
		print_problem(u, err);
		return SA_EXIT_FAILED;
	}
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	add_result(&b, u);
	json_close(&b, '}');
	if (command_wants_text(&o->common))
		printf("%llu unpacked\n", (unsigned long long)u->path_count);
	else
		printf("%s\n", b.data);
	print_refusals(u);
	if (rc == 0)
		return SA_EXIT_OK;
	err->kind = err->kind == PROBLEM_INVALID_REQUEST ? PROBLEM_FAILED : err->kind;
	return -1;
}

int run_upload(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	cleanup_place struct place place = PLACE_INIT;
	if (argc > 1 || (argc == 1 && o->path))
		return error_set(err, PROBLEM_INVALID_REQUEST, "upload wants one folder");
	if (o->max_ratio == 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--max-ratio is 1 at least");
	int dest = open_destination(o, argc ? argv[0] : NULL, &fs, &place, err);
	if (dest < 0)
		return -1;
	const struct unpack_limits limits = {
	    .bytes = o->max_bytes, .entries = o->max_entries, .ratio = o->max_ratio};
	struct unpack u;
	use_utf8_names();
	int rc = unpack(&u, STDIN_FILENO, dest, place.shown, &limits, err);
	rc = tell(o, &u, rc, err);
	unpack_free(&u);
	return rc;
}

int run_download(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	cleanup_place struct place place = PLACE_INIT;
	enum pack_filter filter = PACK_PLAIN;
	if (argc > 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "download wants one folder");
	if (o->compress && strcmp(o->compress, "gzip") == 0)
		filter = PACK_GZIP;
	else if (o->compress && strcmp(o->compress, "zstd") == 0)
		filter = PACK_ZSTD;
	else if (o->compress)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--compress is gzip or zstd");
	if (isatty(STDOUT_FILENO))
		return error_set(err, PROBLEM_INVALID_REQUEST, "an archive is not for a terminal");
	if (fs_open(&fs, o->root, false, err) < 0 ||
	    place_of(&fs, argc ? argv[0] : "", &place, err) < 0)
		return -1;
	int dir = beneath_open(&fs.at, place.inside, O_PATH | O_DIRECTORY, 0);
	if (dir < 0)
		return fs_fail(err, errno, "pack", place.shown);
	use_utf8_names();
	return pack(dir, STDOUT_FILENO, filter, err);
}
