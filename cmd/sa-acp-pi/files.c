#include "files.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* How much of a record is read for its folder and first prompt, bytes. */
enum { FILES_HEAD_BYTES = 64 * 1024 };
/* The longest title, and the longest id, bytes. */
enum { FILES_TITLE_BYTES = 120, FILES_ID_BYTES = 64 };

struct entry {
	char *path;
	int64_t updated_ms;
};

struct entries {
	struct entry *items;
	size_t count;
};

static char *root(void)
{
	const char *agent = getenv("PI_CODING_AGENT_DIR");
	if (agent && *agent == '/')
		return xasprintf("%s/sessions", agent);
	cleanup_free char *home = dirs_home();
	return home ? xasprintf("%s/.pi/agent/sessions", home) : NULL;
}

static bool is_id(const char *id)
{
	size_t n = strlen(id);
	return n > 0 && n < FILES_ID_BYTES &&
	       strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == n;
}

static void add_file(struct entries *entries, const char *folder, const char *name)
{
	size_t n = strlen(name);
	struct stat st;
	if (n < 7 || strcmp(name + n - 6, ".jsonl") != 0 || entries->count >= FILES_MAX)
		return;
	cleanup_free char *path = xasprintf("%s/%s", folder, name);
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	entries->items = xreallocarray(entries->items, entries->count + 1, sizeof(struct entry));
	entries->items[entries->count++] = (struct entry){
	    TAKE_PTR(path),
	    (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000,
	};
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->updated_ms != y->updated_ms)
		return x->updated_ms < y->updated_ms ? 1 : -1;
	return strcmp(x->path, y->path);
}

static void find_all(struct entries *entries)
{
	cleanup_free char *top = root();
	cleanup_closedir DIR *dir = top ? opendir(top) : NULL;
	struct dirent *entry, *file;
	while (dir && (entry = readdir(dir))) {
		cleanup_free char *folder = xasprintf("%s/%s", top, entry->d_name);
		cleanup_closedir DIR *sub = entry->d_name[0] == '.' ? NULL : opendir(folder);
		while (sub && (file = readdir(sub)))
			add_file(entries, folder, file->d_name);
	}
	if (entries->count)
		qsort(entries->items, entries->count, sizeof(*entries->items), compare);
}

static void entries_free(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		free(entries->items[i].path);
	free(entries->items);
}

char *files_find(const char *id)
{
	struct entries entries = {NULL, 0};
	char *found = NULL;
	if (!is_id(id))
		return NULL;
	cleanup_free char *end = xasprintf("_%s.jsonl", id);
	size_t n = strlen(end);
	find_all(&entries);
	for (size_t i = 0; i < entries.count && !found; i++) {
		size_t length = strlen(entries.items[i].path);
		if (length > n && strcmp(entries.items[i].path + length - n, end) == 0)
			found = TAKE_PTR(entries.items[i].path);
	}
	entries_free(&entries);
	return found;
}

/* --- list -------------------------------------------------------------------------------- */

struct facts {
	char *id, *cwd, *title;
};

static void keep(char **text, struct span value)
{
	if (!*text)
		*text = json_string_dup(value);
}

static void read_line(struct facts *facts, struct span line)
{
	size_t bad_offset;
	line = span_trim(line);
	if (line.n == 0 || json_check(line, &bad_offset) < 0)
		return;
	struct span type = json_get(line, "type"), content = json_path(line, "message.content");
	struct json_iter it = json_iter(content);
	struct span block;
	if (json_string_is(type, "session")) {
		keep(&facts->id, json_get(line, "id"));
		keep(&facts->cwd, json_get(line, "cwd"));
	} else if (json_string_is(json_path(line, "message.role"), "user")) {
		keep(&facts->title, content);
		while (json_type(content) == JSON_ARRAY && json_next(&it, NULL, &block))
			keep(&facts->title, json_get(block, "text"));
	}
}

static void read_head(struct facts *facts, const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	cleanup_free char *text = xmalloc(FILES_HEAD_BYTES);
	ssize_t n = fd < 0 ? -1 : read(fd, text, FILES_HEAD_BYTES);
	for (ssize_t start = 0; start < n;) {
		const char *newline = memchr(text + start, '\n', (size_t)(n - start));
		size_t length = newline ? (size_t)(newline - text - start) : (size_t)(n - start);
		read_line(facts, (struct span){text + start, length});
		start += (ssize_t)length + 1;
	}
}

static void write_entry(struct buf *b, const struct entry *entry, const char *cwd)
{
	struct facts facts = {NULL, NULL, NULL};
	read_head(&facts, entry->path);
	if (facts.id && facts.cwd && (!cwd || strcmp(cwd, facts.cwd) == 0)) {
		struct span title = span_of(facts.title);
		title.n = utf8_cut(title, FILES_TITLE_BYTES);
		json_open(b, '{');
		json_kv_string(b, "sessionId", facts.id);
		json_kv_string(b, "cwd", facts.cwd);
		json_kv_span(b, "title", title);
		json_kv_time(b, "updatedAt", entry->updated_ms);
		json_close(b, '}');
	}
	free(facts.id);
	free(facts.cwd);
	free(facts.title);
}

void files_list(struct adapter *adapter, const struct envelope *envelope)
{
	struct entries entries = {NULL, 0};
	uint64_t start = 0;
	cleanup_free char *cwd = json_string_dup(json_get(envelope->params, "cwd"));
	cleanup_free char *cursor = json_string_dup(json_get(envelope->params, "cursor"));
	if (cursor && num_parse_u64(span_of(cursor), FILES_MAX, &start) < 0) {
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "no such cursor");
		return;
	}
	find_all(&entries);
	size_t end = start + FILES_PAGE < entries.count ? start + FILES_PAGE : entries.count;
	struct buf *b = adapter_result_open(adapter, envelope->id);
	json_open(b, '{');
	json_key(b, "sessions");
	json_open(b, '[');
	for (size_t i = start; i < end; i++)
		write_entry(b, &entries.items[i], cwd);
	json_close(b, ']');
	if (end < entries.count) {
		cleanup_free char *next = xasprintf("%zu", end);
		json_kv_string(b, "nextCursor", next);
	}
	json_close(b, '}');
	adapter_result_close(adapter);
	entries_free(&entries);
}

void files_delete(struct adapter *adapter, struct span request, struct span session_id)
{
	cleanup_free char *id = json_string_dup(session_id);
	cleanup_free char *path = id ? files_find(id) : NULL;
	if (!path)
		adapter_error(adapter, request, RPC_RESOURCE_NOT_FOUND, "Pi has no such session");
	else if (unlink(path) < 0)
		adapter_error(adapter, request, RPC_INTERNAL_ERROR, "remove '%s': %s", path,
			      strerror(errno));
	else
		adapter_result(adapter, request, SPAN_LIT("{}"));
}
