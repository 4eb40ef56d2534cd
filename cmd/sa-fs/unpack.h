/*
 * Unpacking archives that somebody else made: tar, tar.gz, tar.zst, zip. An
 * entry that could reach out of the destination, or cost more than it may, is
 * refused by itself with a reason; all others are unpacked. Each file has no
 * name until it is whole, so that an abort at any moment leaves whole files
 * only.
 *
 * No entry goes through a link, whoever made it. Links are made when they
 * cannot lead out (names.h), hard links to files of the same archive alone.
 * A name that the archive has had before is refused, as are devices, pipes
 * and what is encrypted. Permission bits are kept but for set-id and sticky
 * ones, times too; owners are not.
 */
#ifndef SA_FS_UNPACK_H
#define SA_FS_UNPACK_H

#include "os/archive_api.h"
#include "base/buf.h"
#include "idset.h"
#include "os/beneath.h"

#include <stdbool.h>
#include <stdint.h>

struct unpack_limits {
	uint64_t bytes;	  /* unpacked, holes in sparse files included, all entries together */
	uint64_t entries; /* of any kind */
	uint64_t ratio;	  /* of one entry's bytes to what was read for it, above RATIO_FLOOR */
};

enum {
	UNPACK_LISTED = 1024,	       /* names in the answer (contract 10), and refusals */
	UNPACK_RATIO_FLOOR = 64 << 20, /* bytes of one entry that are never too many */
	UNPACK_DEFAULT_RATIO = 250,
	UNPACK_DEFAULT_ENTRIES = 1000 * 1000,
};
#define UNPACK_DEFAULT_BYTES ((uint64_t)256 << 30)
/* Of refused entries together, read past to reach the ones behind them. */
#define UNPACK_SKIPPED_BYTES ((uint64_t)2 << 30)

/* A folder whose mode and time are set when all is in it. */
struct unpack_folder {
	char *path;
	mode_t mode;
	struct timespec modified;
	bool has_time;
};

struct unpack {
	const struct archive_api *api;
	struct archive *archive;
	struct beneath at; /* the destination, without links */
	const char *shown; /* its path in answers */
	struct unpack_limits limits;
	struct buf paths;   /* JSON strings of what was unpacked, UNPACK_LISTED at most */
	struct buf refused; /* JSON objects {name, reason}, as many at most */
	uint64_t path_count, refused_count, entry_count;
	uint64_t bytes;		/* unpacked so far */
	uint64_t read_before;	/* of the compressed input, at the start of this entry */
	uint64_t skipped_bytes; /* of refused entries */
	struct idset made;
	struct unpack_folder *folders;
	size_t folder_count;
	char *last_parent; /* most entries lie beside the one before */
	int last_parent_fd;
};

/* Read the archive at fd to its end. dest_fd (taken) is the folder. 0 when it was read whole,
 * whatever was refused; -1 with err when it is none, is cut off, or crosses the limits on bytes and
 * entries. u has what was done either way; unpack_free() is due. */
int unpack(struct unpack *u, int fd, int dest_fd, const char *shown,
	   const struct unpack_limits *limits, struct sa_error *err);
void unpack_free(struct unpack *u);

#endif
