/* A session's mode: does Amp ask before it does something? */
#ifndef AMP_MODE_H
#define AMP_MODE_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

struct session;

/* The mode of this id (a JSON string). 0, or -1 when there is none. */
int mode_read(struct span id, bool *ret_is_asking);
/* "configOptions" as a member; and "modes" with them. */
void mode_write_options(struct buf *b, const struct session *session);
void mode_write_setup(struct buf *b, const struct session *session);

#endif
