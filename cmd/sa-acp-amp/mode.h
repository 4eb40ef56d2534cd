/* A session's mode: does Amp ask before it does something? */
#ifndef AMP_MODE_H
#define AMP_MODE_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

struct session;

/* The mode of this id (a JSON string). 0, or -1 when there is none. */
int mode_read(struct span id, bool *ret_is_asking);
/* Parts of amp_agent: see adapter/session.h. */
const char *mode_id(const struct session *session);
void mode_write_all(struct buf *b, const struct session *session, const char *key);

#endif
