/*
 * Server-sent events (WHATWG HTML 9.2): frames as the reference writes them,
 * "event", "id", one "data" line, an empty line (contract 7.2).
 */
#ifndef SA_HTTP_SSE_H
#define SA_HTTP_SSE_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

/*
 * Append a frame. event is our own word without line ends, or NULL for none.
 * data is JSON: raw CR and LF in it are white space between tokens (a string
 * cannot hold them, RFC 8259 7) and become spaces, so that it stays one
 * line. 0, or -1 at b's ceiling; b is then as before.
 */
int sse_frame_add(struct buf *b, const char *event, uint64_t id, struct span data);
/* ": text" and an empty line; keeps proxies and clients from giving up. */
int sse_comment_add(struct buf *b, const char *text);

#endif
