#include "filter.h"

#include "base/cleanup.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "change.h"
#include "entry.h"
#include "filter/filter.h"
#include "http/condition.h"
#include "http/value.h"
#include "look.h"
#include "write.h"
#include "json/scan.h"
#include "json/write.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Limits, each with a test. */
enum {
	WRITES_MAX = 256, /* begun and not ended */
	HANDLE_LENGTH = 16,
	ENTRIES_BYTES = 64 << 20, /* one answer of entries */
};

struct server {
	struct fs fs;
	struct {
		char *handle; /* NULL: free */
		struct write_file write;
	} writes[WRITES_MAX];
	struct buf headers; /* of the answer at hand */
};

/* The reference calls what is missing, of the wrong kind or in the way an invalid request, 400, and
 * its clients look for that (contract 10). */
static int as_the_contract(int rc, struct sa_error *err)
{
	if (rc < 0 && (err->kind == PROBLEM_NOT_FOUND || err->kind == PROBLEM_CONFLICT))
		err->kind = PROBLEM_INVALID_REQUEST;
	return rc;
}

/* Missing is 400 there too, but in the way is a conflict. */
static int as_a_change(int rc, struct sa_error *err)
{
	if (rc < 0 && err->kind == PROBLEM_NOT_FOUND)
		err->kind = PROBLEM_INVALID_REQUEST;
	return rc;
}

static int place_param(const struct server *s, const struct filter_request *r, struct place *ret,
		       struct sa_error *err)
{
	cleanup_free char *path = filter_param_wanted(r, "path", err);
	return path ? place_of(&s->fs, path, ret, err) : -1;
}

static void begin_headers(struct server *s)
{
	buf_clear(&s->headers);
	json_open(&s->headers, '{');
}

static void end_headers(struct server *s, struct filter_reply *reply)
{
	json_close(&s->headers, '}');
	reply->headers = buf_span(&s->headers);
}

static void answer_path(struct buf *scratch, struct filter_reply *reply, const char *path)
{
	json_open(scratch, '{');
	json_kv_string(scratch, "path", path);
	json_close(scratch, '}');
	reply->result = buf_span(scratch);
}

static char *header(const struct filter_request *r, const char *name)
{
	return json_string_dup(json_get(r->headers, name));
}

/* The preconditions of a request, and the texts they lie in. */
struct asked {
	char *texts[4];
	struct http_conditions conditions;
};

static struct asked asked_of(const struct filter_request *r)
{
	struct asked a = {.texts = {header(r, "if-match"), header(r, "if-none-match"),
				    header(r, "if-modified-since"),
				    header(r, "if-unmodified-since")}};
	a.conditions = (struct http_conditions){span_of(a.texts[0]), span_of(a.texts[1]),
						span_of(a.texts[2]), span_of(a.texts[3])};
	return a;
}

static void asked_clear(struct asked *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(a->texts); i++)
		free(a->texts[i]);
}
#define cleanup_asked __attribute__((cleanup(asked_clear)))

/* --- looking ------------------------------------------------------------------- */

static int add_entry(const char *name, const char *path, const struct stat *st, const char *link,
		     void *arg, struct sa_error *err)
{
	struct buf *list = arg;
	entry_add_json(list, name, path, st, link);
	if (list->is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE,
				 "the folder has more entries than one answer holds");
	return 0;
}

static int op_entries(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
		      struct filter_reply *reply, struct sa_error *err)
{
	struct server *s = arg;
	cleanup_free char *path = filter_param(r, "path");
	cleanup_place struct place place = PLACE_INIT;
	(void)fd;
	scratch->max = ENTRIES_BYTES;
	json_open(scratch, '[');
	s->fs.is_quick = !r->is_aside;
	int rc = place_of(&s->fs, path ? path : "", &place, err);
	if (rc == 0)
		rc = look_each(&s->fs, &place, add_entry, scratch, err);
	if (rc != 0)
		return as_the_contract(rc, err);
	if (buf_addc(scratch, ']') < 0)
		return error_set(err, PROBLEM_TOO_LARGE,
				 "the folder has more entries than one answer holds");
	reply->result = buf_span(scratch);
	return 0;
}

