/* Changing what folders hold. */
#ifndef SA_FS_CHANGE_H
#define SA_FS_CHANGE_H

#include "place.h"

struct http_conditions;

/* Make a folder and its parents; one that is there already is as good. 0, or -1. */
int change_mkdir(const struct fs *fs, const struct place *place, struct sa_error *err);

/*
 * Move within a file system by rename(2), across them by a copy that is
 * renamed when it is whole. Parents of the destination are made. An existing
 * destination, a folder with its content too, is replaced only when
 * is_overwriting, and then only once the new one stands in its place:
 * nothing is lost when the move fails. 0; -1 with PROBLEM_CONFLICT when it
 * exists, PROBLEM_INVALID_REQUEST for a folder into itself, ... FS_LONG for
 * more than a rename when fs is_quick.
 */
int change_move(const struct fs *fs, const struct place *from, const struct place *to,
		bool is_overwriting, struct sa_error *err);

/*
 * Delete. A link goes and not what it leads to. A folder must be empty or
 * is_recursive. The top of the file system, the root, the home folder and
 * the empty path are refused. What is there (a link, not what it leads to) must meet the
 * conditions, NULL: none. 0, or -1; FS_LONG for a full folder when fs is_quick.
 */
int change_remove(const struct fs *fs, const struct place *place, bool is_recursive,
		  const struct http_conditions *conditions, struct sa_error *err);

#endif
