/*
 * Writing a file in two steps: begin opens a temporary file beside the
 * target for somebody to fill, commit renames it, so that others see the old
 * content or the new one and a killed writer leaves nothing.
 *
 * A link is followed: what it leads to is replaced, and made if it is not
 * there. Mode, group and owner of a replaced file are kept as far as the
 * caller may give them, its user.* attributes and access list too; other
 * names of it (hard links) keep the old content. Without is_synced the
 * change survives a crash of any process but not always one of the machine;
 * with it file and folder are on disk before the answer.
 */
#ifndef SA_FS_WRITE_H
#define SA_FS_WRITE_H

#include "base/span.h"
#include "os/tempfile.h"
#include "place.h"

#include <stdint.h>

struct write_file {
	int dir_fd;
	char *name; /* in dir_fd */
	char *shown;
	struct tempfile temp;
	char *if_match; /* NULL: not asked */
	char *if_none_match;
	char *if_unmodified_since;
	bool is_synced;
};

#define WRITE_FILE_INIT ((struct write_file){.dir_fd = -1, .temp = {.fd = -1}})

struct http_conditions;

/* Missing folders are made. The conditions are judged here and again at the end; NULL: none. 0; -1
 * with PROBLEM_PRECONDITION_FAILED, PROBLEM_CONFLICT for what is no regular file, ... */
int write_begin(const struct fs *fs, const struct place *place,
		const struct http_conditions *conditions, struct write_file *ret,
		struct sa_error *err);
/* Rename; ret is what is there now. 0, or -1; w is to be cleared either way. */
int write_commit(struct write_file *w, struct stat *ret, struct sa_error *err);
/* What is not committed goes. */
void write_clear(struct write_file *w);
#define cleanup_write_file __attribute__((cleanup(write_clear)))

/* Open for appending, made if it is not there; links are followed. A descriptor, or -1. */
int write_open_append(const struct fs *fs, const struct place *place, struct sa_error *err);

/* Copy in_fd to its end into out_fd. Bytes, or -1 with err; *ret_done is what arrived either way.
 */
int write_copy(int in_fd, int out_fd, const char *what, uint64_t *ret_done, struct sa_error *err);

#endif
