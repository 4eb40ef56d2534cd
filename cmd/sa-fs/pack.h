/* A folder as a tar archive, in the order of its names; links are packed as links, what is neither
 * file, folder nor link is left out. */
#ifndef SA_FS_PACK_H
#define SA_FS_PACK_H

#include "os/archive_api.h"

enum pack_filter {
	PACK_PLAIN,
	PACK_GZIP,
	PACK_ZSTD,
};

/* Write the archive of the open folder (taken) to fd. A file that grows or shrinks meanwhile has
 * the size that it had first. 0, or -1. */
int pack(int dir_fd, int fd, enum pack_filter filter, struct sa_error *err);

#endif
