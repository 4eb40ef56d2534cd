/* sa-fs filter: the operations behind /v1/fs as JSON lines (filter/filter.h, contract 10). */
#ifndef SA_FS_FILTER_H
#define SA_FS_FILTER_H

#include "base/error.h"

/* Serve until the end of input. Exit status, or -1 with err. */
int fs_filter(const char *root, struct sa_error *err);

#endif
