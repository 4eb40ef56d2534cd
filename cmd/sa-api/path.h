/* Request targets: everything that comes from a user is encoded. */
#ifndef SA_PATH_H
#define SA_PATH_H

#include "base/buf.h"

#define PATH_INIT BUF_INIT(BUF_MAX_OWN)

/* "/v1/x/" + one encoded segment. */
void path_segment(struct buf *b, const char *before, const char *segment);
/* "?name=value" or "&name=value", encoded; NULL: nothing. */
void path_query(struct buf *b, const char *name, const char *value);
void path_query_flag(struct buf *b, const char *name, bool value); /* "=true", or nothing */

#endif
