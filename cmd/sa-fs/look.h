/* Looking at files: one, those of a folder, the content of one. */
#ifndef SA_FS_LOOK_H
#define SA_FS_LOOK_H

#include "os/names.h"
#include "place.h"

/* What is at place; a link itself unless is_following, its target text then in *ret_link
 * (allocated; NULL for what is no link). 0, or -1. */
int look_at(const struct fs *fs, const struct place *place, bool is_following, struct stat *ret,
	    char **ret_link, struct sa_error *err);

/* path, link (or NULL): only for the time of the call. Not 0 stops the walk with that result. */
typedef int look_fn(const char *name, const char *path, const struct stat *st, const char *link,
		    void *arg, struct sa_error *err);
/* The entries of a folder by the bytes of their names, links as themselves; those that vanish
 * meanwhile are left out. 0; -1 with PROBLEM_CONFLICT for what is no folder; or fn's result.
 * FS_LONG before the first call when fs is_quick and there are more than LOOK_QUICK. */
enum { LOOK_QUICK = 4000 };
int look_each(const struct fs *fs, const struct place *place, look_fn *fn, void *arg,
	      struct sa_error *err);

/* Open a regular file for reading; a pipe or a device is refused before it is opened. */
int look_open_file(const struct fs *fs, const struct place *place, struct stat *ret,
		   struct sa_error *err);

/* The text of a link within a folder; NULL when it is none. The caller frees. */
char *look_link(int dir_fd, const char *name);

#endif
