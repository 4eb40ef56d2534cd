/*
 * Changes in a folder or a tree, as inotify(7) tells them. At least once: what is made in a new
 * folder before it is watched is told from looking at it, and perhaps again.
 */
#ifndef SA_FS_WATCH_H
#define SA_FS_WATCH_H

#include "place.h"

#include <stddef.h>

enum { WATCH_DEFAULT_FOLDERS = 8192 };

struct watch_event {
	/* "ready" (once, at the start), "created", "modified", "attributes", "deleted", "moved",
	 * "overflow" (some were lost: look again) */
	const char *what;
	const char *path; /* absolute; NULL for ready and overflow */
	const char *from; /* moved: where it was */
	bool is_directory;
};

/* Not 0 ends the watch with it. */
typedef int watch_fn(const struct watch_event *event, void *arg, struct sa_error *err);

/*
 * Watch until the folder itself is gone (0), fn says so, or nobody reads
 * standard output any more (0). -1 with PROBLEM_TOO_LARGE at more than
 * folders_max folders, or with what the system says.
 */
int watch_tree(const struct fs *fs, const struct place *place, bool is_recursive,
	       size_t folders_max, watch_fn *fn, void *arg, struct sa_error *err);

#endif