static int op_stat(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
		   struct filter_reply *reply, struct sa_error *err)
{
	struct server *s = arg;
	cleanup_place struct place place = PLACE_INIT;
	cleanup_free char *link = NULL;
	struct stat st;
	char etag[ETAG_BYTES];
	bool is_following = true;
	(void)fd;
	if (filter_param_bool(r, "follow", &is_following, err) < 0 ||
	    place_param(s, r, &place, err) < 0 ||
	    as_the_contract(look_at(&s->fs, &place, is_following, &st, &link, err), err) < 0)
		return -1;
	entry_add_json(scratch, NULL, place.shown, &st, link);
	reply->result = buf_span(scratch);
	begin_headers(s);
	entry_etag(&st, etag);
	json_kv_string(&s->headers, "etag", etag);
	end_headers(s, reply);
	return 0;
}

/* --- reading ------------------------------------------------------------------- */

/* If-Range: the same strong tag or the same date, else the whole file is meant (RFC 9110 13.1.5).
 */
static bool is_range_valid(const char *if_range, const char *etag, const char *modified)
{
	if (!if_range)
		return true;
	if (strchr(if_range, '"'))
		return http_etag_matches(span_of(if_range), span_of(etag), false);
	return strcmp(if_range, modified) == 0;
}

static int read_part(struct server *s, const struct filter_request *r, const struct stat *st,
		     const char *etag, const char *modified, struct filter_reply *reply,
		     struct sa_error *err)
{
	cleanup_free char *range = header(r, "range"), *if_range = header(r, "if-range");
	uint64_t first = 0, length = (uint64_t)st->st_size, size = length;
	enum http_range kind = HTTP_RANGE_ALL;
	if (range && is_range_valid(if_range, etag, modified))
		kind = http_range_parse(span_of(range), size, &first, &length);
	if (kind == HTTP_RANGE_UNSATISFIABLE) {
		cleanup_free char *text = xasprintf("bytes */%llu", (unsigned long long)size);
		json_kv_string(&s->headers, "content-range", text);
		end_headers(s, reply);
		return error_set(err, PROBLEM_RANGE_NOT_SATISFIABLE,
				 "the file has %llu bytes and nothing at '%s'",
				 (unsigned long long)size, range);
	}
	if (kind == HTTP_RANGE_PART) {
		cleanup_free char *text =
		    xasprintf("bytes %llu-%llu/%llu", (unsigned long long)first,
			      (unsigned long long)(first + length - 1), (unsigned long long)size);
		json_kv_string(&s->headers, "content-range", text);
		reply->status = 206;
	}
	reply->offset = (int64_t)first;
	reply->length = (int64_t)length;
	return 0;
}

static int op_read(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
		   struct filter_reply *reply, struct sa_error *err)
{
	struct server *s = arg;
	cleanup_place struct place place = PLACE_INIT;
	struct stat st;
	char etag[ETAG_BYTES], modified[HTTP_DATE_BYTES];
	(void)fd;
	(void)scratch;
	if (place_param(s, r, &place, err) < 0)
		return -1;
	cleanup_close int file = look_open_file(&s->fs, &place, &st, err);
	if (as_the_contract(file, err) < 0)
		return -1;
	entry_etag(&st, etag);
	http_format_date(st.st_mtim.tv_sec, modified);
	cleanup_asked struct asked asked = asked_of(r);
	enum http_condition condition =
	    http_conditions_judge(&asked.conditions, span_of(etag), st.st_mtim.tv_sec);
	if (condition == HTTP_CONDITION_CHANGED)
		return error_set(err, PROBLEM_PRECONDITION_FAILED, "%s has changed", place.shown);
	begin_headers(s);
	json_kv_string(&s->headers, "etag", etag);
	json_kv_string(&s->headers, "last-modified", modified);
	json_kv_string(&s->headers, "accept-ranges", "bytes");
	if (condition == HTTP_CONDITION_SAME) {
		reply->status = 304;
	} else {
		if (read_part(s, r, &st, etag, modified, reply, err) < 0)
			return -1;
		json_kv_string(&s->headers, "content-type", "application/octet-stream");
		reply->fd = TAKE_FD(file);
	}
	end_headers(s, reply);
	return 0;
}

/* --- writing ------------------------------------------------------------------- */

static int find_write(struct server *s, const char *handle)
{
	for (int i = 0; i < WRITES_MAX; i++)
		if (handle ? s->writes[i].handle && strcmp(s->writes[i].handle, handle) == 0
			   : !s->writes[i].handle)
			return i;
	return -1;
}

