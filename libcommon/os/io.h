/* Files and descriptors: whole reads, whole writes. */
#ifndef SA_OS_IO_H
#define SA_OS_IO_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>
#include <sys/types.h>

/* Write all of data; retries after EINTR, waits when fd is non-blocking. 0, or -1 with errno. */
int io_write_all(int fd, struct span data);
/* Append what one read(2) brings, at most max bytes. Bytes read, 0 at the end, -1 with errno. */
ssize_t io_read_some(int fd, struct buf *b, size_t max);
/* Read fd to its end, at most b's ceiling. 0; -1 with PROBLEM_TOO_LARGE or _FAILED. what names
 * the source in messages ("standard input", a path). */
int io_read_all(int fd, struct buf *b, const char *what, struct sa_error *err);
/*
 * Read a regular file whole, at most b's ceiling. Never hangs on a FIFO or a
 * device: those are refused. PROBLEM_NOT_FOUND when it does not exist,
 * PROBLEM_PERMISSION_DENIED, PROBLEM_TOO_LARGE, PROBLEM_INVALID_REQUEST when
 * it is no regular file. 0, or -1.
 */
int io_read_file(const char *path, struct buf *b, struct sa_error *err);
/*
 * Make data the content of dir_fd/name, at once or not at all: written to
 * fresh (a name in the same folder that is this writer's own), then renamed.
 * is_synced: on the disk before it counts. Mode 0600. 0, or -1 with errno.
 */
int io_replace_at(int dir_fd, const char *name, const char *fresh, struct span data,
		  bool is_synced);
int io_set_nonblocking(int fd); /* 0, or -1 with errno */
/* Close all descriptors from 3 on but the count ones in kept (any order, any number). */
void io_close_others(const int *kept, size_t count);
/* Make sure that 0, 1 and 2 are open, on /dev/null if need be. */
void io_open_standard_fds(void);

#endif
