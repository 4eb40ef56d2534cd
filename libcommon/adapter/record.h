/*
 * Files in which a native agent keeps its sessions, one each: found, read,
 * and told as session/list wants them.
 */
#ifndef SA_ADAPTER_RECORD_H
#define SA_ADAPTER_RECORD_H

#include "adapter/adapter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many sessions one answer holds, and how many are looked at in all. */
enum { RECORDS_PAGE = 100, RECORDS_MAX = 10000 };
/* The longest title, and how much is read of either end of a file, bytes. */
enum { RECORD_TITLE_BYTES = 120, RECORD_END_BYTES = 64 * 1024 };

struct record {
	char *path;
	int64_t updated_ms;
};

/* A list of them, owned; {NULL, 0} is an empty one. */
struct records {
	struct record *items;
	size_t count;
};

/* The folder below that of an environment variable where it names one, else below home; NULL
 * without a home. Caller frees. */
char *records_folder(const char *variable, const char *below, const char *below_home);
/* Add a file of folder; nothing when it is no regular file, or there are RECORDS_MAX already. */
void records_add(struct records *records, const char *folder, const char *name);
/* Newest first. */
void records_sort(struct records *records);
void records_free(struct records *records);

/* The file's name without folder and extension, borrowed. */
struct span record_name(const struct record *record);
/* Hand over the lines that are JSON, of the file's beginning and, is_whole, of its end. */
typedef void record_line_fn(void *arg, struct span line);
void record_read(const struct record *record, bool is_whole, record_line_fn *fn, void *arg);
/* An item of session/list; the title is cut. */
void record_write(struct buf *b, const struct record *record, struct span id, const char *cwd,
		  struct span title);

/* Add the agent's files; those that can be known not to be of the folder cwd (NULL: any) may be
 * left out. */
typedef void records_find_fn(struct records *records, const char *cwd);
/* Write the item of one with record_write, unless it is none of cwd's. */
typedef void record_item_fn(struct buf *b, const struct record *record, const char *cwd);
/* session/list {cwd?, cursor?}: newest first, a page at a time. */
void records_list(struct adapter *adapter, const struct envelope *envelope, records_find_fn *find,
		  record_item_fn *item);

#endif
