/*
 * From the path that was asked for to one that can be opened. Absolute paths
 * are taken as they are. Relative ones start at the base: the working folder
 * in a shell; for the filter the home folder, and ".." is refused (contract
 * of the reference, section 10). With a root everything lies beneath it:
 * absolute paths must begin with it, the base is the root unless the home
 * folder lies in it, and openat2(2) keeps whatever is opened inside.
 */
#ifndef SA_FS_PLACE_H
#define SA_FS_PLACE_H

#include "base/error.h"
#include "os/beneath.h"

#include <stdbool.h>

struct fs {
	struct beneath at;
	char *root;	 /* as given, absolute; NULL: the whole file system */
	char *root_real; /* without links */
	char *base;	 /* absolute */
	bool is_strict;	 /* relative paths by the filter's rules */
	bool is_quick;	 /* what would take long is not begun: FS_LONG */
};

enum { FS_LONG = 1 };

#define FS_INIT ((struct fs){.at = BENEATH_ALL})

struct place {
	char *shown;	/* absolute, for answers */
	char *inside;	/* for beneath_open() */
	bool is_base;	/* the path was empty */
	bool is_folder; /* it ended with '/': no file can be made by that name */
};

#define PLACE_INIT ((struct place){.shown = NULL})

/* root NULL: $SANDBOX_AGENT_FS_ROOT, else none. 0, or -1. */
int fs_open(struct fs *fs, const char *root, bool is_strict, struct sa_error *err);
void fs_close(struct fs *fs);
#define cleanup_fs __attribute__((cleanup(fs_close)))

/* 0; -1 with PROBLEM_INVALID_REQUEST ("..") or PROBLEM_PERMISSION_DENIED (outside of the root). */
int place_of(const struct fs *fs, const char *path, struct place *ret, struct sa_error *err);
void place_clear(struct place *place);
#define cleanup_place __attribute__((cleanup(place_clear)))

/* Set err from errno after "what" failed on this path. Returns -1. */
int fs_fail(struct sa_error *err, int errnum, const char *what, const char *path);

#endif
