#include "agent/catalog.h"

#include "agent/builtin.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"
#include "json/scan.h"
#include "json/write.h"

#include <dirent.h>
#include <string.h>

#define SYSTEM_FOLDER "/etc/sandbox-agent/agents.d"

enum { FOLDER_COUNT = 3 };

void agent_record_clear(struct agent_record *record)
{
	free(record->name);
	free(record->origin);
	buf_free(&record->text);
	*record = AGENT_RECORD_INIT;
}

struct span agent_record_get(const struct agent_record *record, const char *name)
{
	struct span value = json_get(record->own, name);
	return value.p ? value : json_get(record->base, name);
}

bool catalog_is_name(const char *name)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = strlen(name);
	return n > 0 && n <= CATALOG_NAME_MAX_BYTES && strspn(name, allowed) == n &&
	       name[0] != '.' && name[0] != '-';
}

char *catalog_user_folder(void)
{
	cleanup_free char *config = dirs_config();
	return config ? xasprintf("%s/agents.d", config) : NULL;
}

char *catalog_data_folder(void)
{
	cleanup_free char *data = dirs_data();
	return data ? xasprintf("%s/agents.d", data) : NULL;
}

char *catalog_registry_path(void)
{
	cleanup_free char *cache = dirs_cache();
	return cache ? xasprintf("%s/acp-registry.json", cache) : NULL;
}

/* The folders in which a name is looked for, in this order; NULL entries are skipped. */
static void find_folders(char *folders[FOLDER_COUNT])
{
	folders[0] = catalog_user_folder();
	folders[1] = xstrdup(SYSTEM_FOLDER);
	folders[2] = catalog_data_folder();
}

static void free_folders(char *folders[FOLDER_COUNT])
{
	for (int i = 0; i < FOLDER_COUNT; i++)
		free(folders[i]);
}