static int begin_write(struct server *s, const struct filter_request *r, struct write_file *ret,
		       struct sa_error *err)
{
	cleanup_place struct place place = PLACE_INIT;
	cleanup_asked struct asked asked = asked_of(r);
	bool is_synced = false;
	if (filter_param_bool(r, "sync", &is_synced, err) < 0 ||
	    place_param(s, r, &place, err) < 0 ||
	    as_a_change(write_begin(&s->fs, &place, &asked.conditions, ret, err), err) < 0)
		return -1;
	ret->is_synced = is_synced;
	return 0;
}

static int op_write_begin(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
			  struct filter_reply *reply, struct sa_error *err)
{
	struct server *s = arg;
	cleanup_write_file struct write_file w = WRITE_FILE_INIT;
	(void)fd;
	int i = find_write(s, NULL);
	if (i < 0)
		return error_set(err, PROBLEM_TOO_LARGE, "%d files are being written already",
				 WRITES_MAX);
	if (begin_write(s, r, &w, err) < 0)
		return -1;
	reply->fd = fcntl(w.temp.fd, F_DUPFD_CLOEXEC, 3);
	if (reply->fd < 0)
		return error_set(err, PROBLEM_STREAM_ERROR, "no descriptor left");
	s->writes[i].handle = ident_random(HANDLE_LENGTH);
	s->writes[i].write = w;
	w = WRITE_FILE_INIT;
	json_open(scratch, '{');
	json_kv_string(scratch, "handle", s->writes[i].handle);
	json_close(scratch, '}');
	reply->result = buf_span(scratch);
	return 0;
}

/* What came of a write that is committed. */
static void answer_written(struct server *s, const struct write_file *w, const struct stat *st,
			   struct buf *scratch, struct filter_reply *reply)
{
	char etag[ETAG_BYTES];
	json_open(scratch, '{');
	json_kv_string(scratch, "path", w->shown);
	json_kv_int(scratch, "bytesWritten", st->st_size);
	json_close(scratch, '}');
	reply->result = buf_span(scratch);
	begin_headers(s);
	entry_etag(st, etag);
	json_kv_string(&s->headers, "etag", etag);
	end_headers(s, reply);
}

/* All in one: the descriptor is a pipe that has the content. */
static int op_write(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
		    struct filter_reply *reply, struct sa_error *err)
{
	struct server *s = arg;
	cleanup_close int content = fd;
	cleanup_write_file struct write_file w = WRITE_FILE_INIT;
	struct stat st;
	uint64_t done;
	if (content < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "write wants a descriptor");
	if (begin_write(s, r, &w, err) < 0 ||
	    write_copy(content, w.temp.fd, w.shown, &done, err) < 0 ||
	    as_a_change(write_commit(&w, &st, err), err) < 0)
		return -1;
	answer_written(s, &w, &st, scratch, reply);
	return 0;
}

/* Take the write that is meant out of the table. 0, or -1. */
static int take_write(struct server *s, const struct filter_request *r, struct write_file *ret,
		      struct sa_error *err)
{
	cleanup_free char *handle = filter_param_wanted(r, "handle", err);
	int i = handle ? find_write(s, handle) : -1;
	if (i < 0)
		return handle ? error_set(err, PROBLEM_NOT_FOUND, "no write '%s'", handle) : -1;
	free(TAKE_PTR(s->writes[i].handle));
	*ret = s->writes[i].write;
	s->writes[i].write = WRITE_FILE_INIT;
	return 0;
}

static int op_write_commit(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
			   struct filter_reply *reply, struct sa_error *err)
{
	struct server *s = arg;
	cleanup_write_file struct write_file w = WRITE_FILE_INIT;
	struct stat st;
	(void)fd;
	if (take_write(s, r, &w, err) < 0 || as_a_change(write_commit(&w, &st, err), err) < 0)
		return -1;
	answer_written(s, &w, &st, scratch, reply);
	return 0;
}

static int op_write_abort(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
			  struct filter_reply *reply, struct sa_error *err)
{
	cleanup_write_file struct write_file w = WRITE_FILE_INIT;
	(void)fd;
	(void)scratch;
	(void)reply;
	return take_write(arg, r, &w, err);
}

/* --- changing ------------------------------------------------------------------ */

