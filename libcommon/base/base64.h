/* Base64 with padding (RFC 4648 4). */
#ifndef SA_BASE_BASE64_H
#define SA_BASE_BASE64_H

#include "base/buf.h"

/* Append the encoding of data. 0, or -1 at b's ceiling. */
int base64_add(struct buf *b, struct span data);
/* Append what text encodes: the standard alphabet, padded, nothing else in it. 0; -1 when it is
 * something else or at b's ceiling, and b is then as before. */
int base64_decode(struct buf *b, struct span text);

#endif
