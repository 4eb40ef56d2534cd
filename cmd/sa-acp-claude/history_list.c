#include "history_list.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "history.h"
#include "json/scan.h"
#include "json/write.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* How much of a record's two ends is read for its folder and title, bytes. */
enum { HISTORY_END_BYTES = 64 * 1024 };
/* The longest title, bytes. */
enum { HISTORY_TITLE_BYTES = 120 };

struct entry {
	char *path;
	char id[40];
	int64_t updated_ms;
};

struct entries {
	struct entry *items;
	size_t count;
};

static void entries_free(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		free(entries->items[i].path);
	free(entries->items);
}

/* The folder of a working directory: every byte that is no letter or digit is a dash. */
static char *folder_name(const char *cwd)
{
	char *name = xstrdup(cwd);
	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '-';
	return name;
}

static void add_file(struct entries *entries, const char *folder, const char *name)
{
	size_t n = strlen(name);
	struct entry entry = {NULL, "", 0};
	if (n != 36 + 6 || strcmp(name + 36, ".jsonl") != 0 || entries->count >= HISTORY_MAX)
		return;
	memcpy(entry.id, name, 36);
	cleanup_free char *path = xasprintf("%s/%s", folder, name);
	struct stat st;
	if (!history_is_id(entry.id) || lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	entry.updated_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	entry.path = TAKE_PTR(path);
	entries->items = xreallocarray(entries->items, entries->count + 1, sizeof(*entries->items));
	entries->items[entries->count++] = entry;
}

static void add_folder(struct entries *entries, const char *folder)
{
	cleanup_closedir DIR *dir = opendir(folder);
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		add_file(entries, folder, entry->d_name);
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->updated_ms != y->updated_ms)
		return x->updated_ms < y->updated_ms ? 1 : -1;
	return strcmp(x->id, y->id);
}

static void find_all(struct entries *entries, const char *cwd)
{
	cleanup_free char *root = history_folder();
	if (!root)
		return;
	if (cwd) {
		cleanup_free char *name = folder_name(cwd);
		cleanup_free char *folder = xasprintf("%s/%s", root, name);
		add_folder(entries, folder);
	} else {
		cleanup_closedir DIR *dir = opendir(root);
		struct dirent *entry;
		while (dir && (entry = readdir(dir))) {
			cleanup_free char *folder = xasprintf("%s/%s", root, entry->d_name);
			if (entry->d_name[0] != '.')
				add_folder(entries, folder);
		}
	}
	if (entries->count)
		qsort(entries->items, entries->count, sizeof(*entries->items), compare);
}

/* --- what a record tells --------------------------------------------------------------- */

struct facts {
	char *cwd;
	char *title;  /* given to the session */
	char *prompt; /* the first one */
};

static void keep(char **text, struct span value, bool is_replaced)
{
	char *found = is_replaced || !*text ? json_string_dup(value) : NULL;
	if (!found)
		return;
	free(*text);
	*text = found;
}

static struct span prompt_text(struct span line)
{
	struct span content = json_path(line, "message.content"), block;
	struct json_iter it = json_iter(content);
	if (json_type(content) == JSON_STRING)
		return content;
	while (json_next(&it, NULL, &block))
		if (json_type(json_get(block, "text")) == JSON_STRING)
			return json_get(block, "text");
	return SPAN_NONE;
}

static void read_line(struct facts *facts, struct span line)
{
	size_t bad_offset;
	line = span_trim(line);
	if (line.n == 0 || json_check(line, &bad_offset) < 0)
		return;
	struct span type = json_get(line, "type");
	keep(&facts->cwd, json_get(line, "cwd"), false);
	if (json_string_is(type, "user") && !json_bool_or(json_get(line, "isMeta"), false))
		keep(&facts->prompt, prompt_text(line), false);
	else if (json_string_is(type, "summary"))
		keep(&facts->title, json_get(line, "summary"), true);
	else if (json_string_is(type, "ai-title"))
		keep(&facts->title, json_get(line, "aiTitle"), true);
	else if (json_string_is(type, "custom-title"))
		keep(&facts->title, json_get(line, "customTitle"), true);
}

/* The lines of one end of the file; a cut one at either side does not parse and is left out. */
static void read_end(struct facts *facts, int fd, off_t offset)
{
	cleanup_free char *text = xmalloc(HISTORY_END_BYTES);
	ssize_t n = pread(fd, text, HISTORY_END_BYTES, offset);
	for (ssize_t start = 0; start < n;) {
		const char *newline = memchr(text + start, '\n', (size_t)(n - start));
		size_t length = newline ? (size_t)(newline - text - start) : (size_t)(n - start);
		read_line(facts, (struct span){text + start, length});
		start += (ssize_t)length + 1;
	}
}

static void write_entry(struct buf *b, const struct entry *entry)
{
	struct facts facts = {NULL, NULL, NULL};
	cleanup_close int fd = open(entry->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	read_end(&facts, fd, 0);
	if (st.st_size > HISTORY_END_BYTES)
		read_end(&facts, fd, st.st_size - HISTORY_END_BYTES);
	struct span title = span_of(facts.title ? facts.title : facts.prompt);
	title.n = utf8_cut(title, HISTORY_TITLE_BYTES);
	if (facts.cwd) {
		json_open(b, '{');
		json_kv_string(b, "sessionId", entry->id);
		json_kv_string(b, "cwd", facts.cwd);
		json_kv_span(b, "title", title);
		json_kv_time(b, "updatedAt", entry->updated_ms);
		json_close(b, '}');
	}
	free(facts.cwd);
	free(facts.title);
	free(facts.prompt);
}

void history_list(struct adapter *adapter, const struct envelope *envelope)
{
	struct entries entries = {NULL, 0};
	uint64_t start = 0;
	cleanup_free char *cwd = json_string_dup(json_get(envelope->params, "cwd"));
	cleanup_free char *cursor = json_string_dup(json_get(envelope->params, "cursor"));
	if (cursor && num_parse_u64(span_of(cursor), HISTORY_MAX, &start) < 0) {
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "no such cursor");
		return;
	}
	find_all(&entries, cwd);
	struct buf *b = adapter_result_open(adapter, envelope->id);
	json_open(b, '{');
	json_key(b, "sessions");
	json_open(b, '[');
	size_t end = start + HISTORY_PAGE < entries.count ? start + HISTORY_PAGE : entries.count;
	for (size_t i = start; i < end; i++)
		write_entry(b, &entries.items[i]);
	json_close(b, ']');
	if (end < entries.count) {
		cleanup_free char *next = xasprintf("%zu", end);
		json_kv_string(b, "nextCursor", next);
	}
	json_close(b, '}');
	adapter_result_close(adapter);
	entries_free(&entries);
}

void history_delete(struct adapter *adapter, struct span request, struct span session_id)
{
	cleanup_free char *id = json_string_dup(session_id);
	cleanup_free char *path = id ? history_find(id) : NULL;
	if (!path)
		adapter_error(adapter, request, RPC_RESOURCE_NOT_FOUND,
			      "Claude has no such session");
	else if (unlink(path) < 0)
		adapter_error(adapter, request, RPC_INTERNAL_ERROR, "remove '%s': %s", path,
			      strerror(errno));
	else
		adapter_result(adapter, request, SPAN_LIT("{}"));
}
