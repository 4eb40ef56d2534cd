/* What names and links in an archive may be: pure functions on text. */
#ifndef SA_FS_NAMES_H
#define SA_FS_NAMES_H

#include "base/buf.h"

#include <stddef.h>

enum {
	NAME_PATH_BYTES = 4000, /* below the kernel's 4096, with the destination beside */
	NAME_PART_BYTES = 255,
	NAME_DEPTH = 256, /* folders in one path */
};

/*
 * An entry's path in its plain form: parts joined by "/", without "." and
 * empty ones; "" for the destination itself. NULL when it may be used; else
 * why not, in words: it is absolute, has "..", is too long or too deep.
 */
const char *name_clean(const char *path, struct buf *ret);

/*
 * May a symbolic link in a folder that is depth folders below the destination
 * have this target? Only relative ones, with ".." at the start alone and no
 * more of them than depth: such a link cannot lead out, whatever other links
 * of the same kind there are. NULL, or why not.
 */
const char *link_judge(const char *target, size_t depth);

#endif
