/*
 * A file that appears whole or not at all. It has no name while it is
 * written (O_TMPFILE), so a killed writer leaves nothing; where the file
 * system cannot do that, it has a name that begins with TEMPFILE_PREFIX.
 * Whoever has such a name holds flock(2) on the file; one without an owner
 * is rubbish and goes with tempfile_sweep().
 */
#ifndef SA_OS_TEMPFILE_H
#define SA_OS_TEMPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TEMPFILE_PREFIX ".sa-tmp-"

struct tempfile {
	int fd;	    /* for writing and reading; -1: none */
	char *name; /* within its folder; NULL while it has none */
};

#define TEMPFILE_INIT ((struct tempfile){.fd = -1})

/* A new file to be, in the folder dir_fd (borrowed), with this mode and the umask. Close-on-exec.
 * 0, or -1 with errno. */
int tempfile_open(int dir_fd, mode_t mode, struct tempfile *ret);
/*
 * Give it its name in dir_fd, the folder it was opened in: one rename(2), so that others see the
 * old file or the new one. An existing file is replaced when is_replacing, else EEXIST. The
 * tempfile is closed on success. 0, or -1 with errno; then tempfile_discard() is still due.
 */
int tempfile_commit(struct tempfile *t, int dir_fd, const char *name, bool is_replacing);
/* Nothing of it stays. Harmless on TEMPFILE_INIT. */
void tempfile_discard(struct tempfile *t, int dir_fd);

/* A name for something temporary in a folder; the caller frees. */
char *tempfile_name(void);
/* A symbolic link cannot be locked: it is rubbish when it is this old. */
enum { TEMPFILE_LINK_AGE_S = 60 };
/* Remove the files and links that killed writers left in dir_fd. How many there were. */
size_t tempfile_sweep(int dir_fd, int link_age_s);

#endif
