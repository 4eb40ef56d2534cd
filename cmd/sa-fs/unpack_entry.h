/* One entry of an archive. Used by unpack.c only. */
#ifndef SA_FS_UNPACK_ENTRY_H
#define SA_FS_UNPACK_ENTRY_H

#include "unpack.h"

enum unpack_verdict {
	UNPACK_MADE,
	UNPACK_PASSED,	/* nothing to do: the destination itself */
	UNPACK_REFUSED, /* reason told */
	UNPACK_BROKEN,	/* the archive or the file system fails: err told */
};

/* path: clean (names.h). *ret_reason: static words, or err's message. */
enum unpack_verdict unpack_entry(struct unpack *u, struct archive_entry *entry, const char *path,
				 const char **ret_reason, struct sa_error *err);
/* An archive's text in whichever form it has one; NULL when there is none. */
const char *unpack_text(const struct unpack *u, struct archive_entry *entry,
			__typeof__(archive_entry_pathname) *plain,
			__typeof__(archive_entry_pathname_utf8) *utf8);
/* Modes and times of folders, the deepest first. */
void unpack_finish_folders(struct unpack *u);

#endif
