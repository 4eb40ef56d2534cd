#include "adapter/record.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "json/scan.h"
#include "json/write.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *records_folder(const char *variable, const char *below, const char *below_home)
{
	const char *named = getenv(variable);
	if (named && *named == '/')
		return xasprintf("%s/%s", named, below);
	cleanup_free char *home = dirs_home();
	return home ? xasprintf("%s/%s", home, below_home) : NULL;
}

void records_add(struct records *records, const char *folder, const char *name)
{
	struct stat st;
	cleanup_free char *path = xasprintf("%s/%s", folder, name);
	if (records->count >= RECORDS_MAX || lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	records->items = xreallocarray(records->items, records->count + 1, sizeof(*records->items));
	records->items[records->count++] = (struct record){
	    TAKE_PTR(path),
	    (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000,
	};
}

static int compare(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	if (x->updated_ms != y->updated_ms)
		return x->updated_ms < y->updated_ms ? 1 : -1;
	return strcmp(x->path, y->path);
}

void records_sort(struct records *records)
{
	if (records->count)
		qsort(records->items, records->count, sizeof(*records->items), compare);
}

void records_free(struct records *records)
{
	for (size_t i = 0; i < records->count; i++)
		free(records->items[i].path);
	free(records->items);
	*records = (struct records){NULL, 0};
}

/* --- one of them --------------------------------------------------------------------- */

struct span record_name(const struct record *record)
{
	const char *slash = strrchr(record->path, '/');
	const char *name = slash ? slash + 1 : record->path, *dot = strrchr(name, '.');
	return (struct span){name, dot ? (size_t)(dot - name) : strlen(name)};
}

/* A line that is cut at either end is no JSON. */
static void read_end(int fd, off_t offset, record_line_fn *fn, void *arg)
{
	cleanup_free char *text = xmalloc(RECORD_END_BYTES);
	ssize_t n = pread(fd, text, RECORD_END_BYTES, offset);
	struct span rest = {text, n > 0 ? (size_t)n : 0};
	while (rest.n) {
		size_t bad_offset;
		const char *newline = memchr(rest.p, '\n', rest.n);
		size_t length = newline ? (size_t)(newline - rest.p) : rest.n;
		struct span line = span_trim((struct span){rest.p, length});
		if (line.n && json_check(line, &bad_offset) == 0)
			fn(arg, line);
		rest.p += length + (newline ? 1 : 0);
		rest.n -= length + (newline ? 1 : 0);
	}
}

void record_read(const struct record *record, bool is_whole, record_line_fn *fn, void *arg)
{
	cleanup_close int fd = open(record->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	read_end(fd, 0, fn, arg);
	if (is_whole && st.st_size > RECORD_END_BYTES)
		read_end(fd, st.st_size - RECORD_END_BYTES, fn, arg);
}

void record_write(struct buf *b, const struct record *record, struct span id, const char *cwd,
		  struct span title)
{
	title.n = utf8_cut(title, RECORD_TITLE_BYTES);
	json_open(b, '{');
	json_kv_span(b, "sessionId", id);
	json_kv_string(b, "cwd", cwd);
	json_kv_span(b, "title", title);
	json_kv_time(b, "updatedAt", record->updated_ms);
	json_close(b, '}');
}

/* --- session/list -------------------------------------------------------------------- */

void records_list(struct adapter *adapter, const struct envelope *envelope, records_find_fn *find,
		  record_item_fn *item)
{
	struct records records = {NULL, 0};
	uint64_t start = 0;
	cleanup_free char *cwd = json_string_dup(json_get(envelope->params, "cwd"));
	cleanup_free char *cursor = json_string_dup(json_get(envelope->params, "cursor"));
	if (cursor && num_parse_u64(span_of(cursor), RECORDS_MAX, &start) < 0) {
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "no such cursor");
		return;
	}
	find(&records, cwd);
	records_sort(&records);
	size_t end = start + RECORDS_PAGE < records.count ? start + RECORDS_PAGE : records.count;
	struct buf *b = adapter_result_open(adapter, envelope->id);
	json_open(b, '{');
	json_key(b, "sessions");
	json_open(b, '[');
	for (size_t i = start; i < end; i++)
		item(b, &records.items[i], cwd);
	json_close(b, ']');
	if (end < records.count) {
		cleanup_free char *next = xasprintf("%zu", end);
		json_kv_string(b, "nextCursor", next);
	}
	json_close(b, '}');
	adapter_result_close(adapter);
	records_free(&records);
}