/* Read folder/name.json. 1: it is there; 0: it is not; -1 with err. */
static int read_file(const char *folder, const char *name, struct agent_record *ret,
		     struct sa_error *err)
{
	cleanup_free char *path = xasprintf("%s/%s.json", folder, name);
	cleanup_buf struct buf text = BUF_INIT(CATALOG_FILE_MAX_BYTES);
	struct sa_error why = SA_ERROR_INIT;
	if (io_read_file(path, &text, &why) < 0) {
		if (why.kind == PROBLEM_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	size_t bad = 0;
	if (json_check(buf_span(&text), &bad) < 0 ||
	    json_type(span_trim(buf_span(&text))) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "%s is not a JSON object (see sa-agents(5); byte %zu)", path, bad);
	buf_free(&ret->text);
	ret->text = text;
	text = BUF_INIT(0);
	ret->own = span_trim(buf_span(&ret->text));
	ret->origin = TAKE_PTR(path);
	return 1;
}

static bool has_alias(struct span json, const char *name)
{
	struct json_iter it = json_iter(json_get(json, "aliases"));
	struct span alias;
	while (json_next(&it, NULL, &alias))
		if (json_string_is(alias, name))
			return true;
	return false;
}

static const struct builtin_agent *find_builtin(const char *name)
{
	for (const struct builtin_agent *row = builtin_agents(); row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

static const struct builtin_agent *find_builtin_alias(const char *name)
{
	for (const struct builtin_agent *row = builtin_agents(); row->name; row++)
		if (has_alias(row->json, name))
			return row;
	return NULL;
}

struct span catalog_registry_entry(struct span index, const char *id)
{
	struct json_iter it = json_iter(json_get(index, "agents"));
	struct span entry;
	while (json_next(&it, NULL, &entry))
		if (json_string_is(json_get(entry, "id"), id))
			return entry;
	return SPAN_NONE;
}

/* From the last copy of the ACP registry. 1, 0, -1 as above. A broken copy is as good as none. */
static int read_registry(const char *name, struct agent_record *ret)
{
	cleanup_free char *path = catalog_registry_path();
	cleanup_buf struct buf index = BUF_INIT(CATALOG_REGISTRY_MAX_BYTES);
	struct sa_error ignored;
	if (!path || io_read_file(path, &index, &ignored) < 0 ||
	    json_check(buf_span(&index), NULL) < 0)
		return 0;
	struct span entry = catalog_registry_entry(buf_span(&index), name);
	if (!entry.p)
		return 0;
	json_open(&ret->text, '{');
	json_kv_string(&ret->text, "name", name);
	json_kv_raw(&ret->text, "title", json_get(entry, "name"));
	json_kv_raw(&ret->text, "acp", entry);
	json_close(&ret->text, '}');
	ret->own = buf_span(&ret->text);
	ret->origin = xstrdup("acp-registry");
	return 1;
}

static int unknown(const char *name, struct sa_error *err)
{
	cleanup_buf struct buf list = BUF_INIT(BUF_MAX_OWN);
	char **names = catalog_names();
	for (char **known = names; *known; known++)
		buf_addf(&list, "%s%s", list.len ? ", " : "", *known);
	catalog_names_free(names);
	return error_set(err, PROBLEM_UNSUPPORTED_AGENT,
			 "no agent '%.80s'; known are %s; --agent-command runs any ACP agent", name,
			 list.data);
}

/* The user's file for name, in whichever folder. 1, 0, -1. */
static int read_files(const char *name, struct agent_record *ret, struct sa_error *err)
{
	char *folders[FOLDER_COUNT];
	int rc = 0;
	find_folders(folders);
	for (int i = 0; i < FOLDER_COUNT && rc == 0; i++)
		if (folders[i])
			rc = read_file(folders[i], name, ret, err);
	free_folders(folders);
	return rc;
}

int catalog_find(const char *name, struct agent_record *ret, struct sa_error *err)
{
	if (!catalog_is_name(name))
		return unknown(name, err);
	const struct builtin_agent *row = find_builtin(name);
	cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
	int rc = read_files(name, &record, err);
	if (rc < 0)
		return -1;
	if (!row && rc == 0) {
		row = find_builtin_alias(name);
		if (row && read_files(row->name, &record, err) < 0)
			return -1;
	}
	if (row)
		record.base = row->json;
	else if (rc == 0 && read_registry(name, &record) == 0)
		return unknown(name, err);
	record.name = xstrdup(row ? row->name : name);
	if (!record.origin)
		record.origin = xstrdup("builtin");
	agent_record_clear(ret);
	*ret = record;
	record = AGENT_RECORD_INIT;
	return 0;
}

struct name_list {
	char **items;
	size_t count;
};

static void add_name(struct name_list *list, const char *name, size_t n)
{
	for (size_t i = 0; i < list->count; i++)
		if (strlen(list->items[i]) == n && memcmp(list->items[i], name, n) == 0)
			return;
	list->items = xreallocarray(list->items, list->count + 2, sizeof(*list->items));
	list->items[list->count++] = xmemdup0(name, n);
	list->items[list->count] = NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_folder(struct name_list *list, const char *folder)
{
	cleanup_closedir DIR *dir = folder ? opendir(folder) : NULL;
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		size_t n = strlen(entry->d_name);
		if (n <= 5 || strcmp(entry->d_name + n - 5, ".json") != 0)
			continue;
		entry->d_name[n - 5] = '\0';
		if (catalog_is_name(entry->d_name))
			add_name(list, entry->d_name, n - 5);
	}
}

char **catalog_names(void)
{
	struct name_list list = {NULL, 0};
	for (const struct builtin_agent *row = builtin_agents(); row->name; row++)
		add_name(&list, row->name, strlen(row->name));
	size_t builtin = list.count;
	char *folders[FOLDER_COUNT];
	find_folders(folders);
	for (int i = 0; i < FOLDER_COUNT; i++)
		add_folder(&list, folders[i]);
	free_folders(folders);
	/* The order of a folder is chance. */
	qsort(list.items + builtin, list.count - builtin, sizeof(*list.items), compare_names);
	return list.items;
}

void catalog_names_free(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
}
