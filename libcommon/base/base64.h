/* Base64 with padding (RFC 4648 4). */
#ifndef SA_BASE_BASE64_H
#define SA_BASE_BASE64_H

#include "base/buf.h"

/* Append the encoding of data. 0, or -1 at b's ceiling. */
int base64_add(struct buf *b, struct span data);

#endif
