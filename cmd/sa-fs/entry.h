/* What there is to say about one file: its record, its entity tag. */
#ifndef SA_FS_ENTRY_H
#define SA_FS_ENTRY_H

#include "base/buf.h"
#include "base/error.h"

#include <sys/stat.h>

struct http_conditions;

enum { ETAG_BYTES = 80 };

/* Strong, out of inode, size, and the times of the last change; with its quotes. */
void entry_etag(const struct stat *st, char out[ETAG_BYTES]);
/* Do the conditions of a change hold for what is there now (NULL: nothing)? 0; -1 with
 * PROBLEM_PRECONDITION_FAILED. */
int entry_judge(const struct http_conditions *conditions, const struct stat *st, const char *shown,
		struct sa_error *err);
/* "directory", "file", and for what is neither a word of its own: "symlink", "fifo", "socket",
 * "block", "character". */
const char *entry_kind(mode_t mode);
/*
 * One object. name and link may be NULL. entryType is "directory" or "file", as clients of the
 * reference expect; what is neither has its word in "kind", and a link its target.
 */
void entry_add_json(struct buf *b, const char *name, const char *path, const struct stat *st,
		    const char *link);
/* "drwxr-xr-x  4096  2026-01-02 03:04  name" */
void entry_print_text(const char *name, const struct stat *st, const char *link);

#endif
