#include "history_list.h"

#include "adapter/record.h"
#include "base/cleanup.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "history.h"
#include "json/scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The folder of a working directory: every byte that is no letter or digit is a dash. */
static char *folder_name(const char *cwd)
{
	char *name = xstrdup(cwd);
	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '-';
	return name;
}

static void add_file(struct records *records, const char *folder, const char *name)
{
	char id[IDENT_UUID_BYTES];
	size_t n = IDENT_UUID_BYTES - 1;
	if (strlen(name) != n + strlen(".jsonl") || strcmp(name + n, ".jsonl") != 0)
		return;
	memcpy(id, name, n);
	id[n] = '\0';
	if (history_is_id(id))
		records_add(records, folder, name);
}

static void add_folder(struct records *records, const char *folder)
{
	cleanup_closedir DIR *dir = opendir(folder);
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		add_file(records, folder, entry->d_name);
}

static void find_all(struct records *records, const char *cwd)
{
	cleanup_free char *root = history_folder();
	if (!root)
		return;
	if (cwd) {
		cleanup_free char *name = folder_name(cwd);
		cleanup_free char *folder = xasprintf("%s/%s", root, name);
		add_folder(records, folder);
	} else {
		cleanup_closedir DIR *dir = opendir(root);
		struct dirent *entry;
		while (dir && (entry = readdir(dir))) {
			cleanup_free char *folder = xasprintf("%s/%s", root, entry->d_name);
			if (entry->d_name[0] != '.')
				add_folder(records, folder);
		}
	}
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

static void read_line(void *arg, struct span line)
{
	struct facts *facts = arg;
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

static void write_item(struct buf *b, const struct record *record, const char *cwd)
{
	struct facts facts = {NULL, NULL, NULL};
	(void)cwd; /* told by the record's folder */
	record_read(record, true, read_line, &facts);
	if (facts.cwd)
		record_write(b, record, record_name(record), facts.cwd,
			     span_of(facts.title ? facts.title : facts.prompt));
	free(facts.cwd);
	free(facts.title);
	free(facts.prompt);
}

void history_list(struct adapter *adapter, const struct envelope *envelope)
{
	records_list(adapter, envelope, find_all, write_item);
}
