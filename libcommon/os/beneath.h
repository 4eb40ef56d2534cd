/*
 * Opening names that somebody else chose. A beneath is either the whole file
 * system, where paths are absolute, or one folder that no path leaves: then
 * paths are relative to it and every one is resolved by openat2(2) with
 * RESOLVE_BENEATH, so that neither "..", nor an absolute link, nor a link or
 * folder swapped at the wrong moment leads out. Without openat2 (before
 * Linux 5.6, or a seccomp filter) a confined open fails with ENOSYS rather
 * than doing without.
 */
#ifndef SA_OS_BENEATH_H
#define SA_OS_BENEATH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct beneath {
	int fd;		  /* the folder, O_PATH; -1: the whole file system */
	uint64_t resolve; /* RESOLVE_... for each open */
};

#define BENEATH_ALL ((struct beneath){.fd = -1})

/* Confine to the folder dir (a path). 0, or -1 with errno. */
int beneath_init(struct beneath *b, const char *dir);
/* Confine to an open folder, fd is b's from here on; no link anywhere on the way when
 * is_without_links. */
void beneath_init_fd(struct beneath *b, int fd, bool is_without_links);
void beneath_close(struct beneath *b);

/* open(2) within b, CLOEXEC and NOCTTY always. A descriptor, or -1 with errno: EXDEV when the path
 * leads out, ELOOP when a link is in the way and none is allowed. */
int beneath_open(const struct beneath *b, const char *path, int flags, mode_t mode);
/*
 * The folder that path lies in, O_PATH, and the last name in it (allocated, caller frees). Missing
 * folders are made (0777 and umask) when is_making. A descriptor, or -1 with errno: EISDIR for a
 * path without a last name ("", ".", "/", "a/..").
 */
int beneath_open_parent(const struct beneath *b, const char *path, bool is_making, char **ret_name);
/* Open the folder at path, O_PATH, with all missing ones made. A descriptor, or -1 with errno. */
int beneath_make_dirs(const struct beneath *b, const char *path, mode_t mode);

#endif
