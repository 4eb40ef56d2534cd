/*
 * The chunked transfer coding, decoded as it arrives (RFC 9112 7.1).
 * Strict: CRLF and nothing else ends a line, sizes are bare hexadecimal
 * digits, extensions and trailers are checked, counted and dropped.
 *
 *   state     digit  SP,HT  ';'   CR       LF       other
 *   SIZE      SIZE   SPACE  EXT   SIZE_LF  -        -       (1st: digits only)
 *   SPACE     -      SPACE  EXT   -        -        -
 *   EXT       EXT    EXT    EXT   SIZE_LF  -        EXT     (field-value bytes)
 *   SIZE_LF   -      -      -     -        DATA|TRAILER     (TRAILER after size 0)
 *   DATA      all bytes of the chunk, then DATA_CR
 *   DATA_CR   -      -      -     DATA_LF  -        -
 *   DATA_LF   -      -      -     -        SIZE     -
 *   TRAILER   NAME   -      -     END_LF   -        NAME    (token bytes)
 *   NAME      NAME   -      -     -        -        NAME, ':' -> VALUE
 *   VALUE     VALUE  VALUE  VALUE LINE_LF  -        VALUE   (field-value bytes)
 *   LINE_LF   -      -      -     -        TRAILER  -
 *   END_LF    -      -      -     -        DONE     -
 *
 * "-" is 400. White space before ';' is taken (RFC 9110 5.6.3), after a
 * bare size it is not.
 */
#ifndef SA_HTTP_CHUNKED_H
#define SA_HTTP_CHUNKED_H

#include "base/span.h"
#include "http/verdict.h"

#include <stdint.h>

enum {
	HTTP_CHUNK_DIGITS_MAX = 16,	       /* of one size, leading zeros included; more: 400 */
	HTTP_CHUNK_EXTENSION_BYTES = 4 * 1024, /* of one body; more: 400 */
	HTTP_CHUNK_TRAILER_BYTES = 8 * 1024,   /* of one body; more: 431 */
};

struct http_chunked {
	int state;
	unsigned digits;	   /* of the size being read */
	uint64_t chunk_left_bytes; /* size being read, then what is left of it */
	uint64_t limit_bytes;	   /* greatest decoded body; more: 413 */
	uint64_t body_bytes;	   /* promised by the chunk sizes so far */
	uint32_t extension_bytes;
	uint32_t trailer_bytes;
};

/* A body of at most limit_bytes when decoded. */
void http_chunked_init(struct http_chunked *c, uint64_t limit_bytes);

/*
 * Take bytes from the front of input, which is moved on past them.
 * HTTP_DATA: ret_data is a piece of the body, inside input's bytes; call
 * again. HTTP_MORE: input is used up. HTTP_OK: the body has ended, input
 * holds what follows it. HTTP_BAD: 400, 413 or 431.
 */
enum http_verdict http_chunked_decode(struct http_chunked *c, struct span *input,
				      struct span *ret_data, struct http_refusal *ret_refusal);

#endif
