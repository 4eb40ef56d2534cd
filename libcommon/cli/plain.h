/* Foreign text made harmless for a terminal or a page. */
#ifndef SA_CLI_PLAIN_H
#define SA_CLI_PLAIN_H

#include "base/buf.h"
#include "base/span.h"

/* C0 except newline and tab becomes ^X, DEL ^?, C1 and invalid bytes are dropped. */
void plain_add(struct buf *b, struct span text);
/* The same for a JSON string value; nothing when it is none. */
void plain_add_json(struct buf *b, struct span value);

#endif
