/* UTF-8 as in RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef SA_BASE_UTF8_H
#define SA_BASE_UTF8_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* Length of the valid sequence at s, 1-4, and its code point; 0 when there is none. */
size_t utf8_decode(struct span s, uint32_t *ret_code_point);
bool utf8_is_valid(struct span s);
/* Append s with every invalid byte replaced by U+FFFD. 0, or -1 at b's ceiling. */
int utf8_add_repaired(struct buf *b, struct span s);
/* The greatest length <= max_bytes at which s can be cut without splitting a character. */
size_t utf8_cut(struct span s, size_t max_bytes);
/* Append one code point. */
int utf8_add(struct buf *b, uint32_t code_point);

#endif
