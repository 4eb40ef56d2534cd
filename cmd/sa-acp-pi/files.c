#include "files.h"

#include "adapter/record.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

/* The longest id, bytes. */
enum { FILES_ID_BYTES = 64 };

static char *root(void)
{
	return records_folder("PI_CODING_AGENT_DIR", "sessions", ".pi/agent/sessions");
}

static bool is_id(const char *id)
{
	size_t n = strlen(id);
	return n > 0 && n < FILES_ID_BYTES &&
	       strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == n;
}

static void add_folder(struct records *records, const char *folder)
{
	cleanup_closedir DIR *dir = opendir(folder);
	struct dirent *file;
	while (dir && (file = readdir(dir))) {
		size_t n = strlen(file->d_name);
		if (n > 6 && strcmp(file->d_name + n - 6, ".jsonl") == 0)
			records_add(records, folder, file->d_name);
	}
}

/* Which folder a record is about is known by its content only. */
static void find_all(struct records *records, const char *cwd)
{
	cleanup_free char *top = root();
	cleanup_closedir DIR *dir = top ? opendir(top) : NULL;
	struct dirent *entry;
	(void)cwd;
	while (dir && (entry = readdir(dir))) {
		cleanup_free char *folder = xasprintf("%s/%s", top, entry->d_name);
		if (entry->d_name[0] != '.')
			add_folder(records, folder);
	}
}

char *files_find(const char *id)
{
	struct records records = {NULL, 0};
	char *found = NULL;
	if (!is_id(id))
		return NULL;
	cleanup_free char *end = xasprintf("_%s.jsonl", id);
	size_t n = strlen(end);
	find_all(&records, NULL);
	records_sort(&records);
	for (size_t i = 0; i < records.count && !found; i++) {
		size_t length = strlen(records.items[i].path);
		if (length > n && strcmp(records.items[i].path + length - n, end) == 0)
			found = TAKE_PTR(records.items[i].path);
	}
	records_free(&records);
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

static void read_line(void *arg, struct span line)
{
	struct facts *facts = arg;
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

static void write_item(struct buf *b, const struct record *record, const char *cwd)
{
	struct facts facts = {NULL, NULL, NULL};
	record_read(record, false, read_line, &facts);
	if (facts.id && facts.cwd && (!cwd || strcmp(cwd, facts.cwd) == 0))
		record_write(b, record, span_of(facts.id), facts.cwd, span_of(facts.title));
	free(facts.id);
	free(facts.cwd);
	free(facts.title);
}

void files_list(struct adapter *adapter, const struct envelope *envelope)
{
	records_list(adapter, envelope, find_all, write_item);
}
