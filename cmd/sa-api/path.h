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

struct sa_error;
/* Can JSON carry text as it is? Other bytes would become another name on the way. 0; -1 with
 * PROBLEM_INVALID_REQUEST. */
int path_check_text(const char *text, struct sa_error *err);

#endif