static int op_mkdir(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
		    struct filter_reply *reply, struct sa_error *err)
{
	struct server *s = arg;
	cleanup_place struct place place = PLACE_INIT;
	(void)fd;
	if (place_param(s, r, &place, err) < 0 ||
	    as_a_change(change_mkdir(&s->fs, &place, err), err) < 0)
		return -1;
	answer_path(scratch, reply, place.shown);
	return 0;
}

static int op_delete(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
		     struct filter_reply *reply, struct sa_error *err)
{
	struct server *s = arg;
	cleanup_place struct place place = PLACE_INIT;
	cleanup_asked struct asked asked = asked_of(r);
	bool is_recursive = false;
	(void)fd;
	if (filter_param_bool(r, "recursive", &is_recursive, err) < 0 ||
	    place_param(s, r, &place, err) < 0)
		return -1;
	s->fs.is_quick = !r->is_aside;
	asked.conditions.if_modified_since = SPAN_NONE; /* of GET */
	int rc =
	    as_a_change(change_remove(&s->fs, &place, is_recursive, &asked.conditions, err), err);
	if (rc != 0)
		return rc;
	answer_path(scratch, reply, place.shown);
	return 0;
}

static char *body_text(const struct filter_request *r, const char *name, struct sa_error *err)
{
	char *text = json_string_dup(json_get(r->body, name));
	if (!text)
		error_set(err, PROBLEM_INVALID_REQUEST, "the body has no string '%s'", name);
	return text;
}

static int op_move(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
		   struct filter_reply *reply, struct sa_error *err)
{
	struct server *s = arg;
	cleanup_place struct place from = PLACE_INIT, to = PLACE_INIT;
	(void)fd;
	struct span overwrite = json_get(r->body, "overwrite");
	enum json_type type = json_type(overwrite);
	if (type != JSON_NONE && type != JSON_NULL && type != JSON_TRUE && type != JSON_FALSE)
		return error_set(err, PROBLEM_INVALID_REQUEST, "'overwrite' is true or false");
	cleanup_free char *from_text = body_text(r, "from", err);
	cleanup_free char *to_text = from_text ? body_text(r, "to", err) : NULL;
	if (!to_text || place_of(&s->fs, from_text, &from, err) < 0 ||
	    place_of(&s->fs, to_text, &to, err) < 0)
		return -1;
	s->fs.is_quick = !r->is_aside;
	int rc = as_the_contract(change_move(&s->fs, &from, &to, type == JSON_TRUE, err), err);
	if (rc != 0)
		return rc;
	json_open(scratch, '{');
	json_kv_string(scratch, "from", from.shown);
	json_kv_string(scratch, "to", to.shown);
	json_close(scratch, '}');
	reply->result = buf_span(scratch);
	return 0;
}

/* The server is ending: what was begun and not committed goes with this process. */
static int op_shutdown(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
		       struct filter_reply *reply, struct sa_error *err)
{
	struct server *s = arg;
	(void)r;
	(void)fd;
	(void)scratch;
	(void)reply;
	(void)err;
	for (int i = 0; i < WRITES_MAX; i++) {
		free(TAKE_PTR(s->writes[i].handle));
		write_clear(&s->writes[i].write);
	}
	return 0;
}

int fs_filter(const char *root, struct sa_error *err)
{
	static const struct filter_op ops[] = {
	    {"entries", op_entries},
	    {"stat", op_stat},
	    {"read", op_read},
	    {"write", op_write},
	    {"write.begin", op_write_begin},
	    {"write.commit", op_write_commit},
	    {"write.abort", op_write_abort},
	    {"mkdir", op_mkdir},
	    {"delete", op_delete},
	    {"move", op_move},
	    {"shutdown", op_shutdown},
	    {NULL, NULL},
	};
	struct server *s = xcalloc(1, sizeof(*s));
	for (int i = 0; i < WRITES_MAX; i++)
		s->writes[i].write = WRITE_FILE_INIT;
	buf_init(&s->headers, BUF_MAX_OWN);
	int rc = fs_open(&s->fs, root, true, err);
	if (rc == 0)
		rc = filter_serve(ops, s, err);
	struct filter_reply none = FILTER_REPLY_INIT;
	op_shutdown(s, NULL, -1, NULL, &none, err);
	fs_close(&s->fs);
	buf_free(&s->headers);
	free(s);
	return rc;
}
