/*
 * Unpacking an archive that somebody else made, with libarchive, so that
 * nothing outside the target folder is touched: every name is judged before
 * it is written, and libarchive's SECURE flags stand behind that.
 */
#ifndef SA_INSTALL_AGENT_UNPACK_H
#define SA_INSTALL_AGENT_UNPACK_H

#include "base/error.h"

enum { UNPACK_ENTRIES_MAX = 200000, UNPACK_PATH_MAX_BYTES = 1024 };
/* What an archive may unfold to. */
#define UNPACK_MAX_BYTES ((int64_t)8 << 30)

/*
 * Unpack the archive in fd (tar or zip, compressed or not) into folder, which
 * must exist. strip is the number of leading path components to drop. Files
 * and folders, and symbolic links that stay inside; anything else is refused.
 * 0; -1 with PROBLEM_INSTALL_FAILED, folder then holds a part.
 */
int unpack(int fd, const char *folder, int strip, const char *what, struct sa_error *err);

#endif
